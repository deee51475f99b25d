import { describe, expect, test } from 'vitest';
import {
  draining,
  loading,
  ready,
  silent,
  terminating,
  unready,
  unschedulable,
} from '../../test/builders/engines.ts';
import { fleetSnapshot, of, replicaSet } from '../../test/builders/fleets.ts';
import { isSettled, membersOf, otherServing, removalRank } from './members.ts';
import { NOBODY_SICK } from './sick.ts';

const engines = [
  ready('a'),
  loading('b'),
  terminating('leaving'),
  ready('out', {}, { isMember: false }),
  of('bbb', ready('other')),
];

test('a ReplicaSet counts its members that are not on their way out', () => {
  const names = membersOf({ engines }, { name: 'chat-aaa' }).map(({ name }) => name);
  expect(names).toEqual(['a', 'b']);
});

describe('a ReplicaSet is settled', () => {
  test.each([
    ['when it has as many members as it was told', 2, true, true],
    ['not before it has made one more', 3, true, false],
    ['not before it has removed one', 1, true, false],
    ['not while it may not have seen its size', 2, false, false],
  ])('%s', (_when, replicas, isSizeObserved, settled) => {
    const snapshot = fleetSnapshot(engines);
    expect(isSettled(snapshot, replicaSet('aaa', replicas, { isSizeObserved }))).toBe(settled);
  });
});

describe('the others that serve', () => {
  const snapshot = fleetSnapshot([
    ready('a'),
    ready('b'),
    silent('c'),
    draining('d', []),
    loading('e'),
    terminating('f'),
    ready('out', {}, { isMember: false }),
  ]);
  const others = (uid: string, marked: readonly string[] = [], which?: 'Read'): number =>
    otherServing({ snapshot, markedNow: new Set(marked), sick: NOBODY_SICK }, uid, which);

  test('are those in the Service, in a ReplicaSet or not', () => {
    expect(others('uid-a')).toBe(3);
    expect(others('uid-d')).toBe(4);
  });

  test('are without those that leave in this pass', () => {
    expect(others('uid-a', ['uid-b'])).toBe(2);
  });

  test('are those of which something is known, where something is to be begun', () => {
    expect(others('uid-a', [], 'Read')).toBe(2);
  });
});

test('a ReplicaSet removes whoever has no node first, then pending, then not ready, then ready', () => {
  const inOrder = [
    unschedulable('a'),
    loading('b', 30, { phase: 'Pending' }),
    loading('c', 30, { phase: 'Running' }),
    ready('d', {}, { phase: 'Running' }),
  ];
  expect(inOrder.map(removalRank)).toEqual([0, 1, 2, 3]);
  expect(removalRank({ ...unready('e'), phase: 'Running' })).toBe(2);
});
