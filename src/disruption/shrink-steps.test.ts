import { describe, expect, test } from 'vitest';
import {
  aboutToGo,
  claimOn,
  EMPTY,
  fleetWith,
  markedBy,
  releasedFrom,
  stepInShort,
  viewOf,
} from '../../test/builders/claims.ts';
import { loading, ready, secondsAgo, terminating, unready } from '../../test/builders/engines.ts';
import { fleetSnapshot, of, replicaSet } from '../../test/builders/fleets.ts';
import type { Disruption } from '../api/v1alpha1/status.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { nextShrinkStep } from './shrink-steps.ts';
import type { DisruptionView } from './steps.ts';

const victim = ready('a');
const [b, c] = [ready('b'), ready('c')];
const claimed = claimOn(victim);
const draining = claimOn(victim, { step: 'Draining' });
const removing = claimOn(victim, { step: 'Removing', toReplicas: 2 });
const overdue = { deadline: new Date(secondsAgo(1)).toISOString() };

interface Scene extends Partial<DisruptionView> {
  readonly claims?: readonly Disruption[];
  readonly fleet?: Partial<FleetSnapshot>;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly cancel?: string;
}

/** The next step of the claim on `a` among these engines. */
function next(claim: Disruption, engines: readonly EngineSnapshot[], scene: Scene = {}): string {
  const { claims = [claim], fleet = {}, spec = {}, cancel, ...view } = scene;
  const snapshot = fleetSnapshot(engines, { fleet: fleetWith(spec, claims), ...fleet });
  return stepInShort(nextShrinkStep(claim, viewOf(snapshot, view), cancel));
}

/** The ReplicaSet has been told a size. */
const told = (replicas: number, isSizeObserved = true): Scene => ({
  fleet: { replicaSets: [replicaSet('aaa', replicas, { isSizeObserved })] },
});

describe('an engine is taken away in steps', () => {
  test('it is marked first', () => {
    expect(next(claimed, [victim, b, c])).toBe('MarkDraining a: it is taken out of the Service');
  });

  test('the time to drain begins once the mark is seen: to settle, and as long as requests take', () => {
    const marked = markedBy(victim, claimed);
    expect(next(claimed, [marked, b, c])).toBe('to Draining for 130 s');
    expect(next(claimed, [marked, b, c], { fleet: { requestTimeP99Seconds: 40 } })).toBe(
      'to Draining for 90 s',
    );
    const spec = { drain: { timeoutSeconds: 30, settleSeconds: 0 } };
    expect(next(claimed, [marked, b, c], { spec })).toBe('to Draining for 30 s');
  });

  test('it drains until its pages show that it is empty', () => {
    expect(next(draining, [markedBy(victim, claimed), b, c])).toBe(
      'Wait: no page tells whether it still has requests',
    );
    expect(next(draining, [markedBy(victim, claimed, EMPTY), b, c])).toBe('to Removing for 60 s, 2 replicas');
  });

  test('the size that it leaves behind is fixed before anything is written', () => {
    expect(next(removing, [markedBy(victim, claimed, EMPTY), b, c])).toBe(
      'MarkRemoving a: it is the next to go',
    );
    expect(next(removing, [aboutToGo(victim, claimed), b, c])).toBe(
      'ShrinkReplicaSet chat-aaa to 2 for a: ReplicaSet chat-aaa is told to have 2',
    );
  });

  test('the size is never lowered twice: once it stands, the ReplicaSet is waited for', () => {
    expect(next(removing, [aboutToGo(victim, claimed), b, c], told(2))).toBe(
      'Wait: ReplicaSet chat-aaa is to remove it',
    );
    expect(next(removing, [aboutToGo(victim, claimed), b, c], told(2, false))).toMatch('Wait');
  });

  test.each([
    ['on its way out', [terminating('a'), b, c]],
    ['gone', [b, c]],
  ] as const)('the claim is over once it is %s', (_when, engines) => {
    expect(next(removing, engines, told(2))).toBe('Drained: left after 60 s, no request was cut');
  });
});

describe('at the deadline', () => {
  const late = { ...draining, ...overdue };
  const busy = markedBy(victim, claimed, {
    recentPages: [page(secondsAgo(5), 3)],
  });

  test('the engine goes with what it still has', () => {
    expect(next(draining, [busy, b, c])).toBe('Wait: 3 requests left');
    expect(next(late, [busy, b, c])).toBe('to Removing for 60 s, 2 replicas, 3 cut');
  });

  test('an engine that is known to hold nothing is cut from nothing, though clients still find it', () => {
    const listed = markedBy(victim, claimed, { recentPages: [page(secondsAgo(5), 0)], isListed: true });
    expect(next(late, [listed, b, c])).toBe('to Removing for 60 s, 2 replicas');
  });

  test('one of which nothing is known is cut from an unknown number', () => {
    expect(next(late, [markedBy(victim, claimed), b, c])).toBe('to Removing for 60 s, 2 replicas, 0 cut');
    const cut = { ...removing, cut: 0 };
    expect(next(cut, [b, c], told(2))).toBe(
      'Cut: left after 60 s, an unknown number of requests had not ended by the deadline',
    );
  });

  test('whoever is cut gets what the preStop hook takes and five seconds, instead of the whole grace', () => {
    const cut = { ...removing, cut: 3 };
    const leaving = terminating('a', { deletionGraceSeconds: 640 });
    expect(next(cut, [leaving, b, c], told(2))).toBe(
      'DeleteEngine a within 15 s: its time is up: cutting what is left',
    );
    expect(next(cut, [terminating('a', { deletionGraceSeconds: 5 }), b, c], told(2))).toBe(
      'Cut: left after 60 s, 3 requests had not ended by the deadline',
    );
  });

  test('whoever is empty keeps the whole grace', () => {
    expect(next(removing, [terminating('a', { deletionGraceSeconds: 640 }), b, c], told(2))).toMatch(
      /^Drained/,
    );
  });
});

describe('a claim that is not wanted any more', () => {
  const cancel = 'the fleet is to have 3 engines after all';

  test.each([
    ['was never marked', claimed, victim],
    ['is marked', draining, markedBy(victim, claimed)],
    ['is about to go', removing, aboutToGo(victim, claimed)],
  ] as const)(
    'writes the pod though the engine %s: a mark of an old leader then conflicts',
    (_when, claim, a) => {
      expect(next(claim, [a, b, c], { cancel })).toBe(`PutBack a: ${cancel}`);
    },
  );

  test('ends once the pod carries the release', () => {
    expect(next(draining, [releasedFrom(victim, claimed), b, c], { cancel })).toBe(`Cancelled: ${cancel}`);
  });

  test('does not end while another claim’s release stands on the pod', () => {
    const other = claimOn(victim, { claimedAt: new Date(secondsAgo(600)).toISOString() });
    expect(next(draining, [releasedFrom(victim, other), b, c], { cancel })).toMatch(/^PutBack/);
  });

  test('cannot be taken back once the size is written', () => {
    expect(next(removing, [aboutToGo(victim, claimed), b, c], { ...told(2), cancel })).toMatch(/^Wait/);
  });
});

describe('the mark is put on again', () => {
  test('when somebody took the label off while it drains', () => {
    const edited = markedBy(victim, claimed, { serving: 'true' });
    expect(next(draining, [edited, b, c])).toMatch(/^MarkDraining/);
  });

  test('when somebody took it off at the last moment: it drains anew, nothing that serves is removed', () => {
    const edited = { ...aboutToGo(victim, claimed), serving: 'true' };
    expect(next({ ...removing, cut: 2 }, [edited, b, c])).toBe('to Draining for 130 s');
  });

  test('when it is the mark of an earlier claim', () => {
    const earlier = claimOn(victim, { claimedAt: new Date(secondsAgo(600)).toISOString() });
    expect(next(draining, [markedBy(victim, earlier), b, c])).toMatch(/^MarkDraining/);
  });
});

describe('the ReplicaSet would take another engine', () => {
  const reason = 'b is not ready, so the ReplicaSet would remove it instead';
  test.each([
    ['Claimed', claimed, victim],
    ['Draining', draining, markedBy(victim, claimed)],
    ['Removing', removing, aboutToGo(victim, claimed)],
  ] as const)('one that is not ready: the victim at step %s stays', (_step, claim, a) => {
    expect(next(claim, [a, unready('b'), c])).toBe(`PutBack a: ${reason}`);
    expect(next(claim, [a, loading('b'), c])).toBe(`PutBack a: ${reason}`);
  });

  test('not one of another revision', () => {
    const sets = [replicaSet('aaa', 2), replicaSet('bbb', 1)];
    const engines = [victim, c, of('bbb', loading('b'))];
    expect(next(claimed, engines, { fleet: { replicaSets: sets } })).toMatch(/^MarkDraining/);
  });

  describe('one that is claimed as well', () => {
    const sick = unready('b');
    const alsoClaimed = claimOn(sick, { step: 'Draining' });
    const scene = { claims: [claimed, alsoClaimed] };

    test('may drain beside it', () => {
      expect(next(claimed, [victim, sick, c], scene)).toMatch(/^MarkDraining/);
    });

    test('goes first', () => {
      expect(next(draining, [markedBy(victim, claimed, EMPTY), sick, c], scene)).toBe(
        'Wait: it is empty, the ReplicaSet would take b first',
      );
    });

    test('goes with the least cost alone: of two, the ReplicaSet might take either', () => {
      expect(next(draining, [aboutToGo(victim, claimed), sick, c], scene)).toMatch(/^MarkDraining a/);
    });

    test('goes first even when the victim was about to: neither waits for the other', () => {
      expect(next(removing, [aboutToGo(victim, claimed), sick, c], scene)).toBe('to Draining for 130 s');
    });
  });

  test('and did: the victim is put back, and the claim ends', () => {
    const others = [terminating('b'), c];
    expect(next(removing, [aboutToGo(victim, claimed), ...others], told(2))).toBe(
      'PutBack a: ReplicaSet chat-aaa removed another engine in its place',
    );
    expect(next(removing, [releasedFrom(victim, claimed), ...others], told(2))).toBe(
      'OtherRemoved: ReplicaSet chat-aaa removed another engine in its place',
    );
  });
});

describe('one removal of a ReplicaSet at a time', () => {
  const empty = markedBy(victim, claimed, EMPTY);

  test('an empty engine waits for another that is being removed', () => {
    expect(next(draining, [empty, b, c], { removing: new Set(['aaa']) })).toBe(
      'Wait: it is empty, another engine is removed first',
    );
    expect(next(draining, [empty, b, c], { removing: new Set(['bbb']) })).toMatch(/^to Removing/);
  });

  test.each([
    ['has not acted on its size', told(3, false)],
    ['makes an engine', told(4)],
    ['removes one', told(2)],
  ] as const)('an empty engine waits while the ReplicaSet %s', (_when, scene) => {
    expect(next(draining, [empty, b, c], scene)).toBe(
      'Wait: it is empty, ReplicaSet chat-aaa is still at work',
    );
  });
});

describe('others act on the fleet', () => {
  test.each([
    ['Claimed', claimed],
    ['Draining', draining],
    ['Removing', removing],
  ] as const)('the victim at step %s is deleted by somebody else', (_step, claim) => {
    const gone = 'Gone: somebody else removed it; its ReplicaSet makes another one';
    expect(next(claim, [b, c], told(3))).toBe(gone);
    expect(next(claim, [terminating('a'), b, c], told(3))).toBe(gone);
  });

  test('the ReplicaSet is deleted', () => {
    expect(next(draining, [victim], { fleet: { replicaSets: [] } })).toBe('Gone: its ReplicaSet is gone');
  });

  test.each([4, 1])('the ReplicaSet is scaled to %i just before our own write: it is not touched', (size) => {
    expect(next(removing, [aboutToGo(victim, claimed), b, c], told(size))).toBe(
      `PutBack a: ReplicaSet chat-aaa was scaled to ${size} by another hand`,
    );
  });
});

describe('a roll-out keeps the floor', () => {
  const rolling = { ...claimed, cause: 'RollOut' } as const;
  const fresh = of('bbb', ready('new'));
  const sets = { fleet: { revision: 'bbb', replicaSets: [replicaSet('aaa', 3), replicaSet('bbb', 1)] } };

  test('an old engine goes while as many others serve as the fleet is to have', () => {
    expect(next(rolling, [victim, b, c, fresh], { ...sets, desired: 3 })).toMatch(/^MarkDraining/);
  });

  test('and stays when one of them does not', () => {
    const engines = [victim, b, c, of('bbb', loading('new'))];
    expect(next(rolling, engines, { ...sets, desired: 3 })).toBe(
      'PutBack a: 2 other engines serve, 3 are needed',
    );
  });

  test('and stays when one of them is marked in this very pass', () => {
    const scene = { ...sets, desired: 3, markedNow: new Set([b.uid]) };
    expect(next(rolling, [victim, b, c, fresh], scene)).toBe(
      'PutBack a: 2 other engines serve, 3 are needed',
    );
  });

  test('comes back into the Service when another engine fails while it drains', () => {
    const drains = { ...draining, cause: 'RollOut' } as const;
    const engines = [markedBy(victim, claimed), b, c, of('bbb', unready('new'))];
    expect(next(drains, engines, { ...sets, desired: 3 })).toBe(
      'PutBack a: 2 other engines serve, 3 are needed',
    );
  });

  test('one that serves nothing need not wait', () => {
    const scene = { ...sets, desired: 3 };
    expect(next(rolling, [unready('a'), b, c], scene)).toMatch(/^MarkDraining/);
  });

  test('without a surge, as many may be missing as maxUnavailable says', () => {
    const first = { ...rolling, strategy: 'DrainFirst' } as const;
    expect(next(first, [victim, b, c], { desired: 3 })).toMatch(/^MarkDraining/);
    expect(next(first, [victim, b, unready('c')], { desired: 3, ...sets })).toMatch(
      /^PutBack a: c is not ready/,
    );
    const two = { desired: 4, spec: { rollout: { maxUnavailable: 2 } } };
    expect(next(first, [victim, b, c], two)).toMatch(/^MarkDraining/);
    expect(next(first, [victim, b], two)).toBe('PutBack a: 1 other engine serves, 2 are needed');
  });
});

function page(atMs: number, running: number) {
  const sample = { running, waiting: 0, histograms: {}, ranks: [], dialect: 'v1-0.32', models: [] } as const;
  return { atMs, sample: { ...sample, notObservable: {} } };
}
