import { describe, expect, test } from 'vitest';
import { claimInShort, claimOn, fleetWith } from '../../test/builders/claims.ts';
import {
  loading,
  NOW,
  ready,
  readyEngines,
  secondsAgo,
  silent,
  terminating,
  unready,
  unschedulable,
} from '../../test/builders/engines.ts';
import { fleetSnapshot, of, replicaSet } from '../../test/builders/fleets.ts';
import { ANNOTATIONS } from '../api/v1alpha1/constants.ts';
import type { Disruption } from '../api/v1alpha1/status.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { arbitrate, type Arbitration } from './arbitrate.ts';
import { rolloutState } from './rollout-state.ts';
import { NOBODY_SICK } from '../disruption/sick.ts';

interface Scene extends Partial<FleetSnapshot> {
  readonly claims?: readonly Disruption[];
  readonly rollout?: Readonly<Record<string, unknown>>;
  readonly asked?: string;
  readonly held?: string;
}

function decide(engines: readonly EngineSnapshot[], desired: number, scene: Scene = {}): Arbitration {
  const { claims = [], rollout = {}, asked, held, ...more } = scene;
  const fleet = fleetWith({ rollout }, claims);
  const annotations = asked === undefined ? {} : { [ANNOTATIONS.replace]: asked };
  const metadata = { ...fleet.metadata, annotations };
  const snapshot = fleetSnapshot(engines, { fleet: { ...fleet, metadata }, ...more });
  const state = rolloutState(snapshot, { desired, nowMs: NOW });
  return arbitrate(snapshot, {
    desired,
    rollout: state,
    sick: NOBODY_SICK,
    nowMs: NOW,
    ...(held !== undefined && { held }),
  });
}

const begun = (engines: readonly EngineSnapshot[], desired: number, scene?: Scene): readonly string[] =>
  decide(engines, desired, scene).begin.map(({ engine }) => engine);
/** Names of the engines that are wanted after all. */
const kept = (engines: readonly EngineSnapshot[], desired: number, scene?: Scene): readonly string[] =>
  [...decide(engines, desired, scene).cancel.keys()].map((uid) => uid.replace('uid-', ''));
const why = (arbitration: Arbitration): readonly string[] => [...arbitration.cancel.values()];

const ago = (seconds: number) => ({ claimedAt: new Date(secondsAgo(seconds)).toISOString() });
const [a, b, c, d] = [ready('a'), ready('b'), ready('c'), ready('d')];
const idle = { running: 0, waiting: 0 };

describe('a smaller size', () => {
  test('claims the engine that is needed least', () => {
    const engines = [ready('busy', { running: 9, waiting: 0 }), ready('idle', idle)];
    expect(decide(engines, 1).begin.map(claimInShort)).toEqual(['Shrink idle (ScaleDown) Claimed']);
  });

  test('claims a tenth of the fleet at a time, at least one', () => {
    expect(begun(readyEngines(5), 1)).toHaveLength(1);
    expect(begun(readyEngines(30), 1)).toHaveLength(3);
  });

  test('waits while as many drain', () => {
    expect(begun([a, b, c, d], 1, { claims: [claimOn(a, { step: 'Draining' })] })).toEqual([]);
  });

  test('claims as many as are too many, those that drain already counted', () => {
    expect(begun([a, b, c], 2, { claims: [claimOn(a)] })).toEqual([]);
    expect(begun([a, b, c], 3)).toEqual([]);
  });

  test('takes all engines that are starting before one that serves, and they cost no budget', () => {
    const engines = [a, b, loading('x'), unschedulable('y'), loading('z')];
    expect(begun(engines, 2)).toEqual(['y', 'x', 'z']);
    expect(begun(engines, 1)).toEqual(['y', 'x', 'z', 'a']);
  });

  test('claims at most ten at once', () => {
    const starting = Array.from({ length: 30 }, (_, index) => loading(`x${index}`));
    expect(begun([a, ...starting], 1)).toHaveLength(10);
  });

  test('takes an engine that would be replaced anyway', () => {
    const busy = ready('busy', { running: 9, waiting: 0 });
    expect(begun([ready('idle', idle), busy], 1, { asked: 'busy' })).toEqual(['busy']);
  });

  test('takes nobody whose page is missing', () => {
    expect(begun([silent('a'), silent('b')], 1)).toEqual([]);
    expect(begun([silent('a'), ready('b', { running: 50, waiting: 9 })], 1)).toEqual(['b']);
  });

  test('counts an engine that is on its way out as gone', () => {
    expect(begun([terminating('gone'), a, b], 2)).toEqual([]);
  });

  test.each([
    ['makes an engine', 4],
    ['removes one without a claim', 2],
  ])('waits while the ReplicaSet %s: who goes is not certain', (_when, replicas) => {
    expect(begun([a, b, c], 1, { replicaSets: [replicaSet('aaa', replicas)] })).toEqual([]);
  });
});

describe('a larger size takes claims back before it orders anything', () => {
  const claims = [
    claimOn(a, { ...ago(300), step: 'Draining' }),
    claimOn(b, { ...ago(30) }),
    claimOn(c, { ...ago(100), step: 'Draining' }),
  ];

  test.each([
    [1, []],
    [2, ['b']],
    [3, ['b', 'c']],
    [4, ['b', 'c', 'a']],
    [9, ['b', 'c', 'a']],
  ])('to %i: the claim made last first', (desired, engines) => {
    expect(kept([a, b, c, d], desired, { claims })).toEqual(engines);
  });

  test('and rather an engine that serves than one that starts, and that than one that is gone', () => {
    const [x, gone] = [loading('x'), terminating('gone')];
    const mixed = [claimOn(gone), claimOn(x), claimOn(a, ago(300))];
    expect(kept([a, b, x, gone], 2, { claims: mixed, replicaSets: [replicaSet('aaa', 4)] })).toEqual(['a']);
    expect(kept([a, b, x, gone], 3, { claims: mixed, replicaSets: [replicaSet('aaa', 4)] })).toEqual([
      'a',
      'x',
    ]);
  });

  test('and says why', () => {
    expect(why(decide([a, b, c, d], 2, { claims }))).toEqual(['the fleet is to have 2 engines after all']);
  });

  test('but not the one whose removal has begun', () => {
    const removing = claimOn(b, { ...ago(30), step: 'Removing', toReplicas: 3 });
    expect(kept([a, b, c, d], 4, { claims: [claimOn(a, ago(300)), removing] })).toEqual(['a']);
  });

  test('and begins nothing meanwhile', () => {
    expect(decide([a, b, c, d], 4, { claims, asked: 'd' }).begin).toEqual([]);
    expect(decide([a, b], 3, { asked: 'a' }).begin).toEqual([]);
  });

  test('and leaves replaces alone: they take nothing away', () => {
    const replace = claimOn(a, {
      command: 'Replace',
      cause: 'Restart',
      strategy: 'SurgeFirst',
      step: 'Surging',
    });
    expect(kept([{ ...a, isMember: false }, b, c, d], 9, { claims: [replace] })).toEqual([]);
  });
});

describe('while somebody else writes the size', () => {
  const held = 'HorizontalPodAutoscaler x aims at this fleet';

  test('an engine that drains for a smaller one serves again', () => {
    const arbitration = decide([a, b, c], 2, { claims: [claimOn(a, { step: 'Draining' })], held });
    expect(why(arbitration)).toEqual([held]);
  });

  test('a removal that has begun is finished, and so is a roll-out', () => {
    const claims = [
      claimOn(a, { step: 'Removing', toReplicas: 2 }),
      claimOn(b, { cause: 'RollOut', step: 'Draining' }),
    ];
    const replicaSets = [replicaSet('aaa', 3), replicaSet('bbb', 1)];
    const scene = { claims, held, revision: 'bbb', replicaSets };
    expect(kept([a, b, c, of('bbb', d)], 2, scene)).toEqual([]);
  });
});

describe('a claim whose reason is gone is given up', () => {
  const rolling = { revision: 'bbb', replicaSets: [replicaSet('aaa', 3), replicaSet('bbb', 1)] };
  const crashing = of('bbb', loading('new', 60, { restarts: 3 }));
  const forRollout = { cause: 'RollOut', step: 'Draining' } as const;

  test('an old engine, when its revision is to serve again', () => {
    const arbitration = decide([a, b, c], 3, { claims: [claimOn(a, forRollout)] });
    expect(why(arbitration)).toEqual(['revision aaa is to serve after all']);
  });

  test('an old engine, when the new revision turns out to be bad', () => {
    const scene = { ...rolling, claims: [claimOn(a, forRollout)] };
    expect(why(decide([a, b, c, crashing], 3, scene))).toEqual(['the roll-out is stopped']);
  });

  test('not when its removal has begun', () => {
    const removing = claimOn(a, { ...forRollout, step: 'Removing', toReplicas: 2 });
    expect(kept([a, b, c, crashing], 3, { ...rolling, claims: [removing] })).toEqual([]);
  });

  const replace = (step: Disruption['step'], cause: Disruption['cause'] = 'Requested') =>
    claimOn(a, { command: 'Replace', strategy: 'SurgeFirst', cause, step });

  test('a replace that nobody asks for any more, unless it has begun', () => {
    expect(why(decide([a, b, c], 3, { claims: [replace('Claimed')] }))).toEqual([
      'nobody asks for it any more',
    ]);
    expect(kept([a, b, c], 3, { claims: [replace('Claimed')], asked: 'a' })).toEqual([]);
    expect(kept([a, b, c], 3, { claims: [replace('Surging')] })).toEqual([]);
  });

  test('not the one that finishes what was found half done', () => {
    expect(kept([a, b, c], 3, { claims: [replace('Claimed', 'Recovered')] })).toEqual([]);
  });
});

describe('a roll-out', () => {
  const sets = { revision: 'bbb', replicaSets: [replicaSet('aaa', 3), replicaSet('bbb', 1)] };
  const fresh = of('bbb', ready('new'));

  test('comes before replaces', () => {
    expect(begun([a, b, c, fresh], 3, { ...sets, asked: 'b' })).toEqual(['b']);
    expect(decide([a, b, c, fresh], 3, { ...sets, asked: 'b' }).begin).toMatchObject([{ cause: 'RollOut' }]);
    expect(begun([a, b, c, of('bbb', loading('new'))], 3, { ...sets, asked: 'b' })).toEqual([]);
  });

  test('that was stopped shrinks the old revision, and keeps the engine that failed to be looked at', () => {
    const crashing = of('bbb', loading('new', 60, { restarts: 3 }));
    expect(begun([a, b, c, crashing], 3, sets)).toEqual([]);
    expect(begun([a, b, c, crashing], 2, sets)).toEqual(['a']);
  });

  test('takes no old engine in the pass that gives another one back', () => {
    const [x, y] = [of('bbb', ready('x')), of('bbb', ready('y'))];
    const replicaSets = [replicaSet('aaa', 3), replicaSet('bbb', 2)];
    const scene = { ...sets, replicaSets, rollout: { maxConcurrent: 2 } };
    const claims = [claimOn(x, { cause: 'RollOut', step: 'Draining' })];
    expect(begun([a, b, c, x, y], 3, scene)).toEqual(['a', 'b']);
    const turned = decide([a, b, c, x, y], 3, { ...scene, claims });
    expect([why(turned), turned.begin]).toEqual([['revision bbb is to serve after all'], []]);
  });

  test('without a surge is no growth: as many as may be missing are not taken back', () => {
    const first = { strategy: 'DrainFirst' };
    const claims = [claimOn(a, { cause: 'RollOut', strategy: 'DrainFirst', step: 'Draining' })];
    const scene = { ...sets, replicaSets: [replicaSet('aaa', 3), replicaSet('bbb', 0)], claims };
    expect(kept([a, b, c], 3, { ...scene, rollout: first })).toEqual([]);
    expect(kept([a, b, c], 4, { ...scene, rollout: first })).toEqual(['a']);
  });

  test('of a fleet of one that may not be missing takes its claim back', () => {
    const claims = [claimOn(a, { cause: 'RollOut', strategy: 'DrainFirst', step: 'Draining' })];
    const scene = { ...sets, replicaSets: [replicaSet('aaa', 1), replicaSet('bbb', 0)], claims };
    expect(kept([a], 1, { ...scene, rollout: { strategy: 'DrainFirst' } })).toEqual(['a']);
    const allowed = { strategy: 'DrainFirst', allowDowntime: true };
    expect(kept([a], 1, { ...scene, rollout: allowed })).toEqual([]);
  });
});

test('a replace begins in a fleet that is as large as it should be, and not beside a shrink', () => {
  expect(begun([a, b, c], 3, { asked: 'b' })).toEqual(['b']);
  expect(decide([a, b, c], 2, { asked: 'b' }).begin.map(claimInShort)).toEqual([
    'Shrink b (ScaleDown) Claimed',
  ]);
});

test('why an engine is not replaced is told', () => {
  expect(decide([a, unready('b'), c], 3, { asked: 'a' }).blocked?.reason).toBe('ServingFloor');
});
