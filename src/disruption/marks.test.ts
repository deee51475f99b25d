import { describe, expect, test } from 'vitest';
import { aboutToGo, claimOn, markedBy, releasedFrom } from '../../test/builders/claims.ts';
import { ready, secondsAgo } from '../../test/builders/engines.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import {
  DRAINING_DELETION_COST,
  isMarked,
  isMarkedBy,
  isReleasedFrom,
  markOf,
  releasedMarkOf,
  REMOVING_DELETION_COST,
} from './marks.ts';

const engine = ready('a');
const claim = claimOn(engine);
const earlier = claimOn(engine, { claimedAt: new Date(secondsAgo(600)).toISOString() });

describe('what an engine carries', () => {
  test.each<[what: string, engine: EngineSnapshot, byThis: boolean, released: boolean, atAll: boolean]>([
    ['nothing', engine, false, false, false],
    ['the mark of this claim', markedBy(engine, claim), true, false, true],
    ['the last mark of this claim', aboutToGo(engine, claim), true, false, true],
    ['the mark of an earlier claim', markedBy(engine, earlier), false, false, true],
    ['the release of this claim', releasedFrom(engine, claim), false, true, false],
    ['the release of an earlier claim', releasedFrom(engine, earlier), false, false, false],
    [
      'the label without the cost',
      { ...engine, serving: 'draining', claim: markOf(claim) },
      false,
      false,
      true,
    ],
    [
      'the cost without the label',
      { ...engine, deletionCost: DRAINING_DELETION_COST, claim: markOf(claim) },
      false,
      false,
      true,
    ],
    [
      'a release that left the cost behind',
      { ...releasedFrom(engine, claim), deletionCost: REMOVING_DELETION_COST },
      false,
      false,
      true,
    ],
    ['a label that somebody else set', { ...engine, serving: 'suspect' }, false, false, true],
    ['a cost that a person set', { ...engine, deletionCost: -5 }, false, false, false],
  ])('%s', (_what, marked, byThis, released, atAll) => {
    expect({
      byThis: isMarkedBy(marked, claim),
      released: isReleasedFrom(marked, claim),
      atAll: isMarked(marked),
    }).toEqual({ byThis, released, atAll });
  });
});

test('mark and release of a claim are told apart from each other, and from those of other claims', () => {
  const texts = [markOf(claim), releasedMarkOf(claim), markOf(earlier), releasedMarkOf(earlier)];
  expect(new Set(texts).size).toBe(4);
});

test('the costs fit what a ReplicaSet reads, the last one is its least', () => {
  expect(REMOVING_DELETION_COST).toBe(-(2 ** 31));
  expect(DRAINING_DELETION_COST).toBeGreaterThan(REMOVING_DELETION_COST);
});
