import { asWardenError, WardenError } from '../errors.ts';
import { LeaseContender } from './lease-contender.ts';
import type { Cancel, Clock, LeaseClient, Log, Random, RuntimeMetrics } from './ports.ts';

export interface LeaderElectorOptions {
  readonly client: LeaseClient;
  /** Unique to this process, not to this host: a restarted process is another candidate. */
  readonly identity: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: RuntimeMetrics;
  readonly timing?: LeaseTiming;
}

/** In milliseconds; leaseDuration > renewDeadline > retryPeriod. */
export interface LeaseTiming {
  /** A candidate takes a lease over that it has not seen change for this long. */
  readonly leaseDurationMs: number;
  /** A leader that has not renewed for this long gives up, before anyone can take over. */
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
}

/** client-go's defaults. */
const DEFAULT_TIMING: LeaseTiming = {
  leaseDurationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryPeriodMs: 2_000,
};

/** client-go's JitterFactor, for candidates only. */
const ACQUIRE_JITTER = 1.2;

/**
 * One term of leadership through a Lease, by client-go's rules. Not a fence: a leader that was paused
 * may act for a moment after it has lost, so every write compares and swaps.
 *
 *     acquire() ─▶ leading ─┬─ renewed within the deadline: leading
 *                           ├─ someone else holds it, or deadline passed: lost aborts, for good
 *                           └─ release(): the lease is emptied, so that the next leader need not wait
 */
export class LeaderElector {
  readonly #options: LeaderElectorOptions;
  readonly #timing: LeaseTiming;
  readonly #contender: LeaseContender;
  readonly #lost = new AbortController();
  readonly #stopped = new AbortController();
  #renewing: Promise<void> = Promise.resolve();
  #cancelDeadline: Cancel = () => undefined;

  constructor(options: LeaderElectorOptions) {
    this.#options = options;
    this.#timing = options.timing ?? DEFAULT_TIMING;
    const { client, identity, clock } = options;
    this.#contender = new LeaseContender(client, identity, clock, this.#timing.leaseDurationMs);
  }

  /** Aborts, with a `LeadershipLost` error as its reason, when the term ends against our will. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Waits until this process leads (true) or `stop` aborts (false). Then keeps the lease by itself. */
  async acquire(stop: AbortSignal): Promise<boolean> {
    while (!stop.aborted) {
      const startedAt = this.#options.clock.monotonic();
      if ((await this.#attempt(stop)) === 'held') {
        this.#lead(startedAt);
        return true;
      }
      const waitMs = this.#timing.retryPeriodMs * (1 + this.#options.random() * ACQUIRE_JITTER);
      await this.#options.clock.sleep(waitMs, stop);
    }
    return false;
  }

  /** Stops renewing: the lease runs out, for when it is not certain that all work has ended. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#cancelDeadline();
    await this.#renewing;
    this.#options.metrics.leader(false);
  }

  /** Stops renewing and empties the lease. Call it after all work has ended. */
  async release(): Promise<void> {
    await this.stop();
    if (this.#lost.signal.aborted) return;
    await this.#bounded(new AbortController().signal, (signal) => this.#contender.release(signal)).catch(
      (error: unknown) => this.#logFailure('the lease could not be released; it will run out', error),
    );
  }

  #lead(startedAt: number): void {
    this.#options.log.info({ identity: this.#options.identity }, 'leading');
    this.#options.metrics.leader(true);
    this.#armDeadline(startedAt);
    this.#renewing = this.#renewLoop();
  }

  async #renewLoop(): Promise<void> {
    const ended = AbortSignal.any([this.#stopped.signal, this.#lost.signal]);
    for (;;) {
      await this.#options.clock.sleep(this.#timing.retryPeriodMs, ended);
      if (ended.aborted) return;
      const startedAt = this.#options.clock.monotonic();
      // Not cut by a stop: after a write of unknown outcome the lease could not be emptied.
      const outcome = await this.#attempt(this.#lost.signal);
      if (ended.aborted) return;
      if (outcome === 'held') this.#armDeadline(startedAt);
      else if (outcome === 'other') this.#lose('another replica holds the lease');
    }
  }

  /** Counted from the start of the request that renewed: the lease may have been written as early as that. */
  #armDeadline(startedAt: number): void {
    this.#cancelDeadline();
    const { renewDeadlineMs } = this.#timing;
    const restMs = renewDeadlineMs - (this.#options.clock.monotonic() - startedAt);
    this.#cancelDeadline = this.#options.clock.after(restMs, () =>
      this.#lose(`the lease was not renewed for ${renewDeadlineMs / 1000} s`),
    );
  }

  #lose(message: string): void {
    this.#cancelDeadline();
    this.#options.metrics.leader(false);
    this.#options.log.error({ identity: this.#options.identity }, message);
    this.#lost.abort(new WardenError('LeadershipLost', message));
  }

  /** One try to get or keep the lease. `failed`: nothing is known. */
  async #attempt(signal: AbortSignal): Promise<'held' | 'other' | 'failed'> {
    try {
      return (await this.#bounded(signal, (bounded) => this.#contender.contend(bounded))) ? 'held' : 'other';
    } catch (error) {
      if (!signal.aborted) this.#logFailure('the lease could not be read or written', error);
      return 'failed';
    }
  }

  /** Half the deadline a call, so that one connection that hangs does not cost the term. */
  async #bounded<R>(signal: AbortSignal, call: (signal: AbortSignal) => Promise<R>): Promise<R> {
    const attempt = new AbortController();
    const abort = (): void => attempt.abort();
    const cancel = this.#options.clock.after(this.#timing.renewDeadlineMs / 2, abort);
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await call(attempt.signal);
    } finally {
      cancel();
      signal.removeEventListener('abort', abort);
    }
  }

  #logFailure(message: string, thrown: unknown): void {
    const error = asWardenError(thrown);
    this.#options.log.warn({ code: error.code, err: error }, message);
  }
}
