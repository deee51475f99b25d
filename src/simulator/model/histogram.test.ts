import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tokenCountBuckets } from './buckets.ts';
import { Histogram } from './histogram.ts';

describe('a histogram', () => {
  test('puts a value equal to a bound into that bound, and what is above all into +Inf', () => {
    const histogram = new Histogram([1, 5, 10]);
    for (const value of [0, 1, 1.5, 10, 11]) histogram.observe(value);
    expect([...histogram.counts]).toEqual([2, 1, 1, 1]);
    expect(histogram).toMatchObject({ count: 5, sum: 23.5 });
  });

  test('observing a value n times is observing it once n times', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 1, max: 9 }), (value, times) => {
        const [once, often] = [new Histogram([1, 5, 10]), new Histogram([1, 5, 10])];
        once.observe(value, times);
        for (let i = 0; i < times; i += 1) often.observe(value);
        expect(once).toEqual(often);
      }),
    );
  });
});

test.each([
  [1024, [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]],
  [4096, [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000]],
  [5, [1, 2, 5]],
])('token counts up to a context of %i fall into the 1-2-5 series', (maxModelLen, bounds) => {
  expect(tokenCountBuckets(maxModelLen)).toEqual(bounds);
});
