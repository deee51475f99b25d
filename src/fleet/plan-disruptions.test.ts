import { describe, expect, test } from 'vitest';
import {
  aboutToGo,
  claimInShort,
  claimOn,
  EMPTY,
  fleetWith,
  inShort,
  markedBy,
  releasedFrom,
  unlisted,
} from '../../test/builders/claims.ts';
import { loading, NOW, ready, secondsAgo } from '../../test/builders/engines.ts';
import { fleetSnapshot, of, replicaSet } from '../../test/builders/fleets.ts';
import type { Disruption } from '../api/v1alpha1/status.ts';
import { DRAINING_DELETION_COST } from '../disruption/marks.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { planDisruptions, type DisruptionPlan } from './plan-disruptions.ts';
import { rolloutState } from './rollout-state.ts';
import { NOBODY_SICK } from '../disruption/sick.ts';

interface Scene extends Partial<FleetSnapshot> {
  readonly claims?: readonly Disruption[];
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly history?: readonly string[];
}

function plan(engines: readonly EngineSnapshot[], desired: number, scene: Scene = {}): DisruptionPlan {
  const { claims = [], spec = {}, history = [], ...more } = scene;
  const fleet = fleetWith(spec, claims, { disruptionHistory: history });
  const snapshot = fleetSnapshot(engines, { fleet, ...more });
  const rollout = rolloutState(snapshot, { desired, nowMs: NOW });
  const watches = unlisted(...engines.filter(({ isListed }) => !isListed));
  return planDisruptions(snapshot, { desired, rollout, watches, sick: NOBODY_SICK, nowMs: NOW });
}

const acts = (done: DisruptionPlan): readonly string[] => done.actions.map(inShort);
const written = (done: DisruptionPlan): readonly string[] | undefined => done.claims?.map(claimInShort);

const [a, b, c, d] = [ready('a'), ready('b'), ready('c'), ready('d')];

describe('a claim is written before anything is touched', () => {
  test('in the pass that makes it no engine is marked', () => {
    const first = plan([a, b], 1);
    expect([written(first), acts(first)]).toEqual([['Shrink a (ScaleDown) Claimed'], []]);
    expect(first.begun).toMatchObject([{ claimedAt: new Date(NOW).toISOString() }]);
  });

  test('and nothing is written while it goes on as it stands', () => {
    const second = plan([a, b], 1, { claims: [claimOn(a)] });
    expect([second.claims, acts(second)]).toEqual([undefined, ['MarkDraining a']]);
    const draining = claimOn(a, { step: 'Draining' });
    const third = plan([markedBy(a, draining), b], 1, { claims: [draining] });
    expect([third.claims, acts(third)]).toEqual([undefined, []]);
    expect(third.progress.get('uid-a')).toBe('no page tells whether it still has requests');
  });

  test('each step is written too', () => {
    const claim = claimOn(a);
    const done = plan([markedBy(a, claim), b], 1, { claims: [claim] });
    expect([written(done), acts(done)]).toEqual([['Shrink a (ScaleDown) Draining'], []]);
  });
});

describe('the end of a claim', () => {
  const removing = claimOn(a, { step: 'Removing', toReplicas: 1 });
  const told = { claims: [removing], replicaSets: [replicaSet('aaa', 1)] };

  test('takes it out of the list, and is told', () => {
    const done = plan([b], 1, told);
    expect(done.claims).toEqual([]);
    expect(done.ended).toMatchObject([
      { outcome: 'Drained', message: 'left after 60 s, no request was cut' },
    ]);
  });

  test('is written into the history with the list, so that no crash between two writes loses it', () => {
    const history = ['2026-03-02T09:00:00.000Z Drained: Shrink of x (ScaleDown): left after 12 s'];
    expect(plan([b], 1, { ...told, history }).outcomes).toEqual([
      ...history,
      '2026-03-02T10:00:00.000Z Drained: Shrink of a (ScaleDown): left after 60 s, no request was cut',
    ]);
  });

  test('leaves the other claims as they are', () => {
    const other = claimOn(b, { step: 'Draining' });
    const done = plan([markedBy(b, other), c], 1, {
      claims: [removing, other],
      replicaSets: [replicaSet('aaa', 2)],
    });
    expect(written(done)).toEqual(['Shrink b (ScaleDown) Draining']);
  });
});

describe('two claims in one pass', () => {
  const [replaceA, replaceB] = [a, b].map((engine) =>
    claimOn(engine, { command: 'Replace', cause: 'Restart', strategy: 'SurgeFirst', step: 'Surging' }),
  );
  const out = { isMember: false };
  const claims = [replaceA, replaceB].flatMap((claim) => claim ?? []);

  test('never take more engines out of the Service together than each might alone', () => {
    const engines = [{ ...a, ...out }, { ...b, ...out }, c, d, loading('x')];
    const done = plan(engines, 3, { claims, replicaSets: [replicaSet('aaa', 3)] });
    expect(acts(done)).toEqual(['MarkDraining a']);
    expect(done.progress.get('uid-b')).toBe(
      'it serves on until enough others do (2 other engines serve and are read, 3 are needed)',
    );
  });

  test('both go when enough others serve', () => {
    const engines = [{ ...a, ...out }, { ...b, ...out }, c, d, ready('x')];
    const done = plan(engines, 3, { claims, replicaSets: [replicaSet('aaa', 3)] });
    expect(acts(done)).toEqual(['MarkDraining a', 'MarkDraining b']);
  });

  test('of a ReplicaSet remove one engine after the other', () => {
    const [one, two] = [claimOn(a, { step: 'Draining' }), claimOn(b, { step: 'Draining' })];
    const engines = [markedBy(a, one, EMPTY), markedBy(b, two, EMPTY), c, d];
    const done = plan(engines, 2, { claims: [one, two] });
    expect(written(done)).toEqual(['Shrink a (ScaleDown) Removing', 'Shrink b (ScaleDown) Draining']);
    expect(done.progress.get('uid-b')).toBe('it is empty, another engine is removed first');
    expect([...done.removing]).toEqual(['aaa']);
  });

  test('of two ReplicaSets do not wait for each other', () => {
    const other = of('bbb', b);
    const [one, two] = [claimOn(a, { step: 'Draining' }), claimOn(other, { step: 'Draining' })];
    const engines = [markedBy(a, one, EMPTY), markedBy(other, two, EMPTY), c, of('bbb', d)];
    const replicaSets = [replicaSet('aaa', 2), replicaSet('bbb', 2)];
    const done = plan(engines, 2, { claims: [one, two], replicaSets });
    expect(written(done)).toEqual(['Shrink a (ScaleDown) Removing', 'Shrink b (ScaleDown) Removing']);
  });

  test('a replace that deletes its engine holds up no shrink', () => {
    const replace = claimOn(a, {
      command: 'Replace',
      cause: 'Restart',
      strategy: 'SurgeFirst',
      step: 'Removing',
    });
    const shrink = claimOn(b, { step: 'Draining' });
    const done = plan([markedBy(b, shrink, EMPTY), c, d], 2, { claims: [replace, shrink] });
    expect(written(done)).toContain('Shrink b (ScaleDown) Removing');
  });
});

describe('an engine outside its ReplicaSet without a claim', () => {
  const orphan = { ...a, isMember: false };

  test('is one whose replace was forgotten: it is finished', () => {
    expect(written(plan([orphan, b, c], 2, { replicaSets: [replicaSet('aaa', 2)] }))).toEqual([
      'Replace a (Recovered) Claimed SurgeFirst',
    ]);
  });

  test('that has a claim is left to it', () => {
    const claim = claimOn(a, {
      command: 'Replace',
      cause: 'Restart',
      strategy: 'SurgeFirst',
      step: 'Surging',
    });
    const scene = { claims: [claim], replicaSets: [replicaSet('aaa', 3)] };
    expect(plan([orphan, b, c, loading('x')], 3, scene).begun).toEqual([]);
  });
});

describe('a mark that no claim stands behind', () => {
  test.each<[what: string, engine: EngineSnapshot]>([
    ['after somebody emptied the status', markedBy(a, claimOn(a))],
    ['a label that somebody edited', { ...a, serving: 'suspect' }],
    ['a cost that was left behind', { ...a, deletionCost: DRAINING_DELETION_COST }],
  ])('is taken off: %s', (_what, engine) => {
    expect(acts(plan([engine, b, c], 3))).toEqual(['PutBack a']);
  });

  test('is taken off before another engine is marked', () => {
    const scene = { claims: [claimOn(b)] };
    expect(acts(plan([{ ...a, serving: 'suspect' }, b, c], 2, scene))).toEqual([
      'PutBack a',
      'MarkDraining b',
    ]);
  });

  test('is not that of an engine which was given back', () => {
    expect(acts(plan([releasedFrom(a, claimOn(a)), b, c], 3))).toEqual([]);
  });

  test('says who goes while the ReplicaSet removes one', () => {
    const removing = plan([aboutToGo(a, claimOn(a)), b, c], 2, { replicaSets: [replicaSet('aaa', 2)] });
    expect(acts(removing)).toEqual([]);
  });

  test('is the cost of the one that did not start, while another engine takes its place again', () => {
    const claim = claimOn(a, {
      command: 'Replace',
      cause: 'Restart',
      strategy: 'SurgeFirst',
      step: 'Returning',
    });
    const standIn = loading('x', 300, { deletionCost: DRAINING_DELETION_COST });
    const out = { ...a, isMember: false };
    expect(acts(plan([out, b, c, standIn], 3, { claims: [claim] }))).toEqual(['Reattach a']);
  });
});

describe('a victim that is marked by an earlier claim of the same engine', () => {
  test('is marked anew: a release of the earlier one says nothing about this one', () => {
    const earlier = claimOn(a, { claimedAt: new Date(secondsAgo(900)).toISOString() });
    expect(acts(plan([markedBy(a, earlier), b], 1, { claims: [claimOn(a)] }))).toEqual(['MarkDraining a']);
  });
});
