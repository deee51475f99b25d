import { expect, test } from 'vitest';
import { count, cut, duration, moment, percent, plural } from './text.ts';

test.each([
  [-5, '0 s'],
  [8_400, '8 s'],
  [119_000, '119 s'],
  [120_000, '2 min'],
  [3_600_000, '60 min'],
  [7_200_000, '2 h'],
  [172_800_000, '2 d'],
])('%i ms is %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test('a time of the API is told to the second', () => {
  expect(moment('2026-03-02T10:00:05.250Z')).toBe('2026-03-02 10:00:05 UTC');
});

test('what is not known is a question mark', () => {
  expect([percent(undefined), count(undefined), percent(0), count(0)]).toEqual(['?', '?', '0%', '0']);
});

test('one engine, two engines', () => {
  expect([plural(1, 'engine'), plural(2, 'engine'), plural(0, 'engine')]).toEqual([
    '1 engine',
    '2 engines',
    '0 engines',
  ]);
});

test('a text is cut at its limit, and one that fits is left alone', () => {
  expect([cut('abcdef', 6), cut('abcdefg', 6)]).toEqual(['abcdef', 'abcde…']);
});
