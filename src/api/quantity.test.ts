import { expect, test } from 'vitest';
import { quantityValue } from './quantity.ts';

test.each([
  ['0', 0],
  ['1500Mi', 1_572_864_000],
  ['2G', 2e9],
  ['1e9', 1e9],
  ['1E', 1e18],
  ['1E3', 1000],
  ['.5Gi', 536_870_912],
  ['129339392', 129_339_392],
  ['128974848000m', 128_974_848],
  ['-1k', -1000],
])('%s is %d', (text, value) => {
  expect(quantityValue(text)).toBe(value);
});

test.each(['', 'Mi', '1 Gi', '1Gb', '1e', '1e9Mi', '0x10', 'NaN', `1e${'9'.repeat(9)}`])(
  '%j is none',
  (text) => {
    expect(quantityValue(text)).toBeUndefined();
  },
);
