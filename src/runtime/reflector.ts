import { asWardenError, WardenError, type ErrorCode } from '../errors.ts';
import type { Clock, ListWatch, Log, Random, RuntimeMetrics } from './ports.ts';
import { Backoff } from './rate-limiter.ts';
import type { Store } from './store.ts';

export interface ReflectorOptions<T> {
  /** The resource, for logs and metrics. */
  readonly name: string;
  readonly source: ListWatch<T>;
  readonly store: Pick<Store<T>, 'replace' | 'apply' | 'hasSynced' | 'whenSynced'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: RuntimeMetrics;
}

/** client-go's reflector: 800 ms to 30 s, back to the start after two quiet minutes. */
const BACKOFF = { baseMs: 800, capMs: 30_000, resetAfterMs: 120_000 };

/** A watch that ends sooner, with nothing in it, counts as failed: else a server that closes at once is stormed. */
const SHORT_WATCH_MS = 1_000;

/**
 * Outages: the watch goes on from where it was. After anything else (410 above all, but also a refusal
 * of the position, or an event that cannot be read and would come again) only a list gets further.
 */
const OUTAGES: ReadonlySet<ErrorCode> = new Set([
  'ApiUnreachable',
  'ApiTimeout',
  'ApiServerError',
  'ApiTooManyRequests',
  'ApiUnauthorized',
]);

/**
 * Keeps a store equal to the API server:
 *
 *     LIST ──▶ WATCH from its resourceVersion ──▶ closed by the server: WATCH from the last one seen
 *      ▲          │ 410 Expired or refused          an outage: back off, then the same
 *      └──────────┘ (back off first: a server that always answers 410 must not be listed in a loop)
 *
 * It never gives up: only the signal ends it. Every failure waits, honouring Retry-After.
 */
export class Reflector<T> {
  readonly name: string;
  readonly #options: ReflectorOptions<T>;
  readonly #backoff: Backoff;
  /** Where the next watch starts; undefined: list first. */
  #position: string | undefined;

  constructor(options: ReflectorOptions<T>) {
    this.name = options.name;
    this.#options = options;
    this.#backoff = new Backoff(BACKOFF, options.clock, options.random);
  }

  get hasSynced(): boolean {
    return this.#options.store.hasSynced;
  }

  whenSynced(): Promise<void> {
    return this.#options.store.whenSynced();
  }

  /** Runs until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        this.#position ??= await this.#list(signal);
        await this.#watch(this.#position, signal);
      } catch (error) {
        if (!signal.aborted) await this.#recover(asWardenError(error), signal);
      }
    }
  }

  async #list(signal: AbortSignal): Promise<string> {
    const result = await this.#options.source.list(signal);
    this.#options.store.replace(result);
    this.#options.metrics.listed(this.name, result.items.length);
    return result.resourceVersion;
  }

  async #watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const startedAt = this.#options.clock.monotonic();
    let events = 0;
    for await (const event of this.#options.source.watch(resourceVersion, signal)) {
      this.#options.store.apply(event);
      this.#position = event.type === 'Bookmark' ? event.resourceVersion : event.item.meta.resourceVersion;
      this.#options.metrics.watchEvent(this.name);
      events += 1;
    }
    const lastedMs = this.#options.clock.monotonic() - startedAt;
    if (events === 0 && lastedMs < SHORT_WATCH_MS && !signal.aborted) {
      throw new WardenError(
        'ApiUnreachable',
        `the watch of ${this.name} was closed at once, without an event`,
      );
    }
  }

  async #recover(error: WardenError, signal: AbortSignal): Promise<void> {
    if (!OUTAGES.has(error.code)) this.#position = undefined;
    const delayMs = Math.max(this.#backoff.next(), error.retryAfterMs ?? 0);
    this.#options.metrics.watchFailed(this.name, error.code);
    this.#options.log.warn(
      { resource: this.name, code: error.code, err: error, delayMs: Math.round(delayMs) },
      this.#position === undefined ? 'listing again after a failure' : 'watching again after a failure',
    );
    await this.#options.clock.sleep(delayMs, signal);
  }
}
