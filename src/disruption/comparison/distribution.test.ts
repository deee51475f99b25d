import { expect, test } from 'vitest';
import type { Histogram } from '../../engine/sample.ts';
import { addOnCommonBounds, largestGap, scaled } from './distribution.ts';

function of(bounds: readonly number[], cumulative: readonly number[]): Histogram {
  return { count: cumulative.at(-1) ?? 0, sum: 0, bounds: [...bounds, Infinity], cumulative };
}

test.each([
  ['alike', of([1, 2], [5, 10, 10]), of([1, 2], [50, 100, 100]), 0],
  ['that differ at one bound', of([1, 2], [5, 10, 10]), of([1, 2], [8, 10, 10]), 0.3],
  ['with nothing in common', of([1, 2], [10, 10, 10]), of([1, 2], [0, 0, 10]), 1],
  ['of which one has more bounds', of([1, 2], [5, 9, 10]), of([1, 2, 5], [4, 9, 10, 10]), 0.1],
  ['of which one is empty', of([1, 2], [0, 0, 0]), of([1, 2], [5, 9, 10]), undefined],
  ['without a finite bound in common', of([1], [5, 10]), of([2], [5, 10]), undefined],
  ['of which one is unknown', undefined, of([2], [5, 10]), undefined],
])('the largest gap of two distributions %s', (_, a, b, gap) => {
  const found = [largestGap(a, b), largestGap(b, a)];
  expect(found.map((one) => one?.toFixed(9))).toEqual([gap?.toFixed(9), gap?.toFixed(9)]);
});

test('histograms with other bounds add up on those that both have', () => {
  const sum = addOnCommonBounds(of([1, 2, 5], [1, 2, 3, 4]), of([2, 5, 8], [10, 20, 30, 40]));
  expect(sum).toEqual({ count: 44, sum: 0, bounds: [2, 5, Infinity], cumulative: [12, 23, 44] });
});

test('a weight of a half halves every figure', () => {
  const whole = { count: 4, sum: 6, bounds: [1, Infinity], cumulative: [2, 4] };
  expect(scaled(whole, 0.5)).toEqual({ count: 2, sum: 3, bounds: [1, Infinity], cumulative: [1, 2] });
});
