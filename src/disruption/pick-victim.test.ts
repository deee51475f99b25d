import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import {
  loading,
  ready,
  secondsAgo,
  silent,
  terminating,
  unready,
  unschedulable,
} from '../../test/builders/engines.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import { inFlight, pickVictim } from './pick-victim.ts';

const idle = { running: 0, waiting: 0, kvCacheUsage: 0 };

describe('the victim is', () => {
  const cases: readonly (readonly [
    what: string,
    engines: readonly EngineSnapshot[],
    victim: string | undefined,
  ])[] = [
    ['an engine without a node before one that loads', [loading('b'), unschedulable('a')], 'a'],
    ['an engine that loads before one that is unready', [unready('b'), loading('a')], 'a'],
    ['an unready engine before an idle ready one', [ready('b', idle), unready('a')], 'a'],
    [
      'the engine with the least in flight, running and waiting',
      [ready('b', { running: 1, waiting: 4 }), ready('a', { running: 4, waiting: 0 })],
      'a',
    ],
    [
      'an engine that tells its load before one that does not',
      [ready('b', { running: 0 }), ready('a', { running: 9, waiting: 9 })],
      'a',
    ],
    [
      'the coldest cache among equals',
      [ready('b', { ...idle, kvCacheUsage: 0.2 }), ready('a', { ...idle, kvCacheUsage: 0.1 })],
      'a',
    ],
    [
      'the youngest among equals',
      [
        ready('b', idle, { createdAtMs: secondsAgo(900) }),
        ready('a', idle, { createdAtMs: secondsAgo(300) }),
      ],
      'a',
    ],
    ['the first by name among twins', [ready('b', idle), ready('a', idle)], 'a'],
    [
      'never a ready engine whose page is missing: it may be the busiest',
      [silent('b'), ready('a', { running: 50, waiting: 50 })],
      'a',
    ],
    ['nobody when all pages are missing', [silent('a'), silent('b')], undefined],
    ['nobody when all are leaving', [terminating('a')], undefined],
  ];
  test.each(cases)('%s', (_what, engines, victim) => {
    expect(pickVictim(engines)?.name).toBe(victim);
  });

  const unwanted = new Set(['a', 'c']);
  const isUnwanted = ({ name }: EngineSnapshot): boolean => unwanted.has(name);

  test.each([
    [
      'one that would be replaced anyway before an idler one',
      [ready('b', idle), ready('a', { running: 9, waiting: 0 })],
      'a',
    ],
    [
      'the idler of two that would be replaced anyway',
      [ready('c', { running: 9, waiting: 0 }), ready('a', idle)],
      'a',
    ],
    [
      'not one that would be replaced anyway while another is not ready',
      [ready('a', idle), loading('b')],
      'b',
    ],
    [
      'not even one that would be replaced anyway when its page is missing',
      [silent('a'), ready('b', idle)],
      'b',
    ],
  ] as const)('%s', (_what, engines, victim) => {
    expect(pickVictim(engines, isUnwanted)?.name).toBe(victim);
  });

  test('the same for the same engines in any order', () => {
    const engines = [
      ready('a', idle),
      ready('b', idle),
      ready('c', { running: 1 }),
      unready('d'),
      loading('e'),
      silent('f'),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(engines, { minLength: engines.length }), (shuffled) => {
        expect(pickVictim(shuffled)).toBe(pickVictim(engines));
      }),
      { numRuns: 50 },
    );
  });
});

test('requests in flight are unknown unless the page tells both figures', () => {
  expect([
    inFlight(ready('a', { running: 2, waiting: 3 })),
    inFlight(ready('a', { running: 2 })),
    inFlight(silent('a', { running: 2, waiting: 3 })),
  ]).toEqual([5, undefined, undefined]);
});
