import { expect, test } from 'vitest';
import { createRandom, geometric } from './random.ts';

function draw(seed: number, count: number): readonly number[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, random);
}

test('a seed decides the whole sequence, and other seeds give others', () => {
  expect(draw(7, 50)).toEqual(draw(7, 50));
  expect(draw(7, 50)).not.toEqual(draw(8, 50));
});

test('numbers lie in [0, 1) and spread evenly', () => {
  const numbers = draw(1, 10_000);
  expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  expect(mean).toBeCloseTo(0.5, 1);
});

test.each([1, 20, 200])('geometric lengths are at least 1 and have the mean %i', (mean) => {
  const random = createRandom(3);
  const lengths = Array.from({ length: 20_000 }, () => geometric(mean, random));
  expect(Math.min(...lengths)).toBe(1);
  const measured = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  expect(measured / mean).toBeCloseTo(1, 1);
});
