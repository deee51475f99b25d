import { describe, expect, test } from 'vitest';
import { claimInShort, claimOn, fleetWith } from '../../test/builders/claims.ts';
import { loading, NOW, ready, secondsAgo, silent, unready } from '../../test/builders/engines.ts';
import { fleetSnapshot } from '../../test/builders/fleets.ts';
import { ANNOTATIONS } from '../api/v1alpha1/constants.ts';
import type { Disruption } from '../api/v1alpha1/status.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { beginReplaces } from './begin-replaces.ts';
import { replaceNeeds } from './needs.ts';
import { outcomeLine, type Outcome } from './outcomes.ts';
import { rolloutState } from './rollout-state.ts';
import { NOBODY_SICK } from '../disruption/sick.ts';

const RESTART = { restartAt: new Date(secondsAgo(60)).toISOString() };
const [a, b, c] = [ready('a'), ready('b'), ready('c')];

interface Scene {
  /** The engine that a person asks to be replaced. */
  readonly asked?: string;
  readonly rollout?: Readonly<Record<string, unknown>>;
  readonly claims?: readonly Disruption[];
  readonly history?: readonly Outcome[];
  readonly maxPerHour?: number;
  readonly desired?: number;
  readonly noRoomUntilMs?: number;
}

function begin(engines: readonly EngineSnapshot[], scene: Scene) {
  const { asked, rollout = {}, claims = [], history = [], maxPerHour = 6 } = scene;
  const { desired = engines.length, noRoomUntilMs = 0 } = scene;
  const spec = { rollout, remediation: { maxPerHour } };
  const fleet = fleetWith(spec, claims, { disruptionHistory: history.map(outcomeLine) });
  const annotations = asked === undefined ? {} : { [ANNOTATIONS.replace]: asked };
  const snapshot: FleetSnapshot = fleetSnapshot(engines, {
    fleet: { ...fleet, metadata: { ...fleet.metadata, annotations } },
  });
  const state = rolloutState(snapshot, { desired, noRoomUntilMs, nowMs: NOW });
  return beginReplaces(
    snapshot,
    { desired, rollout: state, sick: NOBODY_SICK, nowMs: NOW },
    replaceNeeds(snapshot, NOBODY_SICK, NOW),
  );
}

const begun = (engines: readonly EngineSnapshot[], scene: Scene): readonly string[] =>
  begin(engines, scene).begin.map(claimInShort);
const blocked = (engines: readonly EngineSnapshot[], scene: Scene): string | undefined => {
  const found = begin(engines, scene).blocked;
  return found && `${found.reason}: ${found.message}`;
};

describe('the annotation', () => {
  test('replaces the engine that it names', () => {
    expect(begun([a, b, c], { asked: 'b' })).toEqual(['Replace b (Requested) Claimed SurgeFirst']);
  });

  test('replaces nobody by a name that no engine has', () => {
    expect(begin([a, b, c], { asked: 'zzz' })).toEqual({ begin: [] });
  });

  test('waits while another one that was asked for is under way', () => {
    const claims = [claimOn(a, { command: 'Replace', cause: 'Requested', strategy: 'SurgeFirst' })];
    expect(begin([a, b, c], { asked: 'b', claims })).toEqual({ begin: [] });
  });

  test('waits while one that was found outside its ReplicaSet is finished', () => {
    const claims = [claimOn(a, { command: 'Replace', cause: 'Recovered', strategy: 'SurgeFirst' })];
    expect(begin([a, b, c], { asked: 'b', claims })).toEqual({ begin: [] });
  });

  test('does not wait for a restart of all', () => {
    const claims = [claimOn(a, { command: 'Replace', cause: 'Restart', strategy: 'SurgeFirst' })];
    expect(begun([a, b, c], { asked: 'b', claims })).toHaveLength(1);
  });

  test('claims the same engine once', () => {
    const claims = [claimOn(b, { command: 'Replace', cause: 'Requested', strategy: 'SurgeFirst' })];
    expect(begin([a, b, c], { asked: 'b', claims })).toEqual({ begin: [] });
  });

  describe('is bounded by remediation.maxPerHour', () => {
    const replaced = (minutes: number, more: Partial<Outcome> = {}): Outcome => ({
      atMs: secondsAgo(60 * minutes),
      engine: 'x',
      command: 'Replace',
      cause: 'Requested',
      outcome: 'Drained',
      message: 'left',
      ...more,
    });

    test('which counts those of the last hour', () => {
      const history = [replaced(59), replaced(10)];
      expect(blocked([a, b, c], { asked: 'b', history, maxPerHour: 2 })).toBe(
        'RestartLimit: b is not replaced: 2 engines were replaced within an hour, remediation.maxPerHour is 2',
      );
      expect(begun([a, b, c], { asked: 'b', history, maxPerHour: 3 })).toHaveLength(1);
    });

    test.each([
      ['older ones', replaced(61)],
      ['those that were not done', replaced(5, { outcome: 'NoRoom' })],
      ['those that nobody wanted any more', replaced(5, { outcome: 'Cancelled' })],
      ['roll-outs', replaced(5, { cause: 'RollOut', command: 'Shrink' })],
    ])('which does not count %s', (_what, other) => {
      expect(begun([a, b, c], { asked: 'b', history: [other], maxPerHour: 1 })).toHaveLength(1);
    });
  });
});

describe('restartAt', () => {
  test('replaces engines within the budget of roll-outs, the oldest first', () => {
    const old = ready('old', {}, { createdAtMs: secondsAgo(9000) });
    expect(begun([a, old, c], { rollout: RESTART })).toEqual(['Replace old (Restart) Claimed SurgeFirst']);
    expect(begun([a, old, c], { rollout: { ...RESTART, maxConcurrent: 2 } })).toEqual([
      'Replace old (Restart) Claimed SurgeFirst',
      'Replace a (Restart) Claimed SurgeFirst',
    ]);
  });

  test.each(['Restart', 'RollOut'] as const)('waits while the budget is taken by a %s', (cause) => {
    const claims = [claimOn(a, { command: 'Replace', cause, strategy: 'SurgeFirst' })];
    expect(begin([a, b, c], { rollout: RESTART, claims })).toEqual({ begin: [] });
  });

  test('comes after the engine that a person names', () => {
    expect(begun([a, b, c], { asked: 'c', rollout: RESTART })).toEqual([
      'Replace c (Requested) Claimed SurgeFirst',
      'Replace a (Restart) Claimed SurgeFirst',
    ]);
  });

  test('without a surge takes as many as may be missing', () => {
    const rollout = { ...RESTART, strategy: 'DrainFirst', maxConcurrent: 9 };
    expect(begun([a, b, c], { rollout })).toEqual(['Replace a (Restart) Claimed DrainFirst']);
    expect(begun([a, b, c], { rollout: { ...rollout, maxUnavailable: 2 } })).toHaveLength(2);
  });
});

describe('nothing is replaced', () => {
  test.each([
    ['while the fleet is too small', 4],
    ['while the fleet is too large', 2],
  ])('%s', (_when, desired) => {
    expect(begin([a, b, c], { asked: 'b', desired })).toEqual({ begin: [] });
  });

  test('on missing data: the engine may be the busiest', () => {
    expect(blocked([a, silent('b'), c], { asked: 'b' })).toBe(
      'MetricsMissing: b is not replaced: nothing tells whether it has requests: no page for 20 s: no answer within 5 s',
    );
  });

  test('while others do not serve', () => {
    expect(blocked([a, b, loading('c')], { asked: 'b' })).toBe(
      'ServingFloor: b is not replaced: 1 other engine serves and is read, 2 are needed',
    );
    expect(blocked([a, b, silent('c')], { asked: 'b' })).toMatch(/^ServingFloor/);
  });

  test('without room where none may be missing', () => {
    const rollout = { maxUnavailable: 0 };
    expect(blocked([a, b, c], { asked: 'b', rollout, noRoomUntilMs: NOW + 1 })).toBe(
      'NoRoom: b is not replaced: there is no room for both; rollout.maxUnavailable is 0: raise it to let an engine go first',
    );
  });

  test('by letting the last engine go first, unless downtime is allowed', () => {
    const rollout = { strategy: 'DrainFirst' };
    expect(blocked([a], { asked: 'a', rollout })).toBe(
      'ServingFloor: a is not replaced: the fleet has 1 engine: set rollout.allowDowntime to let the last one go first',
    );
    expect(begun([a], { asked: 'a', rollout: { ...rollout, allowDowntime: true } })).toEqual([
      'Replace a (Requested) Claimed DrainFirst',
    ]);
  });
});

test('an engine that serves nothing goes first: it frees the room that the new one needs', () => {
  expect(begun([a, unready('b'), c], { asked: 'b' })).toEqual(['Replace b (Requested) Claimed DrainFirst']);
  expect(begun([unready('a')], { asked: 'a' })).toHaveLength(1);
});

describe('a replace that could not be done', () => {
  const failed = (outcome: Outcome['outcome'], minutes: number, engine = 'b'): Outcome => ({
    atMs: secondsAgo(60 * minutes),
    engine,
    command: 'Replace',
    cause: 'Requested',
    outcome,
    message: 'x has found no node',
  });

  test('is tried again after ten minutes', () => {
    const scene = { asked: 'b', rollout: { maxUnavailable: 0 } };
    expect(blocked([a, b, c], { ...scene, history: [failed('NoRoom', 4)] })).toBe(
      'NoRoom: b is not replaced: x has found no node; tried again at 2026-03-02 10:06:00 UTC',
    );
    expect(begun([a, b, c], { ...scene, history: [failed('NoRoom', 10)] })).toHaveLength(1);
  });

  test('for want of room is tried again at once when an engine may be missing now', () => {
    expect(begun([a, b, c], { asked: 'b', history: [failed('NoRoom', 4)] })).toHaveLength(1);
  });

  test('because the new one did not start waits, whatever may be missing', () => {
    expect(blocked([a, b, c], { asked: 'b', history: [failed('StandInFailed', 4)] })).toMatch(
      /^StandInFailed/,
    );
  });

  test('holds back no other engine', () => {
    expect(begun([a, b, c], { asked: 'b', history: [failed('StandInFailed', 4, 'c')] })).toHaveLength(1);
  });
});
