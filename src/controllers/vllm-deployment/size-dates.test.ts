import { expect, test } from 'vitest';
import { fleet } from '../../../test/builders/fleets.ts';
import { NOW, secondsAgo } from '../../../test/builders/engines.ts';
import { ReplicaSetProjection } from './projections.ts';
import { SizeDates } from './size-dates.ts';

function replicaSet(generation: number): ReplicaSetProjection {
  const metadata = { name: 'chat-1', namespace: 'models', uid: 'u', resourceVersion: '1', generation };
  return ReplicaSetProjection.parse({ metadata, spec: { replicas: 3 } });
}

const FLOOR_SINCE = secondsAgo(600);
const status = {
  replicas: 3,
  scaling: {
    decidedAt: new Date(FLOOR_SINCE).toISOString(),
    reason: 'TooFewReplicas',
    message: 'as asked',
    manualFloor: {
      replicas: 3,
      since: new Date(FLOOR_SINCE).toISOString(),
      until: new Date(NOW).toISOString(),
      source: 'ReplicaSet',
    },
  },
};

test('a new generation dates from the pass that saw it first', () => {
  const dates = new SizeDates();
  dates.dateOf(replicaSet(1), fleet(), 3, secondsAgo(60));
  expect(dates.dateOf(replicaSet(2), fleet(), 4, secondsAgo(30))).toBe(secondsAgo(30));
  expect(dates.dateOf(replicaSet(2), fleet(), 4, NOW)).toBe(secondsAgo(30));
});

test.each([
  ['a size that the last status says is as old as the floor that was made of it', status, 3, FLOOR_SINCE],
  ['a size that the last status says and that made no floor is older than any', { replicas: 3 }, 3, 0],
  ['a size that no status says was written while nobody watched, and dates from now', status, 5, NOW],
  ['the size of a fleet without status dates from now', undefined, 3, NOW],
])('to a new leader, %s', (_what, known, size, expected) => {
  expect(new SizeDates().dateOf(replicaSet(7), fleet({}, known), size, NOW)).toBe(expected);
});

test('a ReplicaSet that is gone is forgotten', () => {
  const dates = new SizeDates();
  dates.dateOf(replicaSet(1), fleet(), 3, secondsAgo(60));
  dates.keep(new Set(['another']));
  expect(dates.dateOf(replicaSet(1), fleet(), 3, NOW)).toBe(NOW);
});
