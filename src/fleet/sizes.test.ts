import { describe, expect, test } from 'vitest';
import { claimOn, claiming } from '../../test/builders/claims.ts';
import {
  draining,
  loading,
  NOW,
  ready,
  readyEngines,
  secondsAgo,
  silent,
} from '../../test/builders/engines.ts';
import { fleet, fleetSnapshot, of, replicaSet } from '../../test/builders/fleets.ts';
import { ANNOTATIONS } from '../api/v1alpha1/constants.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { replaceNeeds } from './needs.ts';
import { dependable } from './promised.ts';
import { decidedSize, orderedSize, stayingReplicas, unbornOrders } from './sizes.ts';
import { NOBODY_SICK } from '../disruption/sick.ts';

const [a, b] = [ready('a'), ready('b')];

describe('engines that stay', () => {
  test.each([
    ['without those that are claimed to go', claimOn(a), 2],
    ['without the one that is about to be removed', claimOn(a, { step: 'Removing', toReplicas: 2 }), 2],
    [
      'without counting one twice whose removal is written',
      claimOn(a, { step: 'Removing', toReplicas: 3 }),
      3,
    ],
    ['with those that are replaced', claimOn(a, { command: 'Replace', cause: 'Restart' }), 3],
    ['without regard to a revision that is gone', claimOn(of('zzz', a)), 3],
  ])('are counted %s', (_how, claim, staying) => {
    expect(stayingReplicas(fleetSnapshot(readyEngines(3), { fleet: claiming(claim) }))).toBe(staying);
  });
});

describe('orders for engines that do not exist', () => {
  const set = replicaSet('aaa', 4);

  test('are what the ReplicaSet has yet to make', () => {
    expect(unbornOrders(fleetSnapshot([a, b]), set)).toBe(2);
    expect(unbornOrders(fleetSnapshot([a, b]), replicaSet('aaa', 1))).toBe(0);
  });

  test('are none while one of them is to stand in for another engine', () => {
    const claim = claimOn(a, { command: 'Replace', cause: 'Restart', step: 'Surging' });
    expect(unbornOrders(fleetSnapshot([a, b], { fleet: claiming(claim) }), set)).toBe(0);
  });
});

describe('the size of a fleet', () => {
  const rolling = { revision: 'bbb', replicaSets: [replicaSet('aaa', 3), replicaSet('bbb', 1)] };
  const statusOf = (phase: string) => ({
    rollout: { to: 'aaa', progress: '', phase, reason: 'X', message: 'x' },
  });

  test('is what is ordered', () => {
    expect(orderedSize(fleetSnapshot(readyEngines(3)), 9)).toBe(3);
  });

  test('is what was decided while engines are replaced: neither a surge nor a gap is a size', () => {
    expect(orderedSize(fleetSnapshot(readyEngines(4), rolling), 3)).toBe(3);
    expect(orderedSize(fleetSnapshot(readyEngines(4), rolling), undefined)).toBe(4);
  });

  test('is what was decided until the last engine of a roll-out that drains first is back', () => {
    const gap = (phase: string): FleetSnapshot =>
      fleetSnapshot(readyEngines(2), { fleet: fleet({}, statusOf(phase)) });
    expect(orderedSize(gap('Progressing'), 3)).toBe(3);
    expect(orderedSize(gap('Complete'), 3)).toBe(2);
  });

  test.each([
    ['what was decided, where the operator sizes the fleet', {}, [], 5],
    ['what it was, where the decision is advice', { scaling: { maxReplicas: 8, mode: 'Advisory' } }, [], 3],
    [
      'what it was, while somebody else writes it',
      {},
      [{ type: 'ConflictingAutoscaler', status: 'True' }],
      3,
    ],
  ])('is for a new leader %s', (_what, spec, conditions, size) => {
    const at = new Date(NOW).toISOString();
    const scaling = { decidedAt: at, reason: 'X', message: 'x', current: 3, desired: 5 };
    const full = conditions.map((one) => ({ ...one, reason: 'X', message: 'x', lastTransitionTime: at }));
    const status = { scaling, conditions: full };
    expect(decidedSize(fleetSnapshot(readyEngines(3), { fleet: fleet(spec, status) }))).toBe(size);
  });
});

describe('engines that a new claim may count on', () => {
  const names = (snapshot: FleetSnapshot): readonly string[] =>
    dependable(snapshot, NOBODY_SICK).map(({ name }) => name);

  test('serve, and are read', () => {
    expect(names(fleetSnapshot([a, silent('mute'), loading('starts'), draining('leaves', [])]))).toEqual([
      'a',
    ]);
  });

  test.each([
    ['a shrink', claimOn(a), false],
    ['a replace that drains first', claimOn(a, { command: 'Replace', strategy: 'DrainFirst' }), false],
    [
      'a replace that waits for the new engine',
      claimOn(a, { command: 'Replace', strategy: 'SurgeFirst', step: 'Surging' }),
      true,
    ],
    [
      'a replace that drains',
      claimOn(a, { command: 'Replace', strategy: 'SurgeFirst', step: 'Draining' }),
      false,
    ],
  ] as const)('are those of %s or not', (_what, claim, counts) => {
    expect(names(fleetSnapshot([a, b], { fleet: claiming(claim) }))).toEqual(counts ? ['a', 'b'] : ['b']);
  });
});

describe('engines that are to be replaced', () => {
  const old = ready('old', {}, { createdAtMs: secondsAgo(9000) });
  const young = ready('young', {}, { createdAtMs: secondsAgo(30) });
  const needs = (restartAt: number | undefined, asked?: string): readonly string[] => {
    const plain = fleet(
      restartAt === undefined ? {} : { rollout: { restartAt: new Date(restartAt).toISOString() } },
    );
    const annotations = asked === undefined ? {} : { [ANNOTATIONS.replace]: asked };
    const snapshot = fleetSnapshot([young, a, old, { ...b, isMember: false }], {
      fleet: { ...plain, metadata: { ...plain.metadata, annotations } },
    });
    return replaceNeeds(snapshot, NOBODY_SICK, NOW).map(({ engine, cause }) => `${engine.name} ${cause}`);
  };

  test('are none unless somebody asks', () => {
    expect(needs(undefined)).toEqual([]);
  });

  test('are those older than restartAt, the oldest first, and not the one that is being replaced', () => {
    expect(needs(secondsAgo(60))).toEqual(['old Restart', 'a Restart']);
  });

  test('are none before restartAt has come', () => {
    expect(needs(NOW + 1000)).toEqual([]);
    expect(needs(NOW)).toEqual(['old Restart', 'a Restart', 'young Restart']);
  });

  test('are not those made in the very second of restartAt: creation times are whole seconds', () => {
    expect(needs(secondsAgo(30) + 900)).toEqual(['old Restart', 'a Restart']);
    expect(needs(secondsAgo(29))).toEqual(['old Restart', 'a Restart', 'young Restart']);
  });

  test('are first the one that a person names', () => {
    expect(needs(secondsAgo(60), 'young')).toEqual(['young Requested', 'old Restart', 'a Restart']);
    expect(needs(undefined, 'zzz')).toEqual([]);
  });
});
