import { describe, expect, test } from 'vitest';
import { aboutToGo, claimOn, fleetWith, inShort } from '../../test/builders/claims.ts';
import { fleetDecision, sizeDecision } from '../../test/builders/decisions.ts';
import { loading, ready, readyEngines } from '../../test/builders/engines.ts';
import { fleetSnapshot, of, replicaSet } from '../../test/builders/fleets.ts';
import type { Disruption } from '../api/v1alpha1/status.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import { planFleet } from './plan.ts';
import type { RolloutState } from './rollout-state.ts';

interface Scene {
  readonly rollout?: Readonly<Record<string, unknown>>;
  readonly claims?: readonly Disruption[];
  readonly state?: Partial<RolloutState>;
}

/** What is done about the sizes of these old and new engines. */
function orders(
  old: readonly EngineSnapshot[],
  fresh: readonly EngineSnapshot[],
  desired: number,
  { rollout = {}, claims = [], state = {} }: Scene = {},
): readonly string[] {
  const snapshot = fleetSnapshot([...old, ...fresh.map((engine) => of('bbb', engine))], {
    fleet: fleetWith({ rollout }, claims),
    revision: 'bbb',
    replicaSets: [replicaSet('aaa', old.length), replicaSet('bbb', fresh.length)],
  });
  const decided = fleetDecision(snapshot, sizeDecision(desired, desired));
  const decision = { ...decided, rollout: { ...decided.rollout, ...state } };
  return planFleet(snapshot, decision)
    .filter(({ kind }) => kind === 'Grow' || kind === 'CreateReplicaSet')
    .map(inShort);
}

const [x, y, z] = [ready('x'), ready('y'), ready('z')];

test('a new revision starts empty: the roll-out fills it', () => {
  const snapshot = fleetSnapshot(readyEngines(3), { revision: 'bbb' });
  const decision = fleetDecision(snapshot, sizeDecision(3, 3));
  expect(planFleet(snapshot, decision).map(inShort)).toEqual(['create bbb with 0']);
});

describe('a surge', () => {
  test('is one engine more than the fleet should have, or as many as the budget says', () => {
    expect(orders(readyEngines(3), [], 3)).toEqual(['Grow chat-bbb 0 → 1']);
    expect(orders(readyEngines(3), [], 3, { rollout: { maxConcurrent: 2 } })).toEqual([
      'Grow chat-bbb 0 → 2',
    ]);
  });

  test('waits for the new engine that is starting, and for the old one that leaves', () => {
    expect(orders(readyEngines(3), [loading('new')], 3)).toEqual([]);
    expect(orders(readyEngines(3), [x], 3)).toEqual([]);
  });

  test('has no more engines starting than the budget says, though old ones are gone', () => {
    const starting = [loading('a'), loading('b'), x];
    expect(orders(readyEngines(2), starting, 4, { rollout: { maxConcurrent: 2 } })).toEqual([]);
  });

  test('orders no more of the new revision than the fleet should have', () => {
    expect(orders(readyEngines(1), [x, y, z], 3, { rollout: { maxConcurrent: 2 } })).toEqual([]);
  });

  test.each(['Paused', 'Blocked', 'Stopped'] as const)('is not begun while the roll-out is %s', (phase) => {
    expect(orders(readyEngines(3), [], 3, { state: { phase } })).toEqual([]);
  });

  test('goes back as it goes forth', () => {
    expect(orders(readyEngines(3), [], 3, { state: { phase: 'RollingBack' } })).toEqual([
      'Grow chat-bbb 0 → 1',
    ]);
  });
});

describe('load that rises meanwhile', () => {
  test('is served by the new revision once it has shown a ready engine', () => {
    expect(orders(readyEngines(2), [x], 5)).toEqual(['Grow chat-bbb 1 → 3']);
  });

  test('is served by the old one before that, and when the new one is bad', () => {
    expect(orders(readyEngines(3), [loading('new')], 5)).toEqual(['Grow chat-aaa 3 → 5']);
    const stopped = { state: { phase: 'Stopped', reason: 'RolloutRegression' } } as const;
    expect(orders(readyEngines(2), [x], 5, stopped)).toEqual(['Grow chat-aaa 2 → 4']);
  });

  test('is served by the new one when no old one is ready', () => {
    expect(orders([loading('old')], [], 3)).toEqual(['Grow chat-bbb 0 → 2']);
  });

  test('leaves a ReplicaSet alone that is about to be told to remove an engine: the size would be another one', () => {
    const [a, ...others] = readyEngines(3);
    if (a === undefined) throw new Error('no engine');
    const claim = claimOn(a, { cause: 'RollOut', step: 'Removing', toReplicas: 2 });
    const scene = { claims: [claim] };
    expect(orders([aboutToGo(a, claim), ...others], [loading('new')], 6, scene)).toEqual([]);
  });
});

describe('what a roll-out that drains first has taken away', () => {
  const first = { rollout: { strategy: 'DrainFirst' } };

  test('comes back as the new revision, though it has shown no ready engine', () => {
    expect(orders(readyEngines(2), [], 3, first)).toEqual(['Grow chat-bbb 0 → 1']);
  });

  test('as far as the budget goes: the rest is served by what is known to start', () => {
    expect(orders(readyEngines(2), [], 5, first)).toEqual(['Grow chat-bbb 0 → 1', 'Grow chat-aaa 2 → 4']);
  });

  test('is not ordered before it is gone', () => {
    expect(orders(readyEngines(3), [], 3, first)).toEqual([]);
  });
});
