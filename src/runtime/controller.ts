import { classify, WardenError, type Failure } from '../errors.ts';
import { parseKey, type ReconcileRequest } from './keys.ts';
import type { Clock, Log, Random, ReconcileOutcome, RuntimeMetrics } from './ports.ts';
import { controllerRateLimiter, type RateLimiter } from './rate-limiter.ts';
import type { Change, Store } from './store.ts';
import { WorkQueue } from './work-queue.ts';

export interface ReconcileContext {
  /** Carries controller, namespace, name and reconcileId. */
  readonly log: Log;
  /** Aborts when the pass takes too long, the lease is lost or the operator must go. Pass it to all I/O. */
  readonly signal: AbortSignal;
  /** Epoch milliseconds at the start of the pass; the pass uses no other clock. */
  readonly now: number;
  readonly reconcileId: string;
}

export interface ReconcileResult {
  /** Look again after this many milliseconds; absent: when something changes. */
  readonly requeueAfterMs?: number;
}

/**
 * Brings the world of one object closer to its spec. Level-based: it is told which object, never what
 * happened, and running it twice must do nothing the second time. What it throws is classified by
 * `errors.ts`.
 */
export type Reconcile = (request: ReconcileRequest, context: ReconcileContext) => Promise<ReconcileResult>;

export interface ControllerOptions {
  readonly name: string;
  readonly reconcile: Reconcile;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: RuntimeMetrics;
  /** Passes at a time, each of another key. */
  readonly workers?: number;
  readonly timeoutMs?: number;
  readonly limiter?: RateLimiter;
  /** Whether the caches show what earlier passes of this key wrote; see `WriteBarrier`. */
  readonly caughtUp?: (key: string) => boolean;
}

const DEFAULT_WORKERS = 4;
const DEFAULT_TIMEOUT_MS = 60_000;

/** A cache trails a write by milliseconds; asking this often costs nothing. */
const CATCH_UP_POLL_MS = 20;

/** Workers that take keys from a queue and reconcile them, by the contract of controller-runtime. */
export class Controller {
  readonly name: string;
  readonly #options: ControllerOptions;
  readonly #queue: WorkQueue;
  #active = 0;

  constructor(options: ControllerOptions) {
    this.name = options.name;
    this.#options = options;
    this.#queue = new WorkQueue({
      name: options.name,
      clock: options.clock,
      limiter: options.limiter ?? controllerRateLimiter(options.clock),
      metrics: options.metrics,
    });
  }

  /** Asks for a pass over this key as soon as a worker is free. */
  enqueue(key: string): void {
    this.#queue.add(key);
  }

  /** Asks for passes over the keys that `keysOf` names, on each change of the store. */
  watch<T>(store: Pick<Store<T>, 'onChange'>, keysOf: (change: Change<T>) => readonly string[]): void {
    store.onChange((change) => {
      for (const key of keysOf(change)) this.#queue.add(key);
    });
  }

  /**
   * Works until {@link shutdown}, or until `signal` aborts: then passes are told to stop at once and
   * nothing else is started. Resolves when the last pass has ended.
   */
  async run(signal: AbortSignal): Promise<void> {
    const stop = (): void => void this.#queue.shutdown({ drain: false });
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    const workers = Array.from({ length: this.#options.workers ?? DEFAULT_WORKERS }, () =>
      this.#work(signal),
    );
    await Promise.all(workers);
    signal.removeEventListener('abort', stop);
  }

  /** Takes no more keys and resolves when those already waiting or in work are done. */
  shutdown(): Promise<void> {
    return this.#queue.shutdown({ drain: true });
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (let key = await this.#queue.get(); key !== undefined; key = await this.#queue.get()) {
      if (this.#options.caughtUp?.(key) === false) this.#queue.addAfter(key, CATCH_UP_POLL_MS);
      else await this.#pass(key, signal);
      this.#queue.done(key);
    }
  }

  async #pass(key: string, stop: AbortSignal): Promise<void> {
    const { clock, metrics, name } = this.#options;
    const request = parseKey(key);
    const reconcileId = this.#options.random().toString(16).slice(2, 10);
    const log = this.#options.log.child({ controller: name, ...request, reconcileId });
    const startedAt = clock.monotonic();
    metrics.activeWorkers(name, ++this.#active);
    const outcome = await this.#reconcile(request, { log, now: clock.now(), reconcileId }, stop).then(
      (result) => this.#succeeded(key, result),
      (error: unknown) => this.#failed(key, classify(error), log, error),
    );
    metrics.activeWorkers(name, --this.#active);
    metrics.reconciled(name, outcome, (clock.monotonic() - startedAt) / 1000);
  }

  /** One pass with a signal of its own, so that listeners of past passes do not pile up on `stop`. */
  async #reconcile(
    request: ReconcileRequest,
    context: Omit<ReconcileContext, 'signal'>,
    stop: AbortSignal,
  ): Promise<ReconcileResult> {
    const pass = new AbortController();
    const timeoutMs = this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const timeout = new WardenError('ReconcileTimeout', `the pass took longer than ${timeoutMs / 1000} s`);
    const cancelTimer = this.#options.clock.after(timeoutMs, () => pass.abort(timeout));
    const onStop = (): void => pass.abort(stop.reason);
    if (stop.aborted) onStop();
    stop.addEventListener('abort', onStop, { once: true });
    try {
      return await this.#options.reconcile(request, { ...context, signal: pass.signal });
    } catch (error) {
      // Whatever an aborted call threw, the reason of the abort is what happened.
      throw pass.signal.aborted ? pass.signal.reason : error;
    } finally {
      cancelTimer();
      stop.removeEventListener('abort', onStop);
    }
  }

  #succeeded(key: string, result: ReconcileResult): ReconcileOutcome {
    this.#queue.forget(key);
    if (result.requeueAfterMs === undefined) return 'success';
    this.#queue.addAfter(key, result.requeueAfterMs);
    return 'requeue-after';
  }

  #failed(key: string, failure: Failure, log: Log, error: unknown): ReconcileOutcome {
    const err = failure.handling === 'Bug' || failure.handling === 'Transient' ? { err: error } : {};
    log[failure.log]({ code: failure.code, reason: failure.reason, ...err }, failure.message);
    if (failure.requeueAfterMs === undefined) {
      this.#queue.addRateLimited(key);
    } else {
      this.#queue.forget(key);
      this.#queue.addAfter(key, failure.requeueAfterMs);
    }
    return OUTCOME[failure.handling];
  }
}

const OUTCOME: Readonly<Record<Failure['handling'], ReconcileOutcome>> = {
  Stalled: 'stalled',
  Waiting: 'waiting',
  Conflict: 'conflict',
  Transient: 'error',
  Bug: 'error',
  Aborted: 'aborted',
};
