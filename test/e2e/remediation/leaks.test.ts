import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPlayground, type Playground } from '../../../playground/playground.ts';
import { installWarden } from '../../../playground/warden/install.ts';
import { eventually } from '../../integration/playground/eventually.ts';
import { describeFleet, fleetStatus, readFleet, settledAt } from '../support/fleets.ts';
import { Load } from '../support/load.ts';
import { SickFleets } from '../support/sick-fleets.ts';

/*
 * Engines leak, each fleet in its own way and all at the same time. Their signatures call a few minutes an hour, so that
 * a quarter of an hour is over in 75 seconds.
 */

const LEAK_MS = 420_000;
/** Memory is read each second that the signature calls a twelfth of a minute, and at most every five seconds. */
const SHORT_HOUR = 5;
const LIMIT = { resources: { limits: { 'nvidia.com/gpu': '1', memory: '8Gi' } } };

let pg: Playground;
let fleets: SickFleets;
const loads: Load[] = [];

/** A fleet that has a memory limit and a short hour. */
function leaking(mode: 'Auto' | 'Advisory', drain: object = {}): Readonly<Record<string, unknown>> {
  const signatures = [{ name: 'HostMemoryLeak', mode, windowMinutes: SHORT_HOUR }];
  return { ...LIMIT, remediation: { signatures }, ...drain };
}

beforeAll(async () => {
  pg = await startPlayground({
    nodes: [{ name: 'node-a', gpus: 32, memoryGi: 1024 }],
    simulator: { flags: ['--sim-startup-seconds', '1'] },
    podMetricsEveryMs: 1000,
  });
  await installWarden(pg);
  fleets = await SickFleets.start(pg, {
    leaky: { engines: 2, speed: 1, spec: leaking('Auto') },
    image: {
      engines: 3,
      spec: leaking('Auto'),
      args: ['--sim-fault={"kind":"HostLeak","bytesPerMinute":1200000000}'],
    },
    advised: { engines: 2, spec: leaking('Advisory') },
    filling: { engines: 2, spec: leaking('Auto') },
    blocks: {
      engines: 2,
      speed: 1,
      args: ['--num-gpu-blocks-override=1000'],
      spec: { remediation: { signatures: [{ name: 'KVBlockLeak', windowMinutes: 1 }] } },
    },
  });
  const engineOf = (fleet: string) => pg.engineOf(fleets.of(fleet).engine(0));
  engineOf('leaky').beginFault({ kind: 'HostLeak', bytesPerRequest: 10_000_000 });
  engineOf('advised').beginFault({ kind: 'HostLeak', bytesPerMinute: 1_200_000_000 });
  engineOf('filling').beginFault({ kind: 'HostLeak', bytesPerMinute: 1_200_000_000, untilBytes: 1e9 });
  engineOf('blocks').beginFault({ kind: 'KvLeak', blocksPerRequest: 10 });
  const size = { promptTokens: 20, outputTokens: 2 };
  loads.push(await Load.start(pg, 'leaky', [{ requestsPerSecond: 4, durationMs: 2 * LEAK_MS }], size));
  loads.push(await Load.start(pg, 'blocks', [{ requestsPerSecond: 0.5, durationMs: 2 * LEAK_MS }], size));
});

afterAll(async () => {
  for (const load of loads) await load[Symbol.asyncDispose]();
  await fleets[Symbol.asyncDispose]();
  await pg.stop();
});

/** Waits until a claim has taken the engine away, and says how. */
async function taken(fleet: string, engine: string): Promise<object> {
  const { claim, steps } = await fleets.of(fleet).replaced(engine, LEAK_MS);
  const { outcomes } = fleets.of(fleet).claims;
  const { cause, outcome } = outcomes.find((one) => one.engine === engine) ?? {};
  return { cause, outcome, signature: claim.signature, steps };
}

/** As planned: another engine first, and nothing cut. */
function drainedFor(signature: string): object {
  const steps = ['Claimed', 'Surging', 'Draining', 'Removing'];
  return { cause: 'Leak', outcome: 'Drained', signature, steps };
}

test('an engine that leaks is found, planned and replaced with a surge', { timeout: LEAK_MS }, async () => {
  const fleet = fleets.of('leaky');
  expect(await taken('leaky', fleet.engine(0))).toEqual(drainedFor('HostMemoryLeak'));
  expect(fleet.status.findings).toContainEqual(
    expect.objectContaining({
      signature: 'HostMemoryLeak',
      engine: fleet.engine(0),
      state: 'Proved',
      message: expect.stringMatching(/MiB a request.*its limit of 8 GiB/),
    }),
  );
  expect(fleet.status.plans.some((line) => line.includes(fleet.engine(0)))).toBe(true);
  expect(fleet.pods.removed.map(({ metadata }) => metadata.name)).toEqual([fleet.engine(0)]);
  expect(fleet.pods.leastServingSince(2)).toBe(2);
});

test('no request is lost by it', () => {
  const records = loads[0]?.records ?? [];
  expect(records.filter(({ outcome }) => !outcome.ok)).toEqual([]);
  expect(records.length).toBeGreaterThan(100);
});

test(
  'engines of an image that leaks go one after the other, and then the image is named',
  {
    timeout: LEAK_MS,
  },
  async () => {
    const fleet = fleets.of('image');
    for (const engine of fleet.engines)
      expect(await taken('image', engine)).toEqual(drainedFor('HostMemoryLeak'));
    expect(fleet.status.mostClaims).toBe(1);
    await eventually(async () => {
      const { status } = await readFleet(pg, 'image');
      const ofImage = (status?.findings ?? []).filter(({ engine }) => engine === undefined);
      expect(ofImage).toEqual([expect.objectContaining({ signature: 'HostMemoryLeak', state: 'Noted' })]);
      expect(ofImage[0]?.message).toContain('0.32.0');
    });
    expect(await describeFleet(pg, 'image')).toContain(`${fleet.engine(0)} was replaced for HostMemoryLeak`);
  },
);

test('KV blocks that are lost end in the same', { timeout: LEAK_MS }, async () => {
  expect(await taken('blocks', fleets.of('blocks').engine(0))).toEqual(drainedFor('KVBlockLeak'));
});

test('with mode Advisory it is told, and no engine is touched', { timeout: LEAK_MS }, async () => {
  const fleet = fleets.of('advised');
  const { status } = await eventually(async () => {
    const seen = await readFleet(pg, 'advised');
    expect(seen.status?.findings).toContainEqual(
      expect.objectContaining({ engine: fleet.engine(0), signature: 'HostMemoryLeak', state: 'Proved' }),
    );
    return seen;
  }, LEAK_MS);
  expect(status?.findings?.[0]?.action).toContain('Advisory');
  expect(fleet.claims.claims).toEqual([]);
});

test('a replace that helped is told to have helped', { timeout: LEAK_MS }, async () => {
  const { status } = await eventually(async () => {
    const seen = await readFleet(pg, 'leaky');
    expect(seen.status?.remediation?.restarts?.at(-1)).toContain('it helped');
    return seen;
  }, LEAK_MS);
  expect(status?.findings ?? []).toEqual([]);
  await settledAt(pg, 'leaky', 2);
});

test('memory that grows and stays is no leak', async () => {
  const fleet = fleets.of('filling');
  await fleetStatus(pg, 'filling', { summary: { ready: '2/2', state: 'Ready' } });
  expect(pg.engineOf(fleet.engine(0)).figures()?.workingSetBytes).toBe(3e9);
  expect(fleet.status.findings).toEqual([]);
  expect(fleet.claims.claims).toEqual([]);
});
