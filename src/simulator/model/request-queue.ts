import type { RequestPhase, RequestState } from './request.ts';

/**
 * First-in first-out, with a way back to the front for preempted requests. A request leaves early by changing
 * its phase: entries of another phase are skipped, so that an abort does not search the queue.
 */
export class RequestQueue {
  readonly #phase: RequestPhase;
  #items: RequestState[] = [];
  #head = 0;
  #size = 0;

  /** @param phase the phase of every request that stands in this queue */
  constructor(phase: RequestPhase) {
    this.#phase = phase;
  }

  get size(): number {
    return this.#size;
  }

  pushBack(state: RequestState): void {
    state.phase = this.#phase;
    this.#items.push(state);
    this.#size += 1;
  }

  pushFront(state: RequestState): void {
    state.phase = this.#phase;
    if (this.#head > 0) {
      this.#head -= 1;
      this.#items[this.#head] = state;
    } else {
      this.#items.unshift(state);
    }
    this.#size += 1;
  }

  peek(): RequestState | undefined {
    while (this.#head < this.#items.length) {
      const first = this.#items[this.#head];
      if (first?.phase === this.#phase) return first;
      this.#head += 1;
    }
    this.#items.length = 0;
    this.#head = 0;
    return undefined;
  }

  /** Takes the first request out; its caller gives it its next phase. */
  shift(): RequestState | undefined {
    const first = this.peek();
    if (first === undefined) return undefined;
    this.#head += 1;
    this.#size -= 1;
    this.#compact();
    return first;
  }

  /** Takes `state` out from wherever it stands. */
  remove(state: RequestState): void {
    state.phase = 'Gone';
    this.#size -= 1;
  }

  /** Dropping the used-up front only when it is half of the array keeps each shift O(1) on average. */
  #compact(): void {
    if (this.#head < 64 || this.#head * 2 < this.#items.length) return;
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }
}
