import { describe, expect, test } from 'vitest';
import { inSeconds, NOW } from '../../test/builders/engines.ts';
import { freshMemory } from './decide-size.ts';
import { highestWithin, lowestWithin, recommend } from './stabilization.ts';
import type { ScalingMemory } from './types.ts';

/** A memory in which the sizes were recommended at the given seconds. */
function recommended(...sizes: readonly (readonly [seconds: number, size: number])[]): ScalingMemory {
  return sizes.reduce(
    (memory, [seconds, size]) => recommend(memory, size, inSeconds(seconds), 300_000),
    freshMemory(NOW),
  );
}

describe('the down window', () => {
  const cases: readonly (readonly [
    what: string,
    memory: ScalingMemory,
    seconds: number,
    highest: number | undefined,
  ])[] = [
    ['knows nothing at first', recommended(), 0, undefined],
    ['takes the largest size in it', recommended([0, 3], [60, 5], [120, 2]), 120, 5],
    ['holds a size until its last second', recommended([0, 5], [10, 2]), 299, 5],
    ['lets a size go when the window is over, as HPA does', recommended([0, 5], [10, 2]), 300, 2],
    ['counts from when a size was last recommended', recommended([0, 5], [200, 5], [210, 2]), 400, 5],
  ];
  test.each(cases)('%s', (_what, memory, seconds, highest) => {
    expect(highestWithin(memory, 300, inSeconds(seconds))).toBe(highest);
  });

  test('of no length forgets even what was recommended at this very instant', () => {
    expect(highestWithin(recommended([0, 5]), 0, NOW)).toBeUndefined();
  });
});

test('the up window takes the smallest size in it', () => {
  const memory = recommended([0, 3], [60, 5], [70, 4]);
  expect(lowestWithin(memory, 60, inSeconds(59))).toBe(3);
  expect(lowestWithin(memory, 60, inSeconds(75))).toBe(4);
});

test('memory is bounded: one entry a size, none older than the longest window', () => {
  const memory = recommended([0, 3], [1, 3], [2, 4], [400, 5]);
  expect([...memory.recommendedAtMs]).toEqual([[5, inSeconds(400)]]);
});
