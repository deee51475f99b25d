import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Timestamp } from './meta.ts';
import { structuralSchema } from './structural-schema.ts';

const field = (schema: z.ZodType): unknown => structuralSchema(z.object({ field: schema }))['properties'];

describe('a zod schema becomes', () => {
  test.each([
    [
      'an int32 where its bound is small',
      z.int().min(1).max(10),
      { type: 'integer', format: 'int32', minimum: 1, maximum: 10 },
    ],
    ['an int64 without the bounds of a double', z.int(), { type: 'integer', format: 'int64' }],
    ['a date-time without a pattern', Timestamp, { type: 'string', format: 'date-time' }],
    [
      'int-or-string',
      z.union([z.int(), z.string().max(9)]),
      { 'x-kubernetes-int-or-string': true, maxLength: 9 },
    ],
    ['an open object', z.looseObject({}), { 'x-kubernetes-preserve-unknown-fields': true }],
    ['a map', z.record(z.string(), z.boolean()), { additionalProperties: { type: 'boolean' } }],
    [
      'a list without an empty default',
      z.array(z.boolean()).default([]),
      { type: 'array', items: { type: 'boolean' } },
    ],
    [
      'an object whose fields have defaults, reached through its own',
      z.object({ inner: z.boolean().default(true) }).prefault({}),
      { default: {}, properties: { inner: { type: 'boolean', default: true } } },
    ],
  ])('%s', (_, schema, expected) => {
    const expectedNode: unknown = expect.objectContaining(expected);
    expect(field(schema)).toEqual({ field: expectedNode });
  });

  test.each([
    ['int-or-string', z.union([z.int(), z.string()]), 'anyOf'],
    ['a date-time', Timestamp, 'pattern'],
    ['a list with an empty default', z.array(z.boolean()).default([]), 'default'],
    [
      'an object whose only default is empty',
      z.object({ list: z.array(z.boolean()).default([]) }).prefault({}),
      'default',
    ],
    ['an open object', z.looseObject({}), 'additionalProperties'],
  ])('%s without %3$s', (_, schema, key) => {
    expect(field(schema)).not.toHaveProperty(['field', key]);
  });
});

test('a union that no structural schema can hold is refused when the CRD is made', () => {
  expect(() => field(z.union([z.object({}), z.string()]))).toThrow(
    'a union cannot be part of a structural schema',
  );
});
