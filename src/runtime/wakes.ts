import type { Clock } from './ports.ts';

/** So rarely, passes cost little however many pages ask for one; so often, nobody notices the wait. */
const REST_MS = 100;

/**
 * Wakes keys at once, and each at most once in a tenth of a second: a wake that falls into this rest comes at its
 * end. Without it, a thousand overloaded engines would ask for a pass over all of them with every page.
 */
export class Wakes {
  readonly #clock: Clock;
  readonly #wake: (key: string) => void;
  /** Keys at rest; true for those that were to be woken meanwhile. */
  readonly #resting = new Map<string, boolean>();

  constructor(clock: Clock, wake: (key: string) => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  wake(key: string): void {
    if (this.#resting.has(key)) {
      this.#resting.set(key, true);
      return;
    }
    this.#resting.set(key, false);
    this.#clock.after(REST_MS, () => this.#rested(key));
    this.#wake(key);
  }

  #rested(key: string): void {
    const isWanted = this.#resting.get(key) === true;
    this.#resting.delete(key);
    if (isWanted) this.wake(key);
  }
}
