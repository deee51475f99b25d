import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPlayground, type Playground } from '../../../playground/playground.ts';
import { installWarden } from '../../../playground/warden/install.ts';
import { eventually } from '../../integration/playground/eventually.ts';
import { fleetStatus, readFleet, withCondition } from '../support/fleets.ts';
import { applySized, PROVED_MS, SickFleets } from '../support/sick-fleets.ts';

/*
 * What looks like sick engines and is none: each in a fleet of its own, all at the same time, and beside them one engine
 * that really hangs. Once that one is replaced, the others have been looked at for as long, and nothing was done to them.
 */

const IMAGES = { old: 'vllm-warden/simulator:v0.11.2' };
/** Two engines, of which the first is told to do nothing while it has requests. */
const TOLD = ['asleep', 'paused'] as const;

let pg: Playground;
let fleets: SickFleets;

beforeAll(async () => {
  pg = await startPlayground({
    nodes: [{ name: 'node-a', gpus: 32 }],
    simulator: { flags: ['--sim-startup-seconds', '1'] },
    restartBackoff: { baseMs: 1000, maxMs: 5000 },
  });
  await installWarden(pg);
  fleets = await SickFleets.start(pg, {
    reference: { engines: 2 },
    dark: { engines: 3 },
    refused: { engines: 2 },
    quiet: { engines: 2 },
    asleep: { engines: 2, args: ['--enable-sleep-mode'] },
    paused: { engines: 2, engine: { env: [{ name: 'VLLM_SERVER_DEV_MODE', value: '1' }] } },
    stale: { engines: 2, engine: { image: IMAGES.old } },
    flushing: { engines: 2 },
  });
  for (const index of [0, 1, 2])
    pg.setPodFault(await fleets.of('dark').hold(index, 2), { kind: 'black-hole' });
  for (const engine of fleets.of('refused').engines) {
    pg.setPodFault(engine, { kind: 'refuse' });
    pg.cutPod(engine);
  }
  {
    await using _traffic = await fleets.of('quiet').send(0, 2);
  }
  await fleets.of('asleep').strike(0, { kind: 'Sleep' });
  await fleets.of('paused').strike(0, { kind: 'Pause' });
  pg.engineOf(fleets.of('stale').engine(0)).beginFault({ kind: 'StaleGauges' });
  {
    await using _traffic = await fleets.of('stale').send(0, 3);
  }
  await fleets.of('flushing').strike(0, { kind: 'Stall', seconds: 100 });
  await applySized(pg, 'typo', { engines: 2, args: ['--no-such-flag'] });
  await fleets.of('reference').strike(0, { kind: 'Wedge' });
});

afterAll(async () => {
  await fleets[Symbol.asyncDispose]();
  await pg.stop();
});

test('the engine that hangs is replaced', { timeout: PROVED_MS }, async () => {
  const { claim } = await fleets.of('reference').replaced(fleets.of('reference').engine(0));
  expect(claim.signature).toBe('Wedged');
});

test.each([
  ['whose pages nobody can read, while the kubelet finds it well', 'dark'],
  ['whose port is closed to the operator alone', 'refused'],
  ['that lost its traffic at once', 'quiet'],
])('no engine of a fleet %s is touched (%s)', async (_what, name) => {
  const fleet = fleets.of(name);
  expect(fleet.claims.claims).toEqual([]);
  expect(fleet.status.findings.filter(({ state }) => state === 'Proved')).toEqual([]);
  expect(fleet.pods.removed).toEqual([]);
  expect(fleet.pods.leftAtMs.size, 'all stay in the Service').toBe(0);
  expect(await fleet.restarts()).toBe(0);
});

test('a fleet whose metrics are out says so', async () => {
  for (const name of ['dark', 'refused']) {
    await fleetStatus(pg, name, withCondition('MetricsAvailable', 'False', expect.any(String)));
  }
});

test.each([...TOLD, 'stale', 'flushing'])(
  'an engine that stands still for a good reason may leave the Service, and stays (%s)',
  async (name) => {
    const fleet = fleets.of(name);
    expect(fleet.claims.claims.filter(({ claim }) => claim.command !== 'Isolate')).toEqual([]);
    expect(fleet.status.findings.filter(({ state }) => state === 'Proved')).toEqual([]);
    expect(fleet.pods.removed).toEqual([]);
    expect(await fleet.restarts()).toBe(0);
  },
);

test('it is back in the Service once it is known to live', async () => {
  for (const name of ['stale', 'flushing', 'paused']) {
    await eventually(async () => {
      const { status } = await readFleet(pg, name);
      expect(status?.disruptions ?? []).toEqual([]);
      expect(status?.summary).toMatchObject({ ready: '2/2' });
    });
  }
});

test('an image that cannot start is no sick engine: it is noted, and its pods are the kubelet’s', async () => {
  const { status } = await eventually(async () => {
    const fleet = await readFleet(pg, 'typo');
    expect(fleet.status?.findings).toContainEqual(
      expect.objectContaining({ signature: 'CrashLoop', state: 'Noted' }),
    );
    return fleet;
  });
  expect(status?.disruptions ?? []).toEqual([]);
  expect(status?.disruptionHistory ?? []).toEqual([]);
});
