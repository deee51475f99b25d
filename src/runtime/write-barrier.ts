import type { Clock } from './ports.ts';

/** The part of a store that tells how far it has come. */
interface Progress {
  hasSeen(resourceVersion: string): boolean;
}

interface Write {
  readonly store: Progress;
  readonly resourceVersion: string;
  readonly sinceMs: number;
}

/**
 * Read your own writes: a key whose pass wrote something is held until the caches have caught up with
 * the write, or the next pass would decide on the world before it and do the same thing twice
 * (KEP-5647; controller-runtime #1464). Caches usually catch up in milliseconds.
 *
 * The hold ends after `maxHoldMs` even so: where resourceVersions cannot be compared, or an etcd
 * restore has set them back, a stale pass is harmless (writes compare and swap) and a stuck one is not.
 */
export class WriteBarrier {
  readonly #clock: Clock;
  readonly #maxHoldMs: number;
  readonly #writes = new Map<string, Write[]>();

  constructor(clock: Clock, maxHoldMs = 30_000) {
    this.#clock = clock;
    this.#maxHoldMs = maxHoldMs;
  }

  /** Remembers that the pass of `key` wrote an object of `store`'s type, now at `resourceVersion`. */
  wrote(key: string, store: Progress, resourceVersion: string): void {
    const writes = this.#writes.get(key) ?? [];
    writes.push({ store, resourceVersion, sinceMs: this.#clock.monotonic() });
    this.#writes.set(key, writes);
  }

  /** Whether the caches show everything that passes of `key` wrote. */
  caughtUp(key: string): boolean {
    const deadline = this.#clock.monotonic() - this.#maxHoldMs;
    const open = (this.#writes.get(key) ?? []).filter(
      (write) => write.sinceMs > deadline && !write.store.hasSeen(write.resourceVersion),
    );
    if (open.length === 0) this.#writes.delete(key);
    else this.#writes.set(key, open);
    return open.length === 0;
  }
}
