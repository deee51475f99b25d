import { asWardenError, WardenError } from '../errors.ts';
import type { Controller } from './controller.ts';
import type { EventRecorder } from './event-recorder.ts';
import type { LeaderElector } from './leader-elector.ts';
import type { Clock, Log } from './ports.ts';
import type { Reflector } from './reflector.ts';

/** Work that only the leader does beside its controllers, such as scraping. Ends when the signal aborts. */
export interface LeaderTask {
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}

export interface ManagerOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly caches: readonly Pick<Reflector<unknown>, 'name' | 'run' | 'hasSynced' | 'whenSynced'>[];
  readonly elector: Pick<LeaderElector, 'acquire' | 'lost' | 'release' | 'stop'>;
  readonly controllers: readonly Pick<Controller, 'name' | 'run' | 'shutdown'>[];
  readonly tasks?: readonly LeaderTask[];
  readonly events: Pick<EventRecorder, 'flush'>;
  /** Closes connections and servers; the last thing that happens. */
  readonly close: () => Promise<void>;
  readonly limits?: ManagerLimits;
}

/** In milliseconds. */
export interface ManagerLimits {
  readonly cacheSyncMs: number;
  /** Keys that wait and passes that have begun may end; what has not by then is aborted. */
  readonly drainMs: number;
  /** How long aborted passes have to end before the lease is left to run out instead. */
  readonly abortMs: number;
  readonly flushMs: number;
}

const DEFAULT_LIMITS: ManagerLimits = {
  cacheSyncMs: 120_000,
  drainMs: 15_000,
  abortMs: 5_000,
  flushMs: 3_000,
};

/** Why the manager ended. Anything but `Stopped` should end the process with a status other than 0. */
export type ManagerExit =
  | { readonly reason: 'Stopped'; readonly message: string }
  | { readonly reason: 'LeadershipLost' | 'CacheSyncTimeout' | 'TaskFailed'; readonly message: string };

/**
 * The life of the operator:
 *
 *     start caches → wait until synced → wait for the lease → controllers and tasks
 *     stop:  no new keys → drain (bounded) → abort what is left → release the lease → flush events → close
 *     lost:  abort everything at once → flush events → close; the lease is no longer ours to release
 *
 * The lease goes only after the last pass has ended, or two leaders could work at the same time.
 */
export class Manager {
  readonly #options: ManagerOptions;
  readonly #limits: ManagerLimits;

  constructor(options: ManagerOptions) {
    this.#options = options;
    this.#limits = options.limits ?? DEFAULT_LIMITS;
  }

  /** Ready to lead or to take over: every cache has its first list. */
  get ready(): boolean {
    return this.#options.caches.every((cache) => cache.hasSynced);
  }

  /** Runs until `stop` aborts, the lease is lost, or the start fails. Rejects only if `close` does. */
  async run(stop: AbortSignal): Promise<ManagerExit> {
    const caches = new AbortController();
    const reflecting = this.#options.caches.map((cache) => cache.run(caches.signal));
    const exit = await this.#lead(stop).catch((thrown: unknown) => exitOf(asWardenError(thrown)));
    this.#options.log[exit.reason === 'Stopped' ? 'info' : 'error']({ reason: exit.reason }, exit.message);
    await this.#options.events.flush(this.#limits.flushMs);
    caches.abort();
    await Promise.all(reflecting);
    await this.#options.close();
    return exit;
  }

  async #lead(stop: AbortSignal): Promise<ManagerExit> {
    await this.#sync(stop);
    if (stop.aborted || !(await this.#options.elector.acquire(stop))) {
      return { reason: 'Stopped', message: 'stopped before leading' };
    }
    const work = new AbortController();
    const ended = this.#work(work.signal);
    const cause = await Promise.race([aborted(stop, this.#options.elector.lost), ended.failed]);
    if (cause === 'stop') await this.#drain();
    work.abort(this.#options.elector.lost.reason);
    const hasEnded = await this.#within(this.#limits.abortMs, ended.all);
    if (this.#options.elector.lost.aborted) throw asWardenError(this.#options.elector.lost.reason);
    if (hasEnded) {
      await this.#options.elector.release();
    } else {
      this.#options.log.error({}, 'work did not end when told to; the lease is left to run out');
      await this.#options.elector.stop();
    }
    if (cause instanceof WardenError) throw cause;
    return { reason: 'Stopped', message: 'stopped: the queues are drained' };
  }

  /** @throws WardenError `CacheSyncTimeout` that names the caches */
  async #sync(stop: AbortSignal): Promise<void> {
    const synced = Promise.all(this.#options.caches.map((cache) => cache.whenSynced()));
    await this.#within(this.#limits.cacheSyncMs, synced, stop);
    if (stop.aborted || this.ready) return;
    const missing = this.#options.caches.filter((cache) => !cache.hasSynced).map(({ name }) => name);
    throw new WardenError(
      'CacheSyncTimeout',
      `no complete list of ${missing.join(', ')} within ${this.#limits.cacheSyncMs / 1000} s.`,
      { remedy: 'Check that the CRDs are installed and that the ServiceAccount may list and watch them.' },
    );
  }

  /** Starts all work of a leader. `failed` resolves with the first task that ends before it was told to. */
  #work(signal: AbortSignal): { readonly all: Promise<unknown>; readonly failed: Promise<WardenError> } {
    const failed = Promise.withResolvers<WardenError>();
    const tasks = (this.#options.tasks ?? []).map(async (task) => {
      const message = await task.run(signal).then(
        () => 'ended by itself',
        (thrown: unknown) => asWardenError(thrown).message,
      );
      if (!signal.aborted) failed.resolve(new WardenError('Unexpected', `task ${task.name}: ${message}`));
    });
    const controllers = this.#options.controllers.map((controller) => controller.run(signal));
    return { all: Promise.all([...tasks, ...controllers]), failed: failed.promise };
  }

  async #drain(): Promise<void> {
    const drained = Promise.all(this.#options.controllers.map((controller) => controller.shutdown()));
    await this.#within(this.#limits.drainMs, drained, this.#options.elector.lost);
  }

  /** Waits for `done`, but no longer than `ms`, nor after `cut` aborts; says whether it was done. */
  async #within(ms: number, done: Promise<unknown>, cut?: AbortSignal): Promise<boolean> {
    const settled = new AbortController();
    const waiting = cut === undefined ? settled.signal : AbortSignal.any([settled.signal, cut]);
    const limit = this.#options.clock.sleep(ms, waiting);
    const isDone = await Promise.race([done.then(() => true), limit.then(() => false)]);
    settled.abort();
    return isDone;
  }
}

/** Which of the signals aborts first. */
function aborted(stop: AbortSignal, lost: AbortSignal): Promise<'stop' | 'lost'> {
  return new Promise((resolve) => {
    if (lost.aborted) resolve('lost');
    if (stop.aborted) resolve('stop');
    lost.addEventListener('abort', () => resolve('lost'), { once: true });
    stop.addEventListener('abort', () => resolve('stop'), { once: true });
  });
}

function exitOf(error: WardenError): ManagerExit {
  const message = error.remedy === undefined ? error.message : `${error.message} ${error.remedy}`;
  if (error.code === 'LeadershipLost' || error.code === 'CacheSyncTimeout')
    return { reason: error.code, message };
  return { reason: 'TaskFailed', message };
}
