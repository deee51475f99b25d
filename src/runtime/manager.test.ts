import { describe, expect, test } from 'vitest';
import { WardenError } from '../errors.ts';
import { Manager, type LeaderTask, type ManagerExit } from './manager.ts';
import { ManualClock } from './manual-clock.ts';
import { silentLog } from './silent.ts';

interface Parts {
  /** The cache never gets its first list. */
  readonly neverSyncs?: boolean;
  /** How long after a shutdown the last pass ends; undefined: only when aborted; 'never': not even then. */
  readonly drainMs?: number | 'never';
  readonly task?: LeaderTask;
}

/** A manager over parts that write down what happens to them, in order. */
function manage(parts: Parts = {}): {
  trace: string[];
  clock: ManualClock;
  stop: AbortController;
  lost: AbortController;
  exit: Promise<ManagerExit>;
} {
  const clock = new ManualClock();
  const trace: string[] = [];
  const lost = new AbortController();
  const stop = new AbortController();
  const synced = Promise.withResolvers<void>();
  const drained = Promise.withResolvers<void>();
  const until = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
  const manager = new Manager({
    clock,
    log: silentLog,
    caches: [
      {
        name: 'pods',
        hasSynced: parts.neverSyncs !== true,
        whenSynced: () => synced.promise,
        async run(signal) {
          trace.push('cache starts');
          if (parts.neverSyncs !== true) synced.resolve();
          await until(signal);
          trace.push('cache ends');
        },
      },
    ],
    elector: {
      lost: lost.signal,
      acquire: () => (trace.push('lease acquired'), Promise.resolve(true)),
      release: () => (trace.push('lease released'), Promise.resolve()),
      stop: () => (trace.push('lease left'), Promise.resolve()),
    },
    controllers: [
      {
        name: 'fleet',
        async run(signal) {
          trace.push('controller starts');
          const aborted = parts.drainMs === 'never' ? new Promise<void>(() => undefined) : until(signal);
          await Promise.race([drained.promise, aborted]);
          trace.push(signal.aborted ? 'controller aborted' : 'controller drained');
        },
        async shutdown() {
          trace.push('no new keys');
          if (typeof parts.drainMs === 'number')
            await clock.sleep(parts.drainMs).then(() => drained.resolve());
          await drained.promise;
        },
      },
    ],
    tasks: parts.task === undefined ? [] : [parts.task],
    events: { flush: () => (trace.push('events flushed'), Promise.resolve()) },
    close: () => (trace.push('closed'), Promise.resolve()),
  });
  return { trace, clock, stop, lost, exit: manager.run(stop.signal) };
}

const STARTED = ['cache starts', 'lease acquired', 'controller starts'];
const ENDED = ['events flushed', 'cache ends', 'closed'];

describe('a manager', () => {
  test('stops in order: no new keys, drained, lease released, events flushed, closed', async () => {
    const { trace, clock, stop, exit } = manage({ drainMs: 2_000 });
    await clock.advance(0);
    stop.abort();
    await clock.advance(2_000);
    expect(await exit).toMatchObject({ reason: 'Stopped' });
    expect(trace).toEqual([...STARTED, 'no new keys', 'controller drained', 'lease released', ...ENDED]);
    expect(clock.pendingTimers).toBe(0);
  });

  test('aborts what has not drained after 15 s, and only then releases the lease', async () => {
    const { trace, clock, stop, exit } = manage();
    await clock.advance(0);
    stop.abort();
    await clock.advance(14_999);
    expect(trace).not.toContain('controller aborted');
    await clock.advance(1);
    await exit;
    expect(trace).toEqual([...STARTED, 'no new keys', 'controller aborted', 'lease released', ...ENDED]);
  });

  test('never hands over the lease while a pass still runs', async () => {
    const { trace, clock, stop, exit } = manage({ drainMs: 'never' });
    await clock.advance(0);
    stop.abort();
    await clock.advance(20_000);
    await exit;
    expect(trace).toEqual([...STARTED, 'no new keys', 'lease left', ...ENDED]);
  });

  test('a lost lease aborts all work at once, without a drain, and is not released', async () => {
    const { trace, clock, lost, exit } = manage();
    await clock.advance(0);
    lost.abort(new WardenError('LeadershipLost', 'another replica holds the lease'));
    expect(await exit).toEqual({ reason: 'LeadershipLost', message: 'another replica holds the lease' });
    expect(trace).toEqual([...STARTED, 'controller aborted', ...ENDED]);
  });

  test('a lease that is lost during the drain ends the drain', async () => {
    const { trace, clock, stop, lost, exit } = manage();
    await clock.advance(0);
    stop.abort();
    await clock.advance(1_000);
    lost.abort(new WardenError('LeadershipLost', 'lost'));
    expect(await exit).toMatchObject({ reason: 'LeadershipLost' });
    expect(trace).toEqual([...STARTED, 'no new keys', 'controller aborted', ...ENDED]);
  });

  test('says which cache did not sync, and never leads on half a picture', async () => {
    const { trace, clock, exit } = manage({ neverSyncs: true });
    await clock.advance(120_000);
    expect(await exit).toEqual({
      reason: 'CacheSyncTimeout',
      message:
        'no complete list of pods within 120 s. Check that the CRDs are installed and that the ServiceAccount may list and watch them.',
    });
    expect(trace).toEqual(['cache starts', ...ENDED]);
  });

  test('can be stopped before its caches have synced', async () => {
    const { trace, clock, stop, exit } = manage({ neverSyncs: true });
    await clock.advance(0);
    stop.abort();
    expect(await exit).toMatchObject({ reason: 'Stopped' });
    expect(trace).toEqual(['cache starts', ...ENDED]);
    expect(clock.pendingTimers).toBe(0);
  });

  test('a task of the leader that dies takes the operator with it, lease released', async () => {
    const task = { name: 'scraper', run: () => Promise.reject(new Error('out of sockets')) };
    const { trace, exit } = manage({ task });
    expect(await exit).toEqual({ reason: 'TaskFailed', message: 'task scraper: out of sockets' });
    expect(trace).toEqual([...STARTED, 'controller aborted', 'lease released', ...ENDED]);
  });
});
