import { expect, test } from 'vitest';
import { contains } from './contains.ts';

test.each<[what: string, found: unknown, wanted: unknown, expected: boolean]>([
  ['equal values', { a: 1, b: 'x' }, { a: 1, b: 'x' }, true],
  ['defaults that the API server filled in', { a: 1, clusterIP: '10.0.0.1' }, { a: 1 }, true],
  ['another value', { a: 2 }, { a: 1 }, false],
  ['a missing key', {}, { a: 1 }, false],
  ['defaults inside a list item', { ports: [{ port: 1, protocol: 'TCP' }] }, { ports: [{ port: 1 }] }, true],
  ['a list with one more item', { ports: [{ port: 1 }, { port: 2 }] }, { ports: [{ port: 1 }] }, false],
  ['a map where a list is wanted', { ports: {} }, { ports: [] }, false],
  ['nothing where a map is wanted', undefined, { a: 1 }, false],
  ['null where a map is wanted', null, { a: 1 }, false],
])('%s', (_what, found, wanted, expected) => {
  expect(contains(found, wanted)).toBe(expected);
});
