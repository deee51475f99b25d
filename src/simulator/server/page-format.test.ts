import { expect, test } from 'vitest';
import { formatLabels, formatValue } from './page-format.ts';
import { fixture } from './test-kit.ts';

test.each([
  [0, '0.0'],
  [3, '3.0'],
  [0.3, '0.3'],
  [0.0001, '0.0001'],
  [0.00005, '5e-05'],
  [1.25e-7, '1.25e-07'],
  [999_999, '999999.0'],
  [1e6, '1e+06'],
  [3_675_428, '3.675428e+06'],
  [1_795_317_107.2910748, '1.7953171072910748e+09'],
  [10_777_853_952, '1.0777853952e+010'],
  [1e16, '1e+16'],
  [Infinity, '+Inf'],
])('%d is written %s', (value, text) => {
  expect(formatValue(value)).toBe(text);
});

test('every value of a real page comes out as it stands there', () => {
  const values = fixture('after_load.prom')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.slice(line.lastIndexOf(' ') + 1));
  expect(values.length).toBeGreaterThan(300);
  expect(values.map((text) => formatValue(Number(text)))).toEqual(values);
});

test('labels stand in alphabetical order, escaped', () => {
  expect(formatLabels({ model_name: 'a"b\\c\nd', engine: '0' })).toBe(
    '{engine="0",model_name="a\\"b\\\\c\\nd"}',
  );
  expect(formatLabels({})).toBe('');
});
