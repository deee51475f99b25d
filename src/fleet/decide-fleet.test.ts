import { describe, expect, test } from 'vitest';
import { aboutToGo, claimOn, claiming, inShort, markedBy } from '../../test/builders/claims.ts';
import { inSeconds, NOW, readyEngines, secondsAgo, silent } from '../../test/builders/engines.ts';
import { fleet, fleetSnapshot, of, replicaSet, SCALING } from '../../test/builders/fleets.ts';
import { watchedForAnHour } from '../../test/builders/scaling.ts';
import type { Disruption } from '../api/v1alpha1/status.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { decideFleet, type FleetDecision } from './decide-fleet.ts';
import { recallMemory, withChange, type FleetMemory } from './memory.ts';
import { planFleet } from './plan.ts';

const queued = { kvCacheUsage: 0.5, waiting: 9 };
const quiet = { kvCacheUsage: 0, waiting: 0, running: 0 };

/** The memory of a leader that has watched this fleet for an hour. */
const watched = (snapshot: FleetSnapshot): FleetMemory => ({
  ...recallMemory(snapshot, NOW),
  scaling: watchedForAnHour(),
});
const decide = (snapshot: FleetSnapshot): FleetDecision =>
  decideFleet(snapshot, watched(snapshot), NOW).decision;
const statusOf = (current: number, desired: number, more: object = {}): object => ({
  scaling: { decidedAt: new Date(NOW).toISOString(), reason: 'X', message: 'x', current, desired },
  ...more,
});

describe('a fleet of fixed size', () => {
  const fixed = (replicas: number): FleetSnapshot =>
    fleetSnapshot(readyEngines(3, queued), { fleet: fleet({ scaling: undefined, replicas }) });

  test.each([
    [5, 'Grow'],
    [3, 'Hold'],
    [0, 'Shrink'],
  ] as const)('has spec.replicas, here %i, whatever its load', (replicas, action) => {
    expect(decide(fixed(replicas)).size).toMatchObject({
      action,
      desired: replicas,
      reason: 'FixedReplicas',
      carriedOut: true,
      proposals: [],
    });
  });

  test('that is sized by the operator from now on shrinks only after a whole window', () => {
    const idle = readyEngines(3, quiet);
    const before = fleetSnapshot(idle, { fleet: fleet({ scaling: undefined, replicas: 3 }) });
    const { memory } = decideFleet(before, watched(before), secondsAgo(5));
    expect(decideFleet(fleetSnapshot(idle), memory, NOW).decision.size).toMatchObject({
      desired: 3,
      reason: 'FreshLeader',
    });
  });
});

describe('a fleet that was never started', () => {
  const born = (spec: object, overrides: Partial<FleetSnapshot> = {}): FleetSnapshot =>
    fleetSnapshot([], {
      replicaSets: [],
      fleet: fleet(spec as Readonly<Record<string, unknown>>),
      ...overrides,
    });
  const first = (snapshot: FleetSnapshot): unknown =>
    planFleet(snapshot, decide(snapshot)).find(({ kind }) => kind === 'CreateReplicaSet');

  test.each(['Auto', 'Advisory', 'Paused'])('starts at minReplicas in mode %s', (mode) => {
    const snapshot = born({ scaling: { ...SCALING, minReplicas: 2, mode } });
    expect(first(snapshot)).toMatchObject({ replicas: 2 });
  });

  test('starts at the size that a person set beside minReplicas', () => {
    expect(first(born({ replicas: 4 }))).toMatchObject({ replicas: 4 });
  });

  test('starts though an autoscaler aims at it, which could not lift it from 0', () => {
    expect(first(born({}, { autoscalers: ['chat-hpa'] }))).toMatchObject({ replicas: 1 });
  });
});

describe('a conflict over the size', () => {
  const fought = fleetSnapshot(readyEngines(3, queued), { autoscalers: ['chat-hpa'] });

  test('makes the decision advice, and keeps its reasons', () => {
    const { size, conflict } = decide(fought);
    expect(conflict?.reason).toBe('HorizontalPodAutoscaler');
    expect(size).toMatchObject({ desired: 4, carriedOut: false, reason: 'ConflictingAutoscaler' });
    expect(size.message).toContain('QueueDepth asks for 4');
    expect(planFleet(fought, decide(fought))).toEqual([]);
  });

  test('puts an engine back that drains for the sake of the size; one that is being removed goes', () => {
    const [first = silent('none'), ...others] = readyEngines(3, quiet);
    const acts = (claim: Disruption, victim: EngineSnapshot): readonly string[] => {
      const snapshot = { ...fought, engines: [victim, ...others], fleet: claiming(claim) };
      return planFleet(snapshot, decide(snapshot)).map(inShort);
    };
    const draining = claimOn(first, { step: 'Draining' });
    expect(acts(draining, markedBy(first, draining))).toEqual([`PutBack ${first.name}`]);
    const removing = claimOn(first, { step: 'Removing', toReplicas: 2 });
    expect(acts(removing, aboutToGo(first, removing))).toEqual([
      `ShrinkReplicaSet chat-aaa to 2 for ${first.name}`,
    ]);
  });

  test('does not make advice the size of a fleet that is rolled out', () => {
    const rolling = fleetSnapshot([...readyEngines(3, quiet), of('bbb', silent('new'))], {
      revision: 'bbb',
      replicaSets: [replicaSet('aaa', 3), replicaSet('bbb', 1)],
      autoscalers: ['chat-hpa'],
      fleet: fleet({}, statusOf(3, 1, { conditions: [conflicting] })),
    });
    expect(decide(rolling).size.current).toBe(3);
  });
});

const conflicting = {
  type: 'ConflictingAutoscaler',
  status: 'True',
  reason: 'HorizontalPodAutoscaler',
  message: 'x',
  lastTransitionTime: new Date(NOW).toISOString(),
};

describe('surge', () => {
  const rolling = (status: object | undefined, spec = {}): FleetSnapshot =>
    fleetSnapshot([...readyEngines(3), of('bbb', silent('new'))], {
      revision: 'bbb',
      replicaSets: [replicaSet('aaa', 3), replicaSet('bbb', 1)],
      fleet: fleet(spec, status),
    });

  test('is not growth: a roll-out goes on from the size that was decided', () => {
    expect(decide(rolling(statusOf(3, 3))).size.current).toBe(3);
  });

  test('is told from growth that was decided and carried out', () => {
    expect(decide(rolling(statusOf(3, 4))).size.current).toBe(4);
  });

  test('is told from advice that was not carried out', () => {
    const advised = rolling(statusOf(3, 8), { scaling: { ...SCALING, mode: 'Advisory' } });
    expect(decide(advised).size.current).toBe(3);
  });

  test('cannot be told where no status is: all that is ordered counts', () => {
    expect(decide(rolling(undefined)).size.current).toBe(4);
  });

  test('is told by memory even when the status could not be written', () => {
    const snapshot = rolling(statusOf(3, 3));
    const memory = { ...watched(snapshot), decided: 4 };
    expect(decideFleet(snapshot, memory, NOW).decision.size.current).toBe(4);
  });
});

test('nothing counts as decided while the fleet is suspended', () => {
  const snapshot = fleetSnapshot(readyEngines(3, queued), { fleet: fleet({ suspend: true }) });
  expect(decideFleet(snapshot, watched(snapshot), NOW)).toMatchObject({
    decision: { size: { desired: 4 } },
    memory: { decided: 3 },
  });
});

test('a manual floor lifts the size and is told with the decision', () => {
  const snapshot = fleetSnapshot(readyEngines(2, quiet), { fleet: fleet({ replicas: 5 }) });
  expect(decide(snapshot)).toMatchObject({
    size: { desired: 5, reason: 'TooFewReplicas' },
    manualFloor: { replicas: 5, source: 'Spec', until: new Date(inSeconds(3600)).toISOString() },
  });
});

describe('a new leader', () => {
  const at = new Date(secondsAgo(30)).toISOString();
  const history = [{ at, from: 4, to: 3, reason: 'X', message: 'x' }];
  const status = { scaling: { decidedAt: at, reason: 'X', message: 'x', history } };
  const snapshot = fleetSnapshot(readyEngines(3, quiet), { fleet: fleet({}, status) });

  test('takes over the changes of size from the status', () => {
    expect(recallMemory(snapshot, NOW).scaling).toMatchObject({
      watchingSinceMs: NOW,
      changes: [{ atMs: secondsAgo(30), from: 4, to: 3 }],
    });
  });

  test('adds its own to them', () => {
    const memory = withChange(recallMemory(snapshot, NOW), { atMs: NOW, from: 3, to: 4 });
    expect(memory.scaling.changes.map(({ to }) => to)).toEqual([3, 4]);
  });
});
