import { describe, expect, test } from 'vitest';
import { StalledError, TransientError, WaitingError, WardenError } from '../errors.ts';
import { Controller, type Reconcile, type ReconcileResult } from './controller.ts';
import { ManualClock } from './manual-clock.ts';
import type { Log, ReconcileOutcome } from './ports.ts';
import { exponential } from './rate-limiter.ts';
import { silentLog, silentMetrics } from './silent.ts';
import { Store } from './store.ts';

interface Harness {
  readonly clock: ManualClock;
  readonly controller: Controller;
  readonly outcomes: ReconcileOutcome[];
  /** Level and code of each failure that was logged. */
  readonly logged: string[];
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

function start(reconcile: Reconcile, caughtUp?: (key: string) => boolean): Harness {
  const clock = new ManualClock();
  const outcomes: ReconcileOutcome[] = [];
  const logged: string[] = [];
  const controller = new Controller({
    name: 'fleet',
    reconcile,
    clock,
    random: () => 0.5,
    log: recordingLog(logged),
    metrics: { ...silentMetrics, reconciled: (_name, outcome) => void outcomes.push(outcome) },
    workers: 2,
    timeoutMs: 60_000,
    limiter: exponential(5, 1000),
    ...(caughtUp === undefined ? {} : { caughtUp }),
  });
  const stop = new AbortController();
  return { clock, controller, outcomes, logged, stop, ended: controller.run(stop.signal) };
}

function recordingLog(logged: string[]): Log {
  const at = (level: string) => (fields: object) =>
    void logged.push(`${level} ${'code' in fields ? String(fields.code) : ''}`);
  const log: Log = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => log,
  };
  return log;
}

/** A reconcile that notes when it ran and answers with the next of `answers`, then with success. */
function scripted(answers: readonly (ReconcileResult | Error | string)[]): {
  reconcile: Reconcile;
  times: number[];
} {
  const times: number[] = [];
  const rest = [...answers];
  const reconcile: Reconcile = (_request, { now }) => {
    times.push(now - Date.UTC(2026, 0, 1));
    const answer = rest.shift() ?? {};
    return answer instanceof Error || typeof answer === 'string'
      ? Promise.reject(answer)
      : Promise.resolve(answer);
  };
  return { reconcile, times };
}

describe('what a pass ends with decides when the next one comes', () => {
  test.each([
    { name: 'success: when something changes', answers: [{}], times: [0], outcome: 'success' },
    {
      name: 'requeueAfterMs: then',
      answers: [{ requeueAfterMs: 700 }],
      times: [0, 700],
      outcome: 'requeue-after',
    },
    {
      name: 'failures: after 5 ms, 10 ms, 20 ms',
      answers: [new TransientError('Down', 'down'), new TransientError('Down', 'down'), new TypeError('bug')],
      times: [0, 5, 15, 35],
      outcome: 'error',
    },
    {
      name: 'a conflict: soon, with back-off',
      answers: [new WardenError('ApiConflict', 'changed')],
      times: [0, 5],
      outcome: 'conflict',
    },
    {
      name: 'waiting: when the thrower said, without back-off',
      answers: [new WaitingError('Loading', 'loads', 300), new WaitingError('Loading', 'loads', 300)],
      times: [0, 300, 600],
      outcome: 'waiting',
    },
    {
      name: 'stalled: after five minutes',
      answers: [new StalledError('NameTaken', 'taken')],
      times: [0, 300_000],
      outcome: 'stalled',
    },
    { name: 'a thrown string: like any bug', answers: ['boom'], times: [0, 5], outcome: 'error' },
  ])('$name', async ({ answers, times, outcome }) => {
    const script = scripted(answers);
    const { clock, controller, outcomes } = start(script.reconcile);
    controller.enqueue('ns/chat');
    await clock.advance(310_000);
    expect(script.times).toEqual(times);
    expect(outcomes[0]).toBe(outcome);
  });

  test.each([
    {
      name: 'a conflict is not worth more than a debug line',
      thrown: new WardenError('ApiConflict', 'x'),
      log: 'debug ApiConflict',
    },
    { name: 'a bug is an error', thrown: new TypeError('x'), log: 'error Unexpected' },
  ])('$name', async ({ thrown, log }) => {
    const { clock, controller, logged } = start(scripted([thrown]).reconcile);
    controller.enqueue('ns/chat');
    await clock.advance(10);
    expect(logged).toEqual([log]);
  });

  test('waiting forgets earlier failures', async () => {
    const down = new TransientError('Down', 'down');
    const script = scripted([down, down, new WaitingError('Loading', 'loads', 100), down]);
    const { clock, controller } = start(script.reconcile);
    controller.enqueue('ns/chat');
    await clock.advance(1_000);
    expect(script.times).toEqual([0, 5, 15, 115, 120]);
  });

  test('a success forgets earlier failures', async () => {
    const down = new TransientError('Down', 'down');
    const script = scripted([down, down, { requeueAfterMs: 100 }, down]);
    const { clock, controller } = start(script.reconcile);
    controller.enqueue('ns/chat');
    await clock.advance(1_000);
    expect(script.times).toEqual([0, 5, 15, 115, 120]);
  });
});

describe('a controller', () => {
  test('asks for a pass over the keys that a change of a store names', async () => {
    const seen: string[] = [];
    const { clock, controller } = start(({ namespace, name }) => {
      seen.push(`${namespace} ${name}`);
      return Promise.resolve({});
    });
    const store = new Store<{ readonly fleet: string }>({ log: silentLog });
    controller.watch(store, ({ object, previous }) => [object, previous].flatMap((pod) => pod?.fleet ?? []));
    const meta = { namespace: 'ns', name: 'pod', uid: 'u', resourceVersion: '1', generation: undefined };
    store.apply({ type: 'Added', item: { meta, parsed: { ok: true, object: { fleet: 'ns/chat' } } } });
    await clock.advance(0);
    store.apply({ type: 'Deleted', item: { meta, parsed: { ok: true, object: { fleet: 'ns/chat' } } } });
    await clock.advance(0);
    expect(seen).toEqual(['ns chat', 'ns chat']);
  });

  test('aborts a pass that takes too long, and counts it as failed', async () => {
    const reasons: unknown[] = [];
    const { clock, controller, outcomes, logged } = start(async (_request, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      reasons.push(signal.reason);
      throw new Error('whatever the cancelled call threw');
    });
    controller.enqueue('ns/chat');
    await clock.advance(60_000);
    expect(reasons).toEqual([expect.objectContaining({ code: 'ReconcileTimeout' })]);
    expect(outcomes).toEqual(['error']);
    expect(logged).toEqual(['warn ReconcileTimeout']);
  });

  test('holds a key until the caches show what its last pass wrote', async () => {
    const script = scripted([]);
    let isCaughtUp = false;
    const { clock, controller } = start(script.reconcile, () => isCaughtUp);
    controller.enqueue('ns/chat');
    await clock.advance(1_000);
    expect(script.times).toEqual([]);
    isCaughtUp = true;
    await clock.advance(20);
    expect(script.times).toHaveLength(1);
  });

  test('a lost lease aborts the pass that runs and starts none of those that wait', async () => {
    const started: string[] = [];
    const lost = new WardenError('LeadershipLost', 'lost');
    const { clock, controller, outcomes, stop, ended } = start(async ({ name }, { signal }) => {
      started.push(name);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw signal.reason;
    });
    for (const key of ['ns/a', 'ns/b', 'ns/c']) controller.enqueue(key);
    await clock.advance(0);
    stop.abort(lost);
    await ended;
    expect(started).toEqual(['a', 'b']);
    expect(outcomes).toEqual(['aborted', 'aborted']);
    expect(clock.pendingTimers).toBe(0);
  });

  test('a shutdown lets every pass that waits or runs end', async () => {
    const done: string[] = [];
    const { clock, controller, ended } = start(async ({ name }) => {
      await clock.sleep(10);
      done.push(name);
      return {};
    });
    for (const key of ['ns/a', 'ns/b', 'ns/c']) controller.enqueue(key);
    const drained = controller.shutdown();
    controller.enqueue('ns/late');
    await clock.advance(30);
    await Promise.all([drained, ended]);
    expect(done.toSorted()).toEqual(['a', 'b', 'c']);
  });
});
