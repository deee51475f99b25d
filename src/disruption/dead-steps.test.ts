import { describe, expect, test } from 'vitest';
import { claimOn, fleetWith, releasedFrom, stepInShort, viewOf } from '../../test/builders/claims.ts';
import {
  loading,
  NOW,
  ready,
  secondsAgo,
  silent,
  terminating,
  unready,
} from '../../test/builders/engines.ts';
import { fleetSnapshot, replicaSet } from '../../test/builders/fleets.ts';
import { sickBy, suspectBy, watchedFor } from '../../test/builders/sick.ts';
import type { Disruption } from '../api/v1alpha1/status.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import { nextReplaceStep } from './replace-steps.ts';
import type { DisruptionView } from './steps.ts';

const [a, b, c] = [ready('a', { running: 3, waiting: 2 }), ready('b'), ready('c')];
const claimed = claimOn(a, {
  command: 'Replace',
  cause: 'Dead',
  signature: 'Wedged',
  strategy: 'DrainFirst',
});
const removing = { ...claimed, step: 'Removing', cut: 5 } as const;
const dead = sickBy({ a: 'Dead' });
const arrived = ready('new', {}, { createdAtMs: secondsAgo(30) });

/** The next step of the claim on `a` in a fleet that is to have three engines. */
function next(
  claim: Disruption,
  engines: readonly EngineSnapshot[],
  view: Partial<DisruptionView> = {},
): string {
  const snapshot = fleetSnapshot(engines, {
    fleet: fleetWith({}, [claim]),
    replicaSets: [replicaSet('aaa', 3)],
  });
  return stepInShort(
    nextReplaceStep(claim, viewOf(snapshot, { desired: 3, sick: dead, ...view }), undefined),
  );
}

describe('an engine that is proved dead', () => {
  test('is deleted at once: what it holds is written down before, and is told to end in 5 s', () => {
    expect(next(claimed, [a, b, c])).toMatch(/^to Removing for 1800 s, DrainFirst, \d+ cut$/);
    expect(next(removing, [a, b, c])).toBe('DeleteEngine a within 5 s: it is deleted at once');
  });

  test('is neither marked nor drained, whoever else serves', () => {
    expect(next(claimed, [a])).toMatch(/^to Removing/);
    expect(next(removing, [suspectBy(a, claimed), unready('b'), unready('c')])).toMatch(/^DeleteEngine a/);
  });

  test('is deleted beside its ReplicaSet when it was taken out of it: that has made another one already', () => {
    expect(next(removing, [{ ...a, isMember: false }, b, c, arrived])).toMatch(/^DeleteEngine a/);
  });

  test('whose page is missing held nobody knows how many', () => {
    expect(next(claimed, [silent('a'), b, c])).toMatch(/, 0 cut$/);
  });
});

describe('the claim stands until the fleet is whole again: no second one goes before', () => {
  test('the one in its place is waited for', () => {
    const told = 'Wait: it is deleted; 2 of 3 engines serve until the one in its place is ready';
    expect(next(removing, [terminating('a'), b, c, loading('new')])).toBe(told);
    expect(next(removing, [b, c, loading('new')])).toBe(told);
  });

  test('then it is over, and says what was cut', () => {
    expect(next(removing, [b, c, arrived])).toBe(
      'Cut: another engine is in its place after 60 s; it had not answered 5 requests',
    );
    expect(next({ ...removing, cut: 0 }, [b, c, arrived])).toBe(
      'Cut: another engine is in its place after 60 s',
    );
  });

  test('one that may be dead itself is not in its place', () => {
    expect(next(removing, [b, c, arrived], { sick: sickBy({ new: 'Suspected' }) })).toMatch(/^Wait/);
  });

  test('another one that is proved dead is not waited for: it is the next to go', () => {
    expect(next(removing, [b, c, arrived], { sick: sickBy({ b: 'Dead' }) })).toMatch(
      /^Cut: it is deleted; 2 of 3 engines serve/,
    );
    expect(next(removing, [b, c, loading('new')], { sick: sickBy({ b: 'Dead' }) })).toMatch(/^Wait/);
  });

  test('but not for ever: then it says how many serve', () => {
    const overdue = { ...removing, deadline: new Date(secondsAgo(1)).toISOString() };
    expect(next(overdue, [b, c, loading('new')])).toBe(
      'Cut: it is deleted; 2 of 3 engines serve 60 s after; it had not answered 5 requests',
    );
  });
});

describe('a proof that vanishes', () => {
  const well = { sick: sickBy({}) };
  const told = 'it is proved dead no longer';

  test.each(['Claimed', 'Removing'] as const)('at step %s: the engine serves again', (step) => {
    const claim = { ...claimed, step };
    const watched = watchedFor(a, 90);
    expect(next(claim, [watched, b, c], well)).toBe(`PutBack a: ${told}`);
    expect(next(claim, [releasedFrom(watched, claim), b, c], well)).toBe(`Cleared: ${told}`);
  });

  test('counts once this leader has watched the engine for as long as a suspicion takes', () => {
    const wait = 'Wait: this leader has yet to see for itself that it is dead';
    expect(next(claimed, [a, b, c], well)).toBe(wait);
    expect(next(claimed, [watchedFor(a, 89), b, c], well)).toBe(wait);
  });

  test('or when the claim is old: nobody can read that engine', () => {
    const old = { ...claimed, claimedAt: new Date(NOW - 600_000).toISOString() };
    expect(next(old, [a, b, c], well)).toBe(`PutBack a: ${told}`);
  });

  test('a suspicion is no proof', () => {
    expect(next(removing, [watchedFor(a, 90), b, c], { sick: sickBy({ a: 'Suspected' }) })).toMatch(
      /^PutBack a/,
    );
  });
});

test('somebody else removes it before: the claim ends', () => {
  expect(next(claimed, [b, c])).toBe('Gone: somebody else removed it');
  expect(next(claimed, [terminating('a'), b, c])).toBe('Gone: somebody else removed it');
});
