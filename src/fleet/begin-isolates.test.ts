import { describe, expect, test } from 'vitest';
import { claimInShort, claimOn, fleetWith } from '../../test/builders/claims.ts';
import {
  NOW,
  ready,
  readyEngines,
  secondsAgo,
  silent,
  terminating,
  unready,
} from '../../test/builders/engines.ts';
import { fleetSnapshot } from '../../test/builders/fleets.ts';
import { sickBy } from '../../test/builders/sick.ts';
import type { Disruption } from '../api/v1alpha1/status.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import { beginIsolates } from './begin-isolates.ts';
import { outcomeLine, type Outcome } from './outcomes.ts';
import { rolloutState } from './rollout-state.ts';

const [a, b, c] = [ready('a'), ready('b'), ready('c')];

interface Scene {
  readonly sick?: Parameters<typeof sickBy>[0];
  readonly claims?: readonly Disruption[];
  readonly rollout?: Readonly<Record<string, unknown>>;
  readonly history?: readonly Outcome[];
  readonly desired?: number;
}

function begun(engines: readonly EngineSnapshot[], scene: Scene = {}): readonly string[] {
  const {
    sick = { a: 'Suspected' },
    claims = [],
    rollout = {},
    history = [],
    desired = engines.length,
  } = scene;
  const fleet = fleetWith({ rollout }, claims, { disruptionHistory: history.map(outcomeLine) });
  const snapshot = fleetSnapshot(engines, { fleet });
  const inputs = {
    desired,
    rollout: rolloutState(snapshot, { desired, nowMs: NOW }),
    sick: sickBy(sick),
    nowMs: NOW,
  };
  return beginIsolates(snapshot, inputs).map(claimInShort);
}

const ISOLATE_A = ['Isolate a (Suspected) Claimed'];

test('an engine that may be dead is taken out of the Service', () => {
  expect(begun([a, b, c])).toEqual(ISOLATE_A);
});

test.each(['Dead', 'Leak', 'Sick'] as const)('not one that is to be replaced: %s', (cause) => {
  expect(begun([a, b, c], { sick: { a: cause } })).toEqual([]);
});

describe('only while enough others serve', () => {
  test.each<[what: string, engines: readonly EngineSnapshot[], isolated: boolean, scene?: Scene]>([
    ['a fleet of one stays', [a], false],
    ['a fleet of one stays even where downtime is allowed', [a], false, { rollout: { allowDowntime: true } }],
    ['one of two goes', [a, b], true],
    ['one of three goes', [a, b, c], true],
    ['not where none may be missing', [a, b, c], false, { rollout: { maxUnavailable: 0 } }],
    ['not while another one is not ready', [a, b, unready('c')], false],
    ['unless two may be missing', [a, b, unready('c')], true, { rollout: { maxUnavailable: 2 } }],
    ['not while another one is silent', [a, b, silent('c')], false],
    ['not while another one leaves', [a, b, terminating('c')], false, { desired: 3 }],
    ['not while another one is claimed', [a, b, c], false, { claims: [claimOn(b)] }],
    ['not while another one is suspected', [a, b, c], false, { sick: { b: 'Suspected', a: 'Suspected' } }],
    ['not while another one is dead', [a, b, c], false, { sick: { b: 'Dead', a: 'Suspected' } }],
    ['though another one leaks', [a, b, c], true, { sick: { b: 'Leak', a: 'Suspected' } }],
  ])('%s', (_what, engines, isolated, scene) => {
    expect(begun(engines, scene)).toEqual(isolated ? ISOLATE_A : []);
  });
});

describe('a tenth of the fleet at a time, at least one', () => {
  const rollout = { maxUnavailable: 5 };
  const isolating = (engine: EngineSnapshot): Disruption =>
    claimOn(engine, { command: 'Isolate', cause: 'Suspected', signature: 'Wedged' });

  test.each([
    [10, 1, false],
    [20, 1, true],
    [20, 2, false],
    [30, 2, true],
  ])('of %i with %i out: another one %s', (size, out, goes) => {
    const engines = [a, ...readyEngines(size - 1)];
    const claims = engines.slice(1, 1 + out).map(isolating);
    expect(begun(engines, { claims, rollout })).toEqual(goes ? ISOLATE_A : []);
  });

  test('one a pass, so that each is judged by what the one before left', () => {
    const engines = [a, ...readyEngines(29)];
    expect(begun(engines, { sick: { a: 'Suspected', 'engine-3': 'Suspected' }, rollout })).toHaveLength(1);
  });
});

test.each<[what: string, engine: EngineSnapshot]>([
  ['gets no requests anyway', unready('a')],
  ['was taken out by somebody else', { ...a, serving: 'suspect' }],
  ['is out of its ReplicaSet', { ...a, isMember: false }],
])('not an engine that %s', (_what, engine) => {
  expect(begun([engine, b, c])).toEqual([]);
});

test('not an engine that another claim stands on', () => {
  expect(begun([a, b, c], { claims: [claimOn(a)] })).toEqual([]);
});

describe('an engine whose suspicion was not borne out', () => {
  const ended = (minutes: number, outcome: Outcome['outcome']): Outcome => ({
    atMs: secondsAgo(60 * minutes),
    engine: 'a',
    command: 'Isolate',
    cause: 'Suspected',
    outcome,
    message: 'nothing has proved the suspicion in half an hour',
  });

  test.each<[minutes: number, outcome: Outcome['outcome'], isolated: boolean]>([
    [29, 'Cleared', false],
    [30, 'Cleared', true],
    [1, 'Cancelled', true],
  ])('%i min after it was %s', (minutes, outcome, isolated) => {
    expect(begun([a, b, c], { history: [ended(minutes, outcome)] })).toEqual(isolated ? ISOLATE_A : []);
  });
});
