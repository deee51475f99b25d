import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPlayground, type Playground } from '../../../playground/playground.ts';
import { installWarden } from '../../../playground/warden/install.ts';
import { eventually } from '../../integration/playground/eventually.ts';
import { describeFleet, fleetStatus, settledAt, withCondition } from '../support/fleets.ts';
import { Load } from '../support/load.ts';
import { PROVED_MS, SickFleets } from '../support/sick-fleets.ts';

/*
 * Engines fall sick under load, each in a fleet of its own and all at the same time: found, taken out of the Service,
 * proved by a token that does not come, and replaced. Times are those that the operator writes.
 */

const FOUND_WITHIN_MS = 180_000;

let pg: Playground;
let fleets: SickFleets;
let load: Load;
/** By fleet. */
const sick: Record<string, string> = {};

beforeAll(async () => {
  pg = await startPlayground({
    nodes: [{ name: 'node-a', gpus: 32 }],
    simulator: { flags: ['--sim-startup-seconds', '1'] },
  });
  await installWarden(pg);
  fleets = await SickFleets.start(pg, {
    wedged: { engines: 3 },
    alone: { engines: 1 },
    deadlocked: { engines: 2 },
    closed: { engines: 2 },
    kept: { engines: 2 },
    killed: { engines: 2 },
    spoilt: { engines: 2, args: ['--kv-offloading-size=1'] },
    many: { engines: 3 },
  });
  const stages = [{ requestsPerSecond: 1, durationMs: PROVED_MS }];
  load = await Load.start(pg, 'wedged', stages, { promptTokens: 20, outputTokens: 2 });
  sick['wedged'] = await fleets.of('wedged').strike(0, { kind: 'Wedge' });
  sick['alone'] = await fleets.of('alone').strike(0, { kind: 'Wedge' });
  sick['deadlocked'] = await fleets.of('deadlocked').strike(0, { kind: 'Deadlock' });
  sick['closed'] = await fleets.of('closed').strike(0, { kind: 'Dead', port: 'Closed' });
  sick['kept'] = await fleets.of('kept').strike(0, { kind: 'Dead' }, 0);
  await fleets.of('many').strike(0, { kind: 'Wedge' });
  await fleets.of('many').strike(1, { kind: 'Wedge' });
  pg.engineOf(fleets.of('killed').engine(0)).kill();
  pg.oomKill(fleets.of('killed').engine(1));
  sick['spoilt'] = fleets.of('spoilt').engine(0);
  pg.spoilSharedMemory(sick['spoilt']);
});

afterAll(async () => {
  await load[Symbol.asyncDispose]();
  await fleets[Symbol.asyncDispose]();
  await pg.stop();
});

/** From the first sight of what was wrong until the engine was taken away, by the operator's own clock. */
function foundAfterMs(fleet: string, signature: string): number {
  const { status, claims } = fleets.of(fleet);
  const finding = status.findings.find((one) => one.signature === signature && one.state === 'Proved');
  const { atMs = Infinity } = claims.outcomes.find(({ engine }) => engine === sick[fleet]) ?? {};
  const removal = claims.claims.find(({ claim }) => claim.engine === sick[fleet]);
  expect(finding, `${signature} in ${fleet}`).toBeDefined();
  expect(removal?.steps, 'it is removed at once').toContain('Removing');
  return atMs - Date.parse(finding?.since ?? '');
}

test(
  'an engine that is wedged leaves the Service on suspicion, and is replaced once it owes a token',
  {
    timeout: PROVED_MS,
  },
  async () => {
    const fleet = fleets.of('wedged');
    const claim = await fleet.replaced(sick['wedged'] ?? '');
    expect(claim.steps.slice(0, 2)).toEqual(['Claimed', 'Isolated']);
    expect(claim.claim).toMatchObject({ signature: 'Wedged', cause: 'Dead', command: 'Replace' });
    expect(foundAfterMs('wedged', 'Wedged')).toBeLessThan(FOUND_WITHIN_MS);
    expect(fleet.pods.leftAtMs.has(sick['wedged'] ?? ''), 'it left the Service before it was deleted').toBe(
      true,
    );
    const others = fleet.claims.claims.filter(({ claim: { engine } }) => engine !== sick['wedged']);
    expect(others).toEqual([]);
    await settledAt(pg, 'wedged', 3);
  },
);

test('requests go on meanwhile: none fails but those that the wedged engine had got', () => {
  const failed = load.records.filter(({ outcome, target }) => !outcome.ok && target !== sick['wedged']);
  expect(failed).toEqual([]);
  expect(load.records.filter(({ outcome }) => outcome.ok).length).toBeGreaterThan(100);
});

test(
  'the only engine of a fleet keeps its label on suspicion, and is replaced on proof',
  {
    timeout: PROVED_MS,
  },
  async () => {
    const fleet = fleets.of('alone');
    const claim = await fleet.replaced(sick['alone'] ?? '');
    expect(claim.steps).not.toContain('Isolated');
    expect([...new Set(fleet.status.findings.map(({ state }) => state))]).toEqual(['Suspected', 'Proved']);
    expect(foundAfterMs('alone', 'Wedged')).toBeLessThan(FOUND_WITHIN_MS);
  },
);

test.each([
  ['deadlocked', 'Deadlocked'],
  ['closed', 'EngineDead'],
  ['kept', 'EngineDead'],
])('fleet %s: %s is found and ends in a replace', { timeout: PROVED_MS }, async (name, signature) => {
  const claim = await fleets.of(name).replaced(sick[name] ?? '');
  expect(claim.claim.signature).toBe(signature);
  expect(foundAfterMs(name, signature)).toBeLessThan(FOUND_WITHIN_MS);
  await settledAt(pg, name, 2);
});

test('engines that were killed are healed by the kubelet, without a claim; what is noted is the memory', async () => {
  const fleet = fleets.of('killed');
  await eventually(async () => {
    expect(await fleet.restarts()).toBe(2);
    expect(fleet.status.findings).toEqual([
      expect.objectContaining({ signature: 'OOMKilled', state: 'Noted', engine: fleet.engine(1) }),
    ]);
  });
  await settledAt(pg, 'killed', 2);
  expect(fleet.claims.claims).toEqual([]);
});

test('a pod whose shared memory lets no engine start is replaced', { timeout: PROVED_MS }, async () => {
  const fleet = fleets.of('spoilt');
  const { claim } = await fleet.replaced(fleet.engine(0));
  expect(claim.signature).toBe('SharedMemoryLeftOver');
  expect(fleet.claims.claims).toHaveLength(1);
  await settledAt(pg, 'spoilt', 2);
});

test(
  'two of three at once halt what rests on suspicion; what a token has proved goes on, one at a time',
  {
    timeout: 2 * PROVED_MS,
  },
  async () => {
    const fleet = fleets.of('many');
    await eventually(async () => {
      expect(fleet.claims.outcomes.filter(({ outcome }) => outcome === 'Cut')).toHaveLength(2);
      await settledAt(pg, 'many', 3);
    }, PROVED_MS);
    expect(fleet.status.conditions).toContainEqual(
      expect.objectContaining({ type: 'RemediationHalted', status: 'True', reason: 'ManyAtOnce' }),
    );
    expect(fleet.status.mostClaims).toBe(1);
  },
);

test('a person reads what was found and what was done', async () => {
  await fleetStatus(pg, 'wedged', withCondition('RemediationHalted', 'False', 'NotHalted'));
  const description = await describeFleet(pg, 'wedged');
  expect(description).toMatch(/Cut: Replace of wedged-\S+ \(Dead\)/);
});
