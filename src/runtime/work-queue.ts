import type { Cancel, Clock, RuntimeMetrics } from './ports.ts';
import type { RateLimiter } from './rate-limiter.ts';

export interface WorkQueueOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly limiter: RateLimiter;
  readonly metrics: RuntimeMetrics;
}

/**
 * Keys to look at, as client-go's workqueue keeps them:
 *
 *     add → ready → get → processing → done
 *             ↑                         │ added meanwhile (redo)
 *             └─────────────────────────┘
 *
 * A key is in work at most once at a time; a key that is added while in work is looked at once more
 * after it; adding a waiting key again changes nothing. Holds keys only, never objects: what a pass
 * sees is what the cache holds when the pass starts.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  /** Key → monotonic time it was added; in order of arrival. */
  readonly #ready = new Map<string, number>();
  readonly #processing = new Set<string>();
  readonly #redo = new Set<string>();
  readonly #delayed = new Map<string, { readonly dueAt: number; readonly cancel: Cancel }>();
  readonly #waiters: ((key: string | undefined) => void)[] = [];
  #stopping = false;
  readonly #drained = Promise.withResolvers<void>();

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  add(key: string): void {
    if (this.#stopping) return;
    this.#options.metrics.queueAdd(this.#options.name);
    if (this.#processing.has(key)) this.#redo.add(key);
    else this.#makeReady(key);
  }

  /** Adds the key after `ms`. Of several times for one key the earliest wins. */
  addAfter(key: string, ms: number): void {
    if (this.#stopping) return;
    if (ms <= 0) {
      this.add(key);
      return;
    }
    const dueAt = this.#options.clock.monotonic() + ms;
    const earlier = this.#delayed.get(key);
    if (earlier !== undefined && earlier.dueAt <= dueAt) return;
    earlier?.cancel();
    this.#delayed.set(key, { dueAt, cancel: this.#options.clock.after(ms, () => this.#due(key, dueAt)) });
  }

  /** Adds the key after what the rate limiter says for one more failure. */
  addRateLimited(key: string): void {
    this.#options.metrics.queueRetry(this.#options.name);
    this.addAfter(key, this.#options.limiter.when(key));
  }

  /** Forgets the failures of a key; call it when a pass succeeded. */
  forget(key: string): void {
    this.#options.limiter.forget(key);
  }

  /** The next key, in order of arrival; undefined once the queue has shut down. Call `done` for each key. */
  get(): Promise<string | undefined> {
    for (const [key, addedAt] of this.#ready) {
      this.#take(key, addedAt);
      return Promise.resolve(key);
    }
    if (this.#stopping) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  done(key: string): void {
    this.#processing.delete(key);
    if (this.#redo.delete(key)) this.#makeReady(key);
    this.#settleIfDrained();
  }

  /** Keys that wait to be taken; delayed ones do not count. */
  get depth(): number {
    return this.#ready.size;
  }

  /**
   * Takes no more keys and drops delayed ones. With `drain` the keys that are ready are still handed
   * out, otherwise they are dropped. Resolves when nothing is in work any more.
   */
  shutdown(options: { readonly drain: boolean }): Promise<void> {
    this.#stopping = true;
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    if (!options.drain) {
      this.#ready.clear();
      this.#redo.clear();
      this.#reportDepth();
    }
    for (const resolve of this.#waiters.splice(0)) resolve(undefined);
    this.#settleIfDrained();
    return this.#drained.promise;
  }

  #makeReady(key: string): void {
    if (this.#ready.has(key)) return;
    const now = this.#options.clock.monotonic();
    this.#ready.set(key, now);
    const resolve = this.#waiters.shift();
    if (resolve === undefined) {
      this.#reportDepth();
      return;
    }
    this.#take(key, now);
    resolve(key);
  }

  #take(key: string, addedAt: number): void {
    this.#ready.delete(key);
    this.#processing.add(key);
    this.#options.metrics.queueSeconds(
      this.#options.name,
      (this.#options.clock.monotonic() - addedAt) / 1000,
    );
    this.#reportDepth();
  }

  #due(key: string, dueAt: number): void {
    this.#delayed.delete(key);
    const restMs = dueAt - this.#options.clock.monotonic();
    // A timer may fire early: Node caps them at 24.8 days and rounds to milliseconds.
    if (restMs > 1) this.addAfter(key, restMs);
    else this.add(key);
  }

  #settleIfDrained(): void {
    if (this.#stopping && this.#processing.size === 0 && this.#ready.size === 0) this.#drained.resolve();
  }

  #reportDepth(): void {
    this.#options.metrics.queueDepth(this.#options.name, this.#ready.size);
  }
}
