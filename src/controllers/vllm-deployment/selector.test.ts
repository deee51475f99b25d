import { expect, test } from 'vitest';
import type { LabelSelector } from './projections.ts';
import { selects } from './selector.ts';

const LABELS = { app: 'chat', tier: 'gpu' };

function expression(
  key: string,
  operator: LabelSelector['matchExpressions'][number]['operator'],
  ...values: string[]
): LabelSelector {
  return { matchLabels: {}, matchExpressions: [{ key, operator, values }] };
}

test.each<[what: string, selector: LabelSelector, expected: boolean]>([
  ['an empty selector selects everything', { matchLabels: {}, matchExpressions: [] }, true],
  ['all labels match', { matchLabels: { app: 'chat', tier: 'gpu' }, matchExpressions: [] }, true],
  ['one label differs', { matchLabels: { app: 'chat', tier: 'cpu' }, matchExpressions: [] }, false],
  ['In, with the value', expression('app', 'In', 'rag', 'chat'), true],
  ['In, without the value', expression('app', 'In', 'rag'), false],
  ['In, label absent', expression('zone', 'In', 'a'), false],
  ['NotIn, with the value', expression('app', 'NotIn', 'chat'), false],
  ['NotIn, label absent', expression('zone', 'NotIn', 'a'), true],
  ['Exists', expression('app', 'Exists'), true],
  ['Exists, label absent', expression('zone', 'Exists'), false],
  ['DoesNotExist', expression('app', 'DoesNotExist'), false],
  ['DoesNotExist, label absent', expression('zone', 'DoesNotExist'), true],
])('%s', (_what, selector, expected) => {
  expect(selects(selector, LABELS)).toBe(expected);
});
