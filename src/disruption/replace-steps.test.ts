import { describe, expect, test } from 'vitest';
import {
  claimOn,
  EMPTY,
  fleetWith,
  markedBy,
  releasedFrom,
  stepInShort,
  viewOf,
} from '../../test/builders/claims.ts';
import {
  loading,
  ready,
  secondsAgo,
  silent,
  terminating,
  unready,
  unschedulable,
} from '../../test/builders/engines.ts';
import { fleetSnapshot, replicaSet } from '../../test/builders/fleets.ts';
import type { Disruption } from '../api/v1alpha1/status.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { ReplicaSetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { nextReplaceStep } from './replace-steps.ts';
import type { DisruptionView } from './steps.ts';

const replace = { command: 'Replace', cause: 'Requested' } as const;
const member = ready('a');
const surge = claimOn(member, { ...replace, strategy: 'SurgeFirst' });
const detached = { ...member, isMember: false, claim: surge.claimedAt };
const surging = { ...surge, step: 'Surging' } as const;
const [b, c] = [ready('b'), ready('c')];
/** The engine in place of `a`, made half a minute after the claim. */
const standIn = loading('new', 30);
const arrived = ready('new', {}, { createdAtMs: secondsAgo(30) });
const gone = 'Gone: somebody else removed it';

interface Scene extends Partial<DisruptionView> {
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly set?: Partial<ReplicaSetSnapshot>;
  readonly cancel?: string;
}

/** The next step of the claim on `a` in a fleet that is to have three engines. */
function next(claim: Disruption, engines: readonly EngineSnapshot[], scene: Scene = {}): string {
  const { spec = {}, set = {}, cancel, ...view } = scene;
  const snapshot = fleetSnapshot(engines, {
    fleet: fleetWith(spec, [claim]),
    replicaSets: [replicaSet('aaa', 3, set)],
  });
  return stepInShort(nextReplaceStep(claim, viewOf(snapshot, { desired: 3, ...view }), cancel));
}

describe('SurgeFirst: an engine is replaced without being missed', () => {
  test('it is taken out of its ReplicaSet first, which makes another one', () => {
    expect(next(surge, [member, b, c])).toBe(
      'Detach a: another engine is made in its place, it goes on serving',
    );
    expect(next(surge, [detached, b, c])).toBe('to Surging for 1920 s, SurgeFirst');
  });

  test('it serves until as many others do as the fleet is to have', () => {
    expect(next(surging, [detached, b, c])).toBe(
      'Wait: it serves on until enough others do (2 other engines serve and are read, 3 are needed)',
    );
    expect(next(surging, [detached, b, c, standIn])).toMatch(/^Wait/);
    expect(next(surging, [detached, b, c, arrived])).toBe('MarkDraining a: it is taken out of the Service');
  });

  test('the new one counts once its page is read: nothing is begun on missing data', () => {
    const unread = silent('new', undefined, { createdAtMs: secondsAgo(30) });
    expect(next(surging, [detached, b, c, unread])).toBe(
      'Wait: it serves on until enough others do (2 other engines serve and are read, 3 are needed)',
    );
  });

  test('one that leaves in this very pass does not count', () => {
    expect(next(surging, [detached, b, c, arrived], { markedNow: new Set([b.uid]) })).toMatch(/^Wait/);
  });

  const marked = markedBy(detached, surge);
  const draining = { ...surge, step: 'Draining' } as const;

  test('then it drains, and is deleted when it is empty', () => {
    expect(next(surging, [marked, b, c, arrived])).toBe('to Draining for 130 s, SurgeFirst');
    expect(next(draining, [marked, b, c, arrived])).toBe('Wait: no page tells whether it still has requests');
    expect(next(draining, [{ ...marked, ...EMPTY }, b, c, arrived])).toBe(
      'to Removing for 1800 s, SurgeFirst',
    );
    expect(next({ ...surge, step: 'Removing' }, [{ ...marked, ...EMPTY }, b, c, arrived])).toBe(
      'DeleteEngine a: it is deleted',
    );
  });

  test('the claim is over when it has left', () => {
    const left = 'Drained: left after 60 s, no request was cut';
    const removing = { ...surge, step: 'Removing' } as const;
    expect(next(removing, [terminating('a'), b, c, arrived])).toBe(left);
    expect(next(removing, [b, c, arrived])).toBe(left);
  });

  test('it comes back into the Service, and waits again, when another engine fails while it drains', () => {
    const engines = [b, unready('c'), arrived];
    expect(next(draining, [marked, ...engines])).toBe('PutBack a: 2 other engines serve, 3 are needed');
    expect(next(draining, [{ ...detached }, ...engines])).toBe('to Surging for 1920 s, SurgeFirst');
    expect(next(surging, [marked, ...engines])).toMatch(/^PutBack a/);
  });

  test.each([
    [
      1,
      'to Surging for 1920 s, DrainFirst, the fleet was not whole in time: 2 other engines serve and are read, 3 are needed',
    ],
    [0, 'Wait: it serves on until enough others do (2 other engines serve and are read, 3 are needed)'],
  ])('past the deadline %s engines may be missing: a fleet with a sick engine', (maxUnavailable, told) => {
    const late = { ...surging, deadline: new Date(secondsAgo(1)).toISOString() };
    const scene = { spec: { rollout: { maxUnavailable } } };
    expect(next(late, [detached, b, unready('c'), arrived], scene)).toBe(told);
  });

  test('it does not come back for a page that is late', () => {
    expect(next(draining, [marked, b, silent('c'), arrived])).toMatch(/^Wait: no page/);
  });

  test('the mark is put on again when somebody took it off', () => {
    expect(next(draining, [detached, b, c, arrived])).toBe('MarkDraining a: it is taken out of the Service');
  });

  test('it drains anew when somebody took the mark off at the last moment: nothing that serves is deleted', () => {
    const cut = { ...surge, step: 'Removing', cut: 3 } as const;
    expect(next(cut, [detached, b, c, arrived])).toBe('to Draining for 130 s, SurgeFirst');
  });
});

describe('an engine that serves nothing', () => {
  test('is not waited for: it leaves at once', () => {
    expect(next(surging, [{ ...detached, lifecycle: 'Unready' }, b, c])).toMatch(/^MarkDraining/);
  });
});

describe('DrainFirst: an engine goes before the new one comes', () => {
  const first = claimOn(member, { ...replace, strategy: 'DrainFirst' });
  const marked = markedBy(member, first);

  test('it is marked, drained and deleted as a member: its ReplicaSet makes another one', () => {
    expect(next(first, [member, b, c])).toBe('MarkDraining a: it is taken out of the Service');
    expect(next(first, [marked, b, c])).toBe('to Draining for 130 s, DrainFirst');
    const draining = { ...first, step: 'Draining' } as const;
    expect(next(draining, [{ ...marked, ...EMPTY }, b, c])).toBe('to Removing for 1800 s, DrainFirst');
    expect(next({ ...first, step: 'Removing' }, [marked, b, c])).toBe('DeleteEngine a: it is deleted');
  });

  const removing = { ...first, step: 'Removing' } as const;

  test('the claim is held until the new one serves: no second engine goes before', () => {
    expect(next(removing, [b, c, standIn])).toBe(
      'Wait: it has left; 2 of 3 engines serve until the one in its place is ready',
    );
    expect(next(removing, [b, c, arrived])).toMatch(/^Drained/);
  });

  test('but not for ever', () => {
    const overdue = { ...removing, deadline: new Date(secondsAgo(1)).toISOString() };
    expect(next(overdue, [b, c, standIn])).toMatch(/^Drained/);
  });

  test('an engine whose time is up is deleted with a short grace', () => {
    const cut = { ...removing, cut: 4 };
    expect(next(cut, [marked, b, c])).toBe('DeleteEngine a within 15 s: it is deleted');
    expect(next(cut, [terminating('a', { deletionGraceSeconds: 640 }), b, c])).toMatch(
      /^DeleteEngine a within 15 s/,
    );
    expect(next(cut, [terminating('a', { deletionGraceSeconds: 5 }), b, c, arrived])).toBe(
      'Cut: left after 60 s, 4 requests had not ended by the deadline',
    );
  });

  test('it stays when fewer others serve than must', () => {
    expect(next(first, [member, b, unready('c')])).toBe(
      'PutBack a: 1 other engine serves and is read, 2 are needed',
    );
    expect(next(first, [releasedFrom(member, first), b, unready('c')])).toMatch(/^Cancelled/);
    const draining = { ...first, step: 'Draining' } as const;
    expect(next(draining, [marked, b, unready('c')])).toBe('PutBack a: 1 other engine serves, 2 are needed');
    expect(next(draining, [releasedFrom(member, first), b, unready('c')])).toMatch(/^Cancelled/);
  });

  test('the only engine of a fleet goes only where downtime is allowed', () => {
    const alone = { desired: 1, set: { replicas: 1 } };
    expect(next(first, [member], alone)).toBe('PutBack a: 0 other engines serve and are read, 1 is needed');
    const spec = { rollout: { allowDowntime: true } };
    expect(next(first, [member], { ...alone, spec })).toMatch(/^MarkDraining/);
  });
});

describe('a claim that nobody wants any more', () => {
  const cancel = 'nobody asks for it any more';

  test('is given up before the engine is taken out, and writes the pod all the same', () => {
    expect(next(surge, [member, b, c], { cancel })).toBe(`PutBack a: ${cancel}`);
    expect(next(surge, [releasedFrom(member, surge), b, c], { cancel })).toBe(`Cancelled: ${cancel}`);
    const first = { ...surge, strategy: 'DrainFirst' } as const;
    expect(next(first, [markedBy(member, surge), b, c], { cancel })).toBe(`PutBack a: ${cancel}`);
  });

  test('goes on once the engine is out of its ReplicaSet', () => {
    expect(next(surge, [detached, b, c], { cancel })).toMatch(/^to Surging/);
  });
});

describe('somebody else removes the engine', () => {
  test.each(['Claimed', 'Surging', 'Draining'] as const)('at step %s: the claim ends', (step) => {
    expect(next({ ...surge, step }, [b, c, standIn])).toBe(gone);
    expect(next({ ...surge, step }, [terminating('a'), b, c, standIn])).toBe(gone);
  });
});

describe('there is no room for both', () => {
  const waiting = { ...surging, claimedAt: new Date(secondsAgo(140)).toISOString() };
  const homeless = unschedulable('new', { createdAtMs: secondsAgo(130) });
  const story = 'new has found no node for 130 s: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu';

  test('before the time for a node is over, it is waited for', () => {
    const young = unschedulable('new', { createdAtMs: secondsAgo(50) });
    expect(next(waiting, [detached, b, c, young])).toMatch(/^Wait/);
    const spec = { rollout: { surgeTimeoutSeconds: 300 } };
    expect(next(waiting, [detached, b, c, homeless], { spec })).toMatch(/^Wait/);
  });

  test('while an engine of the fleet is on its way out, its room is waited for', () => {
    expect(next(waiting, [detached, b, c, homeless, terminating('leaves')])).toMatch(/^Wait/);
  });

  test('it goes on as DrainFirst where an engine may be missing', () => {
    expect(next(waiting, [detached, b, c, homeless])).toBe(
      `to Surging for 60 s, DrainFirst, no room for both: ${story}`,
    );
    const switched = { ...waiting, strategy: 'DrainFirst' } as const;
    expect(next(switched, [detached, b, c, homeless])).toMatch(/^MarkDraining/);
  });

  test('it is given back where none may', () => {
    const spec = { rollout: { maxUnavailable: 0 } };
    expect(next(waiting, [detached, b, c, homeless], { spec })).toBe(
      `to Returning for 60 s, SurgeFirst, ${story}; rollout.maxUnavailable is 0: raise it to let an engine go first`,
    );
  });

  test('it is given back, the only one of its fleet, unless downtime is allowed', () => {
    const alone = { desired: 1, set: { replicas: 1 } };
    expect(next(waiting, [detached, homeless], alone)).toBe(
      `to Returning for 60 s, SurgeFirst, ${story}; the fleet has 1 engine: set rollout.allowDowntime to let the last one go first`,
    );
    const spec = { rollout: { allowDowntime: true } };
    expect(next(waiting, [detached, homeless], { ...alone, spec })).toMatch(
      /^to Surging for 60 s, DrainFirst/,
    );
  });

  test('it is given back when too many others are missing already', () => {
    const switched = { ...waiting, strategy: 'DrainFirst' } as const;
    expect(next(switched, [detached, b, unready('c'), homeless])).toMatch(/^to Returning/);
  });

  test('a quota that refuses the new engine is no room as well', () => {
    const set = { failure: 'exceeded quota: gpus', failureSinceMs: secondsAgo(130) };
    const spec = { rollout: { maxUnavailable: 0 } };
    expect(next(waiting, [detached, b, c], { set, spec })).toMatch(
      /^to Returning.*ReplicaSet chat-aaa may make no engine: exceeded quota: gpus/,
    );
  });

  test('a new engine that crashes is no lack of room: it is given back whatever may be missing', () => {
    const crashing = loading('new', 50, { restarts: 3 });
    expect(next(waiting, [detached, b, c, crashing])).toBe(
      'to Returning for 60 s, SurgeFirst, new has restarted 3 times',
    );
  });

  test('an old engine that crashes is not the one that was made for this one', () => {
    const other = loading('c', 3600, { restarts: 3 });
    expect(next(waiting, [detached, b, other, standIn])).toMatch(/^Wait/);
  });
});

describe('an engine is given back to its ReplicaSet', () => {
  const returning = { ...surge, step: 'Returning', obstacle: 'NoRoom', message: 'no node' } as const;
  const homeless = unschedulable('new', { createdAtMs: secondsAgo(130) });

  test('the one that does not start is made the next to go first', () => {
    expect(next(returning, [detached, b, c, homeless])).toBe('MarkStandIn new: no node');
    const doomed = { ...homeless, deletionCost: -1_073_741_824 };
    expect(next(returning, [detached, b, c, doomed])).toBe('Reattach a: no node');
  });

  test('at once when none was made at all', () => {
    expect(next(returning, [detached, b, c])).toBe('Reattach a: no node');
  });

  test('it is waited for while nobody owns it, but not for ever', () => {
    expect(next(returning, [b, c, homeless])).toBe('Wait: its ReplicaSet is to adopt it');
    const overdue = { ...returning, deadline: new Date(secondsAgo(1)).toISOString() };
    expect(next(overdue, [b, c, homeless])).toBe(gone);
    expect(next(returning, [terminating('a'), b, c])).toBe(gone);
  });

  test('the claim ends when the one too many has gone, with what stood against it', () => {
    const back = releasedFrom(member, surge);
    expect(next(returning, [back, b, c, homeless])).toBe(
      'Wait: ReplicaSet chat-aaa is to remove the engine that did not start',
    );
    expect(next(returning, [back, b, c], { set: { isSizeObserved: false } })).toMatch(/^Wait/);
    expect(next(returning, [back, b, c])).toBe('NoRoom: no node');
    expect(next({ ...returning, obstacle: 'StandInFailed' }, [back, b, c])).toBe('StandInFailed: no node');
  });

  test('it goes on after all when the new one has become ready meanwhile', () => {
    expect(next(returning, [detached, b, c, arrived])).toBe('to Surging for 1920 s, SurgeFirst, no node');
  });
});
