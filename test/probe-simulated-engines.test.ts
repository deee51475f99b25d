import { describe, expect, test } from 'vitest';
import { Prober, type ProbeTarget } from '../src/probe/prober.ts';
import type { Cancel, Clock } from '../src/runtime/ports.ts';
import { sleepOn } from '../src/runtime/sleep.ts';
import type { FaultInput } from '../src/simulator/server/fault.ts';
import { startSimulatedEngine, type SimulatedEngine } from '../src/simulator/server/start.ts';
import type { ProbeOutcome, ProbeRecord } from '../src/snapshot/probe-record.ts';

/** The process's clock, with the limits of a probe shortened. */
const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms: number, callback: () => void): Cancel {
    const timer = setTimeout(callback, Math.min(ms, 400));
    return () => clearTimeout(timer);
  },
  sleep: (ms, signal) => sleepOn(clock, ms, signal),
};

interface Running extends AsyncDisposable {
  readonly engine: SimulatedEngine;
}

async function serving(flags: readonly string[] = []): Promise<Running> {
  const argv = [
    'serve',
    '/models/tiny',
    '--served-model-name=tiny',
    '--sim-startup-seconds=0',
    '--sim-speed=50',
  ];
  const engine = await startSimulatedEngine({
    argv: [...argv, ...flags],
    vllmVersion: '0.32.0',
    host: '127.0.0.1',
    port: 0,
  });
  await engine.ready;
  return {
    engine,
    async [Symbol.asyncDispose]() {
      engine.kill();
      await engine.exited;
    },
  };
}

async function probe(port: number, more: Partial<ProbeTarget> = {}): Promise<ProbeRecord | undefined> {
  const ended = Promise.withResolvers<void>();
  const prober = new Prober({ clock, onResult: () => ended.resolve() });
  prober.ask({ uid: 'u', name: 'engine', address: '127.0.0.1', port, model: 'tiny', ...more });
  await ended.promise;
  await prober.stop();
  return prober.record('u');
}

type Row = readonly [
  what: string,
  faults: readonly FaultInput[],
  flags: readonly string[],
  ProbeOutcome,
  RegExp,
];

const DEV = ['--sim-dev-mode'];
const rows: readonly Row[] = [
  ['lives', [], [], 'Answered', /generated a token/],
  ['hangs', [{ kind: 'Wedge' }], [], 'Silent', /no answer within 30 s/],
  ['is deadlocked', [{ kind: 'Deadlock' }], [], 'Silent', /no answer within 30 s/],
  ['has died, its API server alive', [{ kind: 'Dead' }], [], 'Refused', /HTTP 500.*; \/health: HTTP 503/],
  ['has died, its port closed', [{ kind: 'Dead', port: 'Closed' }], [], 'Refused', /refuses connections/],
  ['sleeps and says so', [{ kind: 'Sleep' }], DEV, 'Paused', /sleeps/],
  ['is paused and says so', [{ kind: 'Pause' }], DEV, 'Paused', /paused/],
  ['is paused, outside the development mode', [{ kind: 'Pause' }], [], 'Silent', /no answer/],
  ['wants an API key', [], ['--api-key=secret'], 'Inconclusive', /401, Unauthorized/],
];

describe('a simulated engine that', () => {
  test.each(rows)('%s', async (_, faults, flags, outcome, says) => {
    await using running = await serving(flags);
    for (const fault of faults) running.engine.beginFault(fault);
    const record = await probe(running.engine.port);
    expect(record?.outcome).toBe(outcome);
    expect(record?.message).toMatch(says);
  });

  test('serves another model', async () => {
    await using running = await serving();
    expect(await probe(running.engine.port, { model: 'other' })).toMatchObject({
      outcome: 'Inconclusive',
      message: expect.stringContaining('HTTP 404, The model `other` does not exist.'),
    });
  });

  test('has ended', async () => {
    const running = await serving();
    await running[Symbol.asyncDispose]();
    expect((await probe(running.engine.port))?.outcome).toBe('Refused');
  });
});
