import { describe, expect, test } from 'vitest';
import { claimInShort, claimOn, fleetWith } from '../../test/builders/claims.ts';
import { loading, NOW, ready, readyEngines, silent, unready } from '../../test/builders/engines.ts';
import { fleetSnapshot, of, replicaSet } from '../../test/builders/fleets.ts';
import type { Disruption } from '../api/v1alpha1/status.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import { beginRollout } from './begin-rollout.ts';
import { rolloutState } from './rollout-state.ts';
import { NOBODY_SICK } from '../disruption/sick.ts';

interface Scene {
  readonly rollout?: Readonly<Record<string, unknown>>;
  readonly claims?: readonly Disruption[];
  readonly desired?: number;
  readonly noRoomUntilMs?: number;
  readonly unwanted?: readonly EngineSnapshot[];
}

/** Who goes next of these old engines while these new ones are there. */
function next(old: readonly EngineSnapshot[], fresh: readonly EngineSnapshot[], scene: Scene = {}): string[] {
  const { rollout = {}, claims = [], desired = old.length, noRoomUntilMs = 0, unwanted = [] } = scene;
  const snapshot = fleetSnapshot([...old, ...fresh.map((engine) => of('bbb', engine))], {
    fleet: fleetWith({ rollout }, claims),
    revision: 'bbb',
    replicaSets: [replicaSet('aaa', old.length), replicaSet('bbb', fresh.length)],
  });
  const state = rolloutState(snapshot, { desired, noRoomUntilMs, nowMs: NOW });
  const needs = unwanted.map((engine) => ({ engine, cause: 'Restart', message: '' }) as const);
  return beginRollout(snapshot, { desired, rollout: state, sick: NOBODY_SICK, nowMs: NOW }, needs).map(
    claimInShort,
  );
}

const idle = { running: 0, waiting: 0 };
const busy = { running: 9, waiting: 0 };
const taken = 'Shrink engine-0 (RollOut) Claimed SurgeFirst';

describe('SurgeFirst takes what the fleet has too many of', () => {
  test('an old engine once the new one serves', () => {
    expect(next(readyEngines(3), [ready('new')])).toEqual([taken]);
  });

  test.each([
    ['before a new one was made', readyEngines(3), []],
    ['before the new one is ready', readyEngines(3), [loading('new')]],
    ['before the page of the new one is read', readyEngines(3), [silent('new')]],
    [
      'while the page of an old one is missing: nothing is removed on missing data',
      oneSilent(),
      [ready('new')],
    ],
  ])('no engine that serves %s', (_when, old, fresh) => {
    expect(next(old, fresh)).toEqual([]);
  });

  test('an old engine that does not serve first, however far the new one is', () => {
    const old = [ready('a', idle), unready('b'), ready('c', idle)];
    expect(next(old, [loading('new')])).toEqual(['Shrink b (RollOut) Claimed SurgeFirst']);
    expect(next(old, [])).toEqual([]);
  });

  test('the idlest, but first the one that would be replaced anyway', () => {
    const old = [ready('a', idle), ready('b', busy), ready('c', busy)];
    expect(next(old, [ready('new')])).toEqual(['Shrink a (RollOut) Claimed SurgeFirst']);
    expect(next(old, [ready('new')], { unwanted: old.slice(1, 2) })).toEqual([
      'Shrink b (RollOut) Claimed SurgeFirst',
    ]);
  });

  test('as many at a time as the budget says, and no more than serve beyond the size', () => {
    const fresh = [ready('x'), ready('y'), ready('z')];
    expect(next(readyEngines(5), fresh)).toHaveLength(1);
    expect(next(readyEngines(5), fresh, { rollout: { maxConcurrent: 2 } })).toHaveLength(2);
    expect(next(readyEngines(5), [ready('x'), loading('y')], { rollout: { maxConcurrent: 2 } })).toHaveLength(
      1,
    );
  });

  test('nobody more while one that was claimed has not left', () => {
    const old = readyEngines(3);
    const claims = old.slice(0, 1).map((engine) => claimOn(engine, { cause: 'RollOut' }));
    expect(next(old, [ready('x'), ready('y')], { claims })).toEqual([]);
  });
});

describe('DrainFirst lets engines be missing', () => {
  const first = { strategy: 'DrainFirst' };
  const victim = 'Shrink engine-0 (RollOut) Claimed DrainFirst';

  test('an old engine goes before a new one is made', () => {
    expect(next(readyEngines(3), [], { rollout: first })).toEqual([victim]);
  });

  test('and no second one before the new one serves', () => {
    const two = readyEngines(2);
    expect(next(two, [loading('new')], { rollout: first, desired: 3 })).toEqual([]);
    expect(next(two, [ready('new')], { rollout: first, desired: 3 })).toEqual([victim]);
  });

  test('as many as maxUnavailable and the budget say', () => {
    const wide = { ...first, maxUnavailable: 3, maxConcurrent: 2 };
    expect(next(readyEngines(5), [], { rollout: wide })).toHaveLength(2);
    expect(next(readyEngines(5), [], { rollout: { ...wide, maxConcurrent: 9 } })).toHaveLength(3);
  });

  test('never the last one, unless downtime is allowed', () => {
    expect(next(readyEngines(1), [], { rollout: first })).toEqual([]);
    expect(next(readyEngines(1), [], { rollout: { ...first, allowDowntime: true } })).toEqual([victim]);
    expect(
      next(readyEngines(2), [], { rollout: { ...first, maxUnavailable: 5, maxConcurrent: 5 } }),
    ).toHaveLength(1);
  });

  test('the last one of a fleet that is to have none', () => {
    expect(next(readyEngines(1), [], { rollout: first, desired: 0 })).toEqual([victim]);
  });

  test('is what SurgeFirst does while there is no room for both', () => {
    expect(next(readyEngines(3), [], { noRoomUntilMs: NOW + 1 })).toEqual([victim]);
  });

  test('an engine that serves nothing goes at once, though others are missing already', () => {
    const old = [unready('a'), ready('b')];
    expect(next(old, [], { rollout: { ...first, maxUnavailable: 1 }, desired: 2 })).toEqual([
      'Shrink a (RollOut) Claimed DrainFirst',
    ]);
  });
});

describe('a pause', () => {
  test('ends the step that is under way: what is too many goes', () => {
    expect(next(readyEngines(3), [ready('new')], { rollout: { paused: true } })).toEqual([taken]);
  });

  test('begins nothing', () => {
    expect(next(readyEngines(3), [], { rollout: { paused: true, strategy: 'DrainFirst' } })).toEqual([]);
  });
});

function oneSilent(): readonly EngineSnapshot[] {
  return [...readyEngines(2), silent('mute')];
}
