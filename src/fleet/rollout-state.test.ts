import { describe, expect, test } from 'vitest';
import { loading, NOW, ready, readyEngines, secondsAgo, unschedulable } from '../../test/builders/engines.ts';
import { fleet, fleetSnapshot, of, replicaSet } from '../../test/builders/fleets.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { isRolling, rolloutState, type RolloutInputs, type RolloutState } from './rollout-state.ts';

interface Scene extends Partial<FleetSnapshot> {
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

/** Three engines of `aaa` and these of `bbb`, which is to serve. */
function rolling(
  fresh: readonly EngineSnapshot[],
  { spec = {}, status, ...more }: Scene = {},
): FleetSnapshot {
  const engines = fresh.map((engine) => of('bbb', engine));
  return fleetSnapshot([...readyEngines(3), ...engines], {
    fleet: fleet(spec, status),
    revision: 'bbb',
    replicaSets: [replicaSet('aaa', 3), replicaSet('bbb', fresh.length, { createdAtMs: secondsAgo(60) })],
    ...more,
  });
}

function stateOf(snapshot: FleetSnapshot, inputs: Partial<RolloutInputs> = {}): RolloutState {
  return rolloutState(snapshot, { desired: 3, nowMs: NOW, ...inputs });
}

function told(snapshot: FleetSnapshot, inputs: Partial<RolloutInputs> = {}): string {
  const { phase, reason, message } = stateOf(snapshot, inputs);
  return `${phase}${reason === phase ? '' : ` ${reason}`}: ${message}`;
}

const crashing = loading('new', 60, { restarts: 3 });
const homeless = unschedulable('new', { createdAtMs: secondsAgo(300) });
const noNode = 'new has found no node for 300 s: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu';
const rollout = (fields: Readonly<Record<string, unknown>>): Scene => ({ spec: { rollout: fields } });

describe('a roll-out', () => {
  test.each<[when: string, snapshot: FleetSnapshot, story: string]>([
    [
      'is complete when every engine is on the revision',
      fleetSnapshot(readyEngines(3)),
      'Complete: every engine is on revision aaa',
    ],
    [
      'goes on, the new engine first',
      rolling([loading('new')]),
      'Progressing: replacing aaa: a new engine is ready before an old one is drained',
    ],
    [
      'goes on, the old engine first',
      rolling([], rollout({ strategy: 'DrainFirst' })),
      'Progressing: replacing aaa: an old engine is drained before a new one is made',
    ],
    [
      'goes on, the old engine first, when there is no room for both',
      rolling([homeless]),
      'Progressing: replacing aaa: an old engine is drained before a new one is made, since there is no room for both',
    ],
    [
      'stops at a revision that crashes',
      rolling([crashing]),
      'Stopped CrashLoop: new has restarted 3 times; the engines of aaa stay',
    ],
    [
      'stops at a revision that does not become ready in time',
      rolling([loading('new', 100)], { spec: { engine: { image: 'x', startupTimeoutSeconds: 60 } } }),
      'Stopped NotReadyInTime: new is not ready after 100 s, engine.startupTimeoutSeconds is 60; the engines of aaa stay',
    ],
    [
      'stops at a revision that crashes even while it is paused',
      rolling([crashing], rollout({ paused: true })),
      'Stopped CrashLoop: new has restarted 3 times; the engines of aaa stay',
    ],
    ['is paused', rolling([], rollout({ paused: true })), 'Paused: spec.rollout.paused is set'],
    ['is paused by suspend', rolling([], { spec: { suspend: true } }), 'Paused: spec.suspend is set'],
    [
      'is blocked where there is no room and none may be missing',
      rolling([homeless], rollout({ maxUnavailable: 0 })),
      `Blocked Unschedulable: ${noNode}; rollout.maxUnavailable is 0: raise it to let an engine go first`,
    ],
    [
      'is blocked where engines go first and none may be missing',
      rolling([], rollout({ strategy: 'DrainFirst', maxUnavailable: 0 })),
      'Blocked ServingFloor: rollout.maxUnavailable is 0: raise it to let an engine go first',
    ],
    [
      'is blocked when the revision to go back to does not exist',
      rolling([ready('new')], rollout({ rollbackTo: 'zzz' })),
      'Blocked RevisionNotFound: rollout.rollbackTo is zzz, and there is no such revision: choose one of aaa, bbb',
    ],
    [
      'goes back to the revision that a person names',
      rolling([ready('new')], rollout({ rollbackTo: 'bbb' })),
      'RollingBack: going back from aaa to revision bbb',
    ],
    [
      'goes back though the revision crashes: a person asked for it',
      rolling([crashing], rollout({ rollbackTo: 'bbb' })),
      'RollingBack: going back from aaa to revision bbb',
    ],
    [
      'tells of several old revisions, the newest first',
      rolling([], {
        replicaSets: [
          replicaSet('aaa', 2, { createdAtMs: secondsAgo(900) }),
          replicaSet('abc', 1, { createdAtMs: secondsAgo(300) }),
          replicaSet('bbb', 0),
        ],
      }),
      'Progressing: replacing abc, aaa: a new engine is ready before an old one is drained',
    ],
  ])('%s', (_when, snapshot, story) => {
    expect(told(snapshot)).toBe(story);
  });

  test('of a fleet of one without room is blocked, unless downtime is allowed', () => {
    const alone = (fields: Readonly<Record<string, unknown>>): FleetSnapshot =>
      fleetSnapshot([ready('old'), of('bbb', homeless)], {
        fleet: fleet({ rollout: fields }),
        revision: 'bbb',
        replicaSets: [replicaSet('aaa', 1), replicaSet('bbb', 1)],
      });
    expect(told(alone({}), { desired: 1 })).toBe(
      `Blocked Unschedulable: ${noNode}; the fleet has 1 engine: set rollout.allowDowntime to let the last one go first`,
    );
    expect(told(alone({ allowDowntime: true }), { desired: 1 })).toMatch(/^Progressing/);
  });

  test('of a fleet that is to have no engine needs nobody’s permission', () => {
    expect(told(rolling([], rollout({ strategy: 'DrainFirst' })), { desired: 0 })).toMatch(/^Progressing/);
  });

  test('that drains first is not over when the last old engine has left and the last new one is missing', () => {
    const last = { replicaSets: [replicaSet('bbb', 2)], status: statusOf('Progressing') };
    expect(told(rolling([ready('a'), ready('b')], last))).toMatch(/^Progressing: replacing the last engines/);
    expect(told(rolling([ready('a'), ready('b')], { ...last, status: statusOf('Complete') }))).toMatch(
      /^Complete/,
    );
  });

  test('stops when the new revision does worse', () => {
    const sides = { evidence: ['old 1 s, new 9 s'], regression: 'new engines answer later: 9 s, not 1 s' };
    expect(stateOf(rolling([ready('new')]), { sides })).toMatchObject({
      phase: 'Stopped',
      reason: 'RolloutRegression',
      message: sides.regression,
      blockedRevision: 'bbb',
      comparison: sides.evidence,
    });
  });
});

describe('a revision that was stopped', () => {
  const stopped = statusOf('Stopped', { blockedRevision: 'bbb' });

  test('is named while it fails, and no more once it has got well', () => {
    expect(stateOf(rolling([crashing], { status: stopped })).blockedRevision).toBe('bbb');
    const well = stateOf(rolling([ready('new')], { status: stopped }));
    expect([well.phase, well.blockedRevision]).toEqual(['Progressing', undefined]);
  });

  test('stays named while the one before serves in its place, until the spec changes', () => {
    const back = (specRevision: string): RolloutState =>
      stateOf(
        fleetSnapshot([...readyEngines(3), of('bbb', crashing)], {
          fleet: fleet({ rollout: { autoRollback: true } }, stopped),
          specRevision,
          replicaSets: [replicaSet('aaa', 3), replicaSet('bbb', 1)],
        }),
      );
    expect(back('bbb')).toMatchObject({ target: 'aaa', phase: 'RollingBack', blockedRevision: 'bbb' });
    expect(back('aaa')).toMatchObject({ target: 'aaa', phase: 'Progressing' });
    expect(back('aaa').blockedRevision).toBeUndefined();
  });

  test('stays named when the fleet is whole again', () => {
    const whole = fleetSnapshot(readyEngines(3), {
      fleet: fleet({ rollout: { autoRollback: true } }, stopped),
      specRevision: 'bbb',
    });
    expect(stateOf(whole)).toMatchObject({ phase: 'Complete', blockedRevision: 'bbb' });
  });
});

describe('room for a surge', () => {
  test('that was not found a while ago is not looked for again until then', () => {
    const snapshot = rolling([]);
    const known = { noRoomUntilMs: NOW + 60_000 };
    expect(stateOf(snapshot, known)).toMatchObject({ strategy: 'DrainFirst', isRoomless: true });
    expect(stateOf(snapshot, { noRoomUntilMs: NOW })).toMatchObject({
      strategy: 'SurgeFirst',
      isRoomless: false,
    });
  });

  test('that is missing blocks nothing by memory alone: only an engine that finds no node does', () => {
    const snapshot = rolling([], rollout({ maxUnavailable: 0 }));
    expect(stateOf(snapshot, { noRoomUntilMs: NOW + 60_000 }).phase).toBe('Progressing');
  });
});

test('the budget is a tenth of the size that is wanted, at least one, or what maxConcurrent says', () => {
  const budgets = [3, 25].map((desired) => stateOf(rolling([]), { desired }).budget);
  expect([...budgets, stateOf(rolling([], rollout({ maxConcurrent: 2 }))).budget]).toEqual([1, 2, 2]);
});

test('old engines are replaced in every phase but at the end and when the new revision is bad', () => {
  const phases = ['Progressing', 'RollingBack', 'Blocked', 'Paused', 'Stopped', 'Complete'] as const;
  const base = stateOf(rolling([]));
  expect(phases.filter((phase) => isRolling({ ...base, phase }))).toEqual(phases.slice(0, 4));
});

function statusOf(phase: string, more: object = {}): Readonly<Record<string, unknown>> {
  return {
    rollout: { to: 'bbb', progress: '1/4 on revision bbb', phase, reason: 'X', message: 'x', ...more },
  };
}
