import { describe, expect, test } from 'vitest';
import {
  loading,
  NOW,
  ready,
  readyEngines,
  readyWith,
  silent,
  unready,
  unschedulable,
} from '../../test/builders/engines.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import { fleetLoad } from './fleet-load.ts';
import { proposeByQueueDepth } from './queue-depth.ts';

const propose = (engines: readonly EngineSnapshot[], target = 5): ReturnType<typeof proposeByQueueDepth> =>
  proposeByQueueDepth(engines.length, fleetLoad(engines, 1800, NOW), target);

describe('the queue rule abstains', () => {
  const cases: readonly (readonly [when: string, engines: readonly EngineSnapshot[], reason: string])[] = [
    ['when no engine is there', [], 'NoData'],
    ['when no page tells how many requests wait', readyEngines(2, { running: 8 }), 'NoData'],
    ['when every queue is at the target', readyEngines(3, { waiting: 5 }), 'WithinTarget'],
    [
      'when only half of the engines are over it',
      readyWith({ waiting: 6 }, { waiting: 6 }, { waiting: 5 }, { waiting: 0 }),
      'WithinTarget',
    ],
    [
      'when a missing page could make the half a majority: missing is empty on the way up',
      [ready('a', { waiting: 9 }), silent('b')],
      'WithinTarget',
    ],
    [
      'while an engine is starting: it was ordered for this very load',
      [ready('a', { waiting: 9 }), loading('b')],
      'CapacityStarting',
    ],
  ];
  test.each(cases)('%s', (_when, engines, reason) => {
    expect(propose(engines)).toMatchObject({ kind: 'Abstain', reason });
  });
});

describe('the queue rule asks for max(1, 25 %) more', () => {
  const cases: readonly (readonly [engines: number, size: number])[] = [
    [1, 2],
    [2, 3],
    [4, 5],
    [5, 7],
    [8, 10],
    [100, 125],
  ];
  test.each(cases)('of %i engines it makes %i', (engines, size) => {
    expect(propose(readyEngines(engines, { waiting: 6 }))).toMatchObject({ kind: 'Size', size });
  });

  test('however long the queues are: a backlog is not demand', () => {
    expect(propose(readyEngines(4, { waiting: 10_000 }))).toMatchObject({ size: 5 });
  });

  test('when an engine fell silent while its queue was long', () => {
    expect(propose([ready('a', { waiting: 9 }), silent('b', { waiting: 9 })])).toMatchObject({ size: 3 });
  });

  test('of all engines that were ordered, not only of those that are ready', () => {
    const engines = [...readyEngines(4, { waiting: 6 }), ...[1, 2, 3, 4].map((n) => unready(`sick-${n}`))];
    expect(propose(engines)).toMatchObject({ size: 10 });
  });

  test('although another engine finds no node: the limit on that is seen in the decision', () => {
    expect(propose([ready('a', { waiting: 6 }), unschedulable('b')])).toMatchObject({ kind: 'Size' });
  });

  test('although another engine has overdrawn its time to start', () => {
    expect(propose([ready('a', { waiting: 6 }), loading('b', 1801)])).toMatchObject({ kind: 'Size' });
  });

  test('at the target that the user set, with the arithmetic in words', () => {
    expect(propose(readyEngines(3, { waiting: 3 }), 2)).toEqual({
      signal: 'QueueDepth',
      kind: 'Size',
      size: 4,
      reason: 'QueueOverTarget',
      message: '3 of 3 ready engines have more than 2 waiting: 3 + max(1, 25 %) = 4',
    });
  });
});
