import type { Cancel, Clock } from './ports.ts';
import { sleepOn } from './sleep.ts';

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** A clock that moves only when told to: for tests and for simulated time. */
export class ManualClock implements Clock {
  #elapsedMs = 0;
  readonly #epochMs: number;
  readonly #timers = new Set<Timer>();

  constructor(epochMs = Date.UTC(2026, 0, 1)) {
    this.#epochMs = epochMs;
  }

  now(): number {
    return this.#epochMs + this.#elapsedMs;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  after(ms: number, callback: () => void): Cancel {
    const timer: Timer = { dueMs: this.#elapsedMs + Math.max(ms, 0), callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  /** Timers that have not fired: a stopped component must leave none. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Fires every timer that falls due in the next `ms`, in order, and lets the woken code run after each. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#elapsedMs + ms;
    await settle();
    for (let next = this.#earliest(endMs); next !== undefined; next = this.#earliest(endMs)) {
      this.#elapsedMs = Math.max(this.#elapsedMs, next.dueMs);
      this.#timers.delete(next);
      next.callback();
      await settle();
    }
    this.#elapsedMs = endMs;
  }

  #earliest(endMs: number): Timer | undefined {
    let earliest: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs <= endMs && (earliest === undefined || timer.dueMs < earliest.dueMs)) earliest = timer;
    }
    return earliest;
  }
}

/** More links than the longest chain of promises that one timer wakes. */
const PROMISE_CHAIN = 200;

/** Lets every promise that can settle without a timer do so. */
async function settle(): Promise<void> {
  for (let link = 0; link < PROMISE_CHAIN; link += 1) await Promise.resolve();
}
