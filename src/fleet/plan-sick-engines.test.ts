import { describe, expect, test } from 'vitest';
import { claimInShort, claimOn, fleetWith, inShort } from '../../test/builders/claims.ts';
import {
  loading,
  NOW,
  ready,
  readyEngines,
  secondsAgo,
  terminating,
  unready,
} from '../../test/builders/engines.ts';
import { fleetSnapshot, of, replicaSet } from '../../test/builders/fleets.ts';
import { sickBy, suspectBy, watchedFor } from '../../test/builders/sick.ts';
import { ANNOTATIONS } from '../api/v1alpha1/constants.ts';
import type { Disruption } from '../api/v1alpha1/status.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { replaceNeeds } from './needs.ts';
import { outcomeLine, type Outcome } from './outcomes.ts';
import { planDisruptions, type DisruptionPlan } from './plan-disruptions.ts';
import { rolloutState } from './rollout-state.ts';

const [a, b, c, d] = [ready('a'), ready('b'), ready('c'), ready('d')];

interface Scene extends Partial<FleetSnapshot> {
  readonly sick?: Parameters<typeof sickBy>[0];
  readonly claims?: readonly Disruption[];
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly history?: readonly Outcome[];
  readonly asked?: string;
  readonly desired?: number;
}

function plan(engines: readonly EngineSnapshot[], scene: Scene): DisruptionPlan {
  const { sick = {}, claims = [], spec = {}, history = [], asked, desired = engines.length, ...more } = scene;
  const fleet = fleetWith(spec, claims, { disruptionHistory: history.map(outcomeLine) });
  const annotations = asked === undefined ? {} : { [ANNOTATIONS.replace]: asked };
  const metadata = { ...fleet.metadata, annotations };
  const snapshot = fleetSnapshot(engines, { fleet: { ...fleet, metadata }, ...more });
  const rollout = rolloutState(snapshot, { desired, nowMs: NOW });
  return planDisruptions(snapshot, { desired, rollout, watches: new Map(), sick: sickBy(sick), nowMs: NOW });
}

const begun = (engines: readonly EngineSnapshot[], scene: Scene): readonly string[] =>
  plan(engines, scene).begun.map(claimInShort);
const written = (engines: readonly EngineSnapshot[], scene: Scene): readonly string[] | undefined =>
  plan(engines, scene).claims?.map(claimInShort);

const REPLACE_A = ['Replace a (Dead) Claimed DrainFirst'];
const deadClaim = (engine: EngineSnapshot, more: Partial<Disruption> = {}): Disruption =>
  claimOn(engine, {
    command: 'Replace',
    cause: 'Dead',
    signature: 'Wedged',
    strategy: 'DrainFirst',
    step: 'Removing',
    ...more,
  });
const replaced = (minutes: number): Outcome => ({
  atMs: secondsAgo(60 * minutes),
  engine: 'x',
  command: 'Replace',
  cause: 'Dead',
  outcome: 'Cut',
  message: 'another engine is in its place',
});

describe('an engine that is proved dead is replaced at once', () => {
  test.each<[when: string, engines: readonly EngineSnapshot[], scene: Scene]>([
    ['in a fleet that is whole', [a, b, c], {}],
    ['the only one of its fleet', [a], {}],
    ['while the others are not ready', [a, unready('b'), loading('c')], {}],
    ['where none may be missing', [a, b, c], { spec: { rollout: { maxUnavailable: 0 } } }],
    ['while the fleet grows', [a, b, c], { desired: 5 }],
    ['not ready any more', [unready('a'), b, c], {}],
    [
      'while another revision is rolled out',
      [a, b, c, of('bbb', d)],
      { desired: 3, revision: 'bbb', replicaSets: [replicaSet('aaa', 3), replicaSet('bbb', 1)] },
    ],
    [
      'while another engine is replaced for another cause',
      [a, b, { ...c, isMember: false }],
      {
        claims: [
          claimOn(c, { command: 'Replace', cause: 'Requested', strategy: 'SurgeFirst', step: 'Surging' }),
        ],
      },
    ],
  ])('%s', (_when, engines, scene) => {
    expect(begun(engines, { ...scene, sick: { a: 'Dead' } })).toEqual(REPLACE_A);
  });

  test('before one that is suspected is isolated', () => {
    expect(begun([a, b, c, d], { sick: { a: 'Dead', b: 'Suspected' } })).toEqual(REPLACE_A);
  });

  test('and in one pass with no other that is', () => {
    expect(begun([a, b, c], { sick: { a: 'Dead', b: 'Dead' } })).toEqual(REPLACE_A);
  });

  test('after the one before: its claim stands until the fleet is whole', () => {
    const engines = [b, c, terminating('x')];
    const claims = [deadClaim(terminating('x'))];
    expect(begun(engines, { sick: { b: 'Dead' }, claims, desired: 3 })).toEqual([]);
  });

  test('within remediation.maxPerHour, and says so', () => {
    const scene = { sick: { a: 'Dead' }, spec: { remediation: { maxPerHour: 2 } } } as const;
    const full = plan([a, b, c], { ...scene, history: [replaced(50), replaced(5)] });
    expect(full.begun).toEqual([]);
    expect(full.blocked).toEqual({
      reason: 'RestartLimit',
      message: 'a is not replaced: 2 engines were replaced within an hour, remediation.maxPerHour is 2',
    });
    expect(begun([a, b, c], { ...scene, history: [replaced(61), replaced(5)] })).toEqual(REPLACE_A);
  });
});

describe('the order of what engines need', () => {
  const order = (sick: Parameters<typeof sickBy>[0], asked: string): readonly string[] => {
    const spec = { rollout: { restartAt: new Date(secondsAgo(60)).toISOString() } };
    const fleet = fleetWith(spec, []);
    const metadata = { ...fleet.metadata, annotations: { [ANNOTATIONS.replace]: asked } };
    const snapshot = fleetSnapshot([a, b, c, d, ready('e')], { fleet: { ...fleet, metadata } });
    return replaceNeeds(snapshot, sickBy(sick), NOW).map(({ engine, cause }) => `${engine.name} ${cause}`);
  };

  test('dead, asked for, sick, leaking, older than restartAt', () => {
    expect(order({ b: 'Leak', c: 'Sick', d: 'Dead' }, 'e')).toEqual([
      'd Dead',
      'e Requested',
      'c Sick',
      'b Leak',
      'a Restart',
    ]);
  });

  test('a person who names an engine that leaks gets it now; one that is dead is dead all the same', () => {
    expect(order({ a: 'Leak', b: 'Dead' }, 'a').slice(0, 2)).toEqual(['b Dead', 'a Requested']);
    expect(order({ a: 'Dead' }, 'a')[0]).toBe('a Dead');
  });

  test('a suspicion replaces nobody, but one that is to be restarted anyway', () => {
    expect(order({ a: 'Suspected' }, 'b')).toContain('a Restart');
    expect(begun([a, b, c], { sick: { a: 'Leak' } })).toEqual(['Replace a (Leak) Claimed SurgeFirst']);
  });

  test('an engine on its way out, or out of its ReplicaSet, needs nothing', () => {
    const out = { ...b, isMember: false };
    const snapshot = fleetSnapshot([terminating('a'), out]);
    expect(replaceNeeds(snapshot, sickBy({ a: 'Dead', b: 'Dead' }), NOW)).toEqual([]);
  });
});

describe('an engine that dies while it is replaced for another cause', () => {
  const surging = claimOn(a, { command: 'Replace', cause: 'Leak', strategy: 'SurgeFirst', step: 'Surging' });
  const out = { ...a, isMember: false };

  test.each(['Surging', 'Draining'] as const)('at step %s is neither waited for nor drained', (step) => {
    const scene = { sick: { a: 'Dead' }, claims: [{ ...surging, step }], desired: 3 } as const;
    expect(written([out, b, c], scene)).toEqual(REPLACE_A);
    expect(plan([out, b, c], scene).claims).toMatchObject([{ signature: 'Wedged' }]);
  });

  test.each(['Claimed', 'Removing', 'Returning'] as const)('at step %s goes on as it was', (step) => {
    const scene = { sick: { a: 'Dead' }, claims: [{ ...surging, step }], desired: 3 } as const;
    expect(written([out, b, c], scene) ?? []).not.toEqual(REPLACE_A);
  });

  test('goes on as it was while another one that is dead is replaced', () => {
    const claims = [surging, deadClaim(b)];
    const scene = { sick: { a: 'Dead' }, claims, desired: 3 } as const;
    expect(written([out, terminating('b'), c], scene) ?? []).not.toContain(REPLACE_A[0]);
  });

  test('a shrink has no use for another engine in its place', () => {
    const claims = [claimOn(a, { step: 'Draining' })];
    expect(written([a, b, c], { sick: { a: 'Dead' }, claims, desired: 2 }) ?? []).toEqual([]);
  });
});

describe('an engine that is isolated', () => {
  const isolate = claimOn(a, {
    command: 'Isolate',
    cause: 'Suspected',
    signature: 'Wedged',
    step: 'Isolated',
  });
  const marked = suspectBy(a, isolate);

  test('and proved dead is replaced by the same claim', () => {
    expect(written([marked, b, c], { sick: { a: 'Dead' }, claims: [isolate] })).toEqual(REPLACE_A);
  });

  test.each<[what: string, scene: Scene, told: string]>([
    [
      'while another one that was dead is',
      { claims: [isolate, deadClaim(b)] },
      'another engine is replaced first',
    ],
    [
      'beyond remediation.maxPerHour',
      { claims: [isolate], spec: { remediation: { maxPerHour: 1 } }, history: [replaced(5)] },
      '1 engines were replaced within an hour, remediation.maxPerHour is 1',
    ],
  ])('and proved dead is not replaced %s, and gets no requests meanwhile', (_what, scene, told) => {
    const spec = { rollout: { maxUnavailable: 2 }, ...scene.spec };
    const done = plan([marked, b, c], { ...scene, spec, sick: { a: 'Dead', b: 'Dead' } });
    expect(done.claims?.map(claimInShort) ?? []).not.toContain(REPLACE_A[0]);
    expect(done.progress.get('uid-a')).toBe(`it gets no requests, ${told}`);
  });

  test('is not proved in the pass in which another dead one is claimed', () => {
    const spec = { rollout: { maxUnavailable: 2 } };
    const done = plan([marked, b, c], { claims: [isolate], sick: { a: 'Dead', b: 'Dead' }, spec });
    expect(done.claims?.map(claimInShort)).toEqual([
      'Isolate a (Suspected) Isolated',
      'Replace b (Dead) Claimed DrainFirst',
    ]);
  });

  test('serves again once this leader has seen for itself that it is well', () => {
    const scene = { claims: [isolate], sick: {} } as const;
    expect(plan([marked, b, c], scene).actions).toEqual([]);
    expect(plan([watchedFor(marked, 89), b, c], scene).actions).toEqual([]);
    expect(plan([watchedFor(marked, 90), b, c], scene).actions.map(inShort)).toEqual(['PutBack a']);
  });

  test('is no engine too many: a smaller size takes one fewer of those that serve', () => {
    const scene = { claims: [isolate], sick: { a: 'Suspected' } } as const;
    const engines = [marked, ...readyEngines(19)];
    expect(begun(engines, { ...scene, desired: 19 })).toEqual([]);
    expect(begun(engines, { ...scene, desired: 18 })).toHaveLength(1);
  });
});

test('while an engine that is dead is replaced, a smaller size takes none that serves in its place', () => {
  const claims = [deadClaim(a, { step: 'Claimed' })];
  expect(begun([unready('a'), b], { claims, sick: { a: 'Dead' }, desired: 1 })).toEqual([]);
});
