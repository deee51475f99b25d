import { describe, expect, test } from 'vitest';
import { decideFleet } from '../src/fleet/decide-fleet.ts';
import { planFleet } from '../src/fleet/plan.ts';
import { totalReplicas } from '../src/fleet/sizes.ts';
import type { Proposal } from '../src/scaling/types.ts';
import type { EngineSnapshot } from '../src/snapshot/engine-snapshot.ts';
import { silent, unschedulable } from './builders/engines.ts';
import { replicaSet } from './builders/fleets.ts';
import { ServingFleet } from './builders/serving-fleet.ts';
import type { Pass } from './builders/simulation.ts';

/*
 * The catalogue once more, on fleets that serve requests and whose demand is known: what happened to users of other
 * autoscalers must not come back through the arrivals.
 */

const PEAK = 10;
const SPEC = { scaling: { minReplicas: 1, maxReplicas: 12 } };

const served = new ServingFleet(SPEC);
const before = served.run({ seconds: 600, rate: PEAK }).at(-1);

/** A fleet that has served its peak for ten minutes, and the size that it has then. */
function atPeak(): { readonly fleet: ServingFleet; readonly size: number } {
  return { fleet: served.copy(), size: before?.decision.size.desired ?? NaN };
}

const demandOf = ({ decision }: Pass): Proposal | undefined =>
  decision.size.proposals.find(({ signal }) => signal === 'Demand');
const sizesOf = (passes: readonly Pass[]): readonly number[] => [
  ...new Set(passes.map(({ decision }) => decision.size.desired)),
];
const mute = (engine: EngineSnapshot): EngineSnapshot =>
  engine.lifecycle === 'Ready' ? { ...engine, page: silent(engine.name).page } : engine;

/** Arrivals per second that were remembered since a time. */
function ratesSince(fleet: ServingFleet, sinceMs: number): readonly number[] {
  const rates = fleet.left.memory?.scaling.demand.rates ?? [];
  return rates.filter(({ atMs }) => atMs > sinceMs).map(({ rate }) => rate);
}

test('at its peak the fleet has the size that Demand asks for', () => {
  expect(before && demandOf(before)).toMatchObject({
    kind: 'Size',
    reason: 'DemandMet',
    size: atPeak().size,
  });
  expect(before?.decision.size.message).toContain('Demand asks for');
});

test('1. all scrapes fail at peak: the size stays, and the pages that come back are no surge', () => {
  const { fleet, size } = atPeak();
  const blind = fleet.run({ seconds: 400, rate: PEAK, seen: mute });
  expect(sizesOf(blind)).toEqual([size]);
  expect(blind.flatMap(({ actions }) => actions)).toEqual([]);
  expect(fleet.left.status?.conditions).toContainEqual(
    expect.objectContaining({ type: 'MetricsAvailable', status: 'False' }),
  );
  expect(sizesOf(fleet.run({ seconds: 120, rate: PEAK }))).toEqual([size]);
});

describe('2. one of N scrapes fails at peak', () => {
  const oneMute = ({ left }: ServingFleet): ((engine: EngineSnapshot) => EngineSnapshot) => {
    const first = left.world.engines[0]?.uid;
    return (engine) => (engine.uid === first ? mute(engine) : engine);
  };

  test('the arrivals that are not seen shrink nothing, and are no surge when they are seen again', () => {
    const { fleet, size } = atPeak();
    expect(sizesOf(fleet.run({ seconds: 400, rate: PEAK, seen: oneMute(fleet) }))).toEqual([size]);
    expect(sizesOf(fleet.run({ seconds: 120, rate: PEAK }))).toEqual([size]);
  });

  test('even a fall of the arrivals shrinks nothing before all pages tell of it', () => {
    const { fleet, size } = atPeak();
    const passes = fleet.run({ seconds: 500, rate: 0.2 * PEAK, seen: oneMute(fleet) });
    expect(sizesOf(passes)).toEqual([size]);
    expect(passes.at(-1)?.decision.size.reason).toBe('MetricsMissing');
    expect(sizesOf(fleet.run({ seconds: 60, rate: 0.2 * PEAK }))).toContain(size - 1);
  });
});

test('3. engines load for five minutes under demand: what was ordered for it is not ordered twice', () => {
  const { fleet, size } = atPeak();
  const passes = fleet.run({ seconds: 300, rate: 2 * PEAK, startSeconds: 300 });
  const starting = passes.filter(({ decision }) => decision.size.inputs.starting > 0);
  expect(starting.length).toBeGreaterThan(50);
  const most = Math.max(...sizesOf(passes));
  expect(most).toBeGreaterThan(size);
  expect(most).toBeLessThanOrEqual(2 * size + 1);
  // After the first half minute, in which the jump is measured.
  expect(sizesOf(passes.slice(6))).toEqual([most]);
});

test('4. an engine finds no GPU: Demand that asks for more orders nothing, and a fall of the demand takes that engine', () => {
  const { fleet, size } = atPeak();
  const old = new Set(fleet.left.world.engines.map(({ uid }) => uid));
  const seen = (engine: EngineSnapshot): EngineSnapshot => {
    if (old.has(engine.uid)) return engine;
    const { readyAtMs: _never, ...rest } = engine;
    const { lifecycle, page, unschedulable: why = '' } = unschedulable(engine.name);
    return { ...rest, lifecycle, page, unschedulable: why };
  };
  const passes = fleet.run({ seconds: 120, rate: 2 * PEAK, seen });
  const ordered = sizesOf(passes).at(-1) ?? 0;
  expect(ordered).toBeGreaterThan(size);
  const more = fleet.run({ seconds: 60, rate: 4 * PEAK, seen });
  expect(sizesOf(more)).toEqual([ordered]);
  const [last] = more.slice(-1);
  expect(last?.decision.size.reason).toBe('Unschedulable');
  expect(last && demandOf(last)).toMatchObject({ kind: 'Size', reason: 'DemandOverCapacity' });
  // The rise is remembered for a while.
  const calm = fleet.run({ seconds: 1800, rate: 0.5 * PEAK, seen });
  const claimed = calm.flatMap(({ actions }) =>
    actions.flatMap((action) => (action.kind === 'WriteClaims' ? action.begun : [])),
  );
  expect(claimed.length).toBeGreaterThanOrEqual(ordered - size);
  expect(claimed.slice(0, ordered - size).some(({ victimUID }) => old.has(victimUID))).toBe(false);
  expect(fleet.left.world.engines.every(({ uid }) => old.has(uid))).toBe(true);
});

test('5. engines are replaced one after another under a steady load: the size does not ratchet', () => {
  const { fleet, size } = atPeak();
  for (const revision of ['bbb', 'ccc']) {
    const passes = fleet.run({ seconds: 900, rate: PEAK, revision });
    // What the engines of a new revision carry is not known yet: their seats may ask for one more.
    expect(Math.max(...sizesOf(passes))).toBeLessThanOrEqual(size + 1);
    expect(Math.max(...passes.map(({ snapshot }) => totalReplicas(snapshot)))).toBeLessThanOrEqual(size + 2);
    expect(new Set(fleet.left.world.engines.map((engine) => engine.revision))).toEqual(new Set([revision]));
  }
});

test('6. a deleted engine’s data goes at once, its arrivals do not: the others take over without a second order', () => {
  const { fleet, size } = atPeak();
  fleet.loseOne();
  const [first, ...others] = fleet.run({ seconds: 300, rate: PEAK });
  expect(first?.decision.size.inputs).toMatchObject({ ready: size - 1 });
  expect(first && demandOf(first)).toMatchObject({ kind: 'Size', size });
  expect(sizesOf(others)).toEqual([size]);
  expect(fleet.left.world.engines).toHaveLength(size);
});

describe('7. somebody else writes the size while Demand asks for another', () => {
  test('a size that a person wrote is kept as a floor, though Demand asks for fewer', () => {
    const { fleet, size } = atPeak();
    const { world, memory } = fleet.left;
    const { snapshot } = fleet.run({ seconds: 5, rate: PEAK })[0] ?? {};
    if (snapshot === undefined || memory === undefined) throw new Error('no pass');
    const scaledBy = { manager: 'kubectl', atMs: world.nowMs };
    const written = { ...snapshot, replicaSets: [replicaSet('aaa', size + 3, { scaledBy })] };
    const { decision } = decideFleet(written, memory, world.nowMs);
    expect(decision.manualFloor).toMatchObject({ replicas: size + 3 });
    expect(decision.size).toMatchObject({ desired: size + 3 });
    expect(decision.size.proposals).toContainEqual(
      expect.objectContaining({ signal: 'Demand', reason: 'DemandUnderCapacity' }),
    );
  });

  test('an HPA is reported and not fought, though Demand asks for more', () => {
    const { fleet, size } = atPeak();
    const more = { seconds: 5, rate: 3 * PEAK };
    let left = fleet.left;
    let [now] = fleet.run(more);
    for (let tries = 0; tries < 20 && now?.decision.size.desired === size; tries += 1) {
      left = fleet.left;
      [now] = fleet.run(more);
    }
    if (now === undefined || left.memory === undefined) throw new Error('no pass');
    const contested = { ...now.snapshot, autoscalers: ['keda-hpa-chat'] };
    const { decision } = decideFleet(contested, left.memory, left.world.nowMs);
    expect(decision.size).toMatchObject({ carriedOut: false, reason: 'ConflictingAutoscaler' });
    expect(decision.size.proposals).toContainEqual(
      expect.objectContaining({ signal: 'Demand', reason: 'DemandOverCapacity' }),
    );
    expect(planFleet(contested, decision)).toEqual([]);
  });
});

test('8. counters that a restart of the servers reset give no negative rate and no huge one', () => {
  const { fleet, size } = atPeak();
  const { nowMs } = fleet.left.world;
  fleet.restartServers();
  const passes = fleet.run({ seconds: 120, rate: PEAK });
  expect(Math.max(...sizesOf(passes))).toBeLessThanOrEqual(size + 1);
  const rates = ratesSince(fleet, nowMs);
  expect(rates.length).toBeGreaterThan(4);
  expect(Math.min(...rates)).toBeGreaterThan(0.8 * PEAK);
  // What is inside a new server counts as come since its start.
  expect(Math.max(...rates)).toBeLessThan(1.3 * PEAK);
});

test('9. the KV metric has a name that nobody knows: it abstains and says so, and Demand goes on', () => {
  const { fleet, size } = atPeak();
  const renamed = (engine: EngineSnapshot): EngineSnapshot => {
    if (engine.page.state !== 'Fresh') return engine;
    const { kvCacheUsage: _unknown, ...load } = engine.page.load;
    return { ...engine, page: { state: 'Fresh', load } };
  };
  const [first] = fleet.run({ seconds: 5, rate: PEAK, seen: renamed });
  expect(first?.decision.size.proposals).toContainEqual(
    expect.objectContaining({ signal: 'KVCache', kind: 'Abstain', reason: 'NoData' }),
  );
  const grown = fleet.run({ seconds: 120, rate: 2 * PEAK, seen: renamed });
  expect(Math.max(...sizesOf(grown))).toBeGreaterThan(size);
});
