import { describe, expect, test } from 'vitest';
import { NOW, secondsAgo } from '../../test/builders/engines.ts';
import { FAST_UP, SLOW_DOWN } from '../../test/builders/scaling.ts';
import { growthLimit, shrinkLimit } from './policies.ts';
import type { RatePolicy, ScalingRules, SizeChange } from './types.ts';

const rules = (
  policies: readonly RatePolicy[],
  selectPolicy: ScalingRules['selectPolicy'] = 'Max',
): ScalingRules => ({
  stabilizationWindowSeconds: 0,
  selectPolicy,
  policies,
});
const percent = (value: number, periodSeconds = 60): RatePolicy => ({
  type: 'Percent',
  value,
  periodSeconds,
});
const pods = (value: number, periodSeconds = 60): RatePolicy => ({ type: 'Pods', value, periodSeconds });
const changed = (seconds: number, from: number, to: number): SizeChange => ({
  atMs: secondsAgo(seconds),
  from,
  to,
});

type Case = readonly [
  what: string,
  rules: ScalingRules,
  current: number,
  changes: readonly SizeChange[],
  limit: number,
];

describe('growth', () => {
  const cases: readonly Case[] = [
    ['of 1 engine by max(100 %, 4) makes 5', FAST_UP, 1, [], 5],
    ['of 4 engines by max(100 %, 4) makes 8', FAST_UP, 4, [], 8],
    ['of 10 engines by max(100 %, 4) makes 20', FAST_UP, 10, [], 20],
    ['counts what this period has added already', FAST_UP, 8, [changed(10, 4, 8)], 8],
    ['is free again when the period is over to the second', FAST_UP, 8, [changed(15, 4, 8)], 16],
    ['may use the rest of the period', FAST_UP, 6, [changed(10, 4, 6)], 8],
    ['may put back what this period took away', rules([pods(1)]), 7, [changed(30, 10, 7)], 11],
    [
      'by the least that any policy allows, when it is asked to',
      rules([percent(100), pods(4)], 'Min'),
      10,
      [],
      14,
    ],
    ['is off when it is disabled', rules([percent(100)], 'Disabled'), 10, [], 10],
    ['never turns into a shrink', rules([pods(1)]), 10, [changed(30, 2, 10)], 10],
    ['by a percentage rounds up, so that small fleets grow', rules([percent(10)]), 3, [], 4],
    ['of 100 by 10 % makes 110: no engine for floating-point dust', rules([percent(10)]), 100, [], 110],
  ];
  test.each(cases)('%s', (_what, scaleUp, current, changes, limit) => {
    expect(growthLimit(scaleUp, current, changes, NOW)).toBe(limit);
  });
});

describe('shrinking', () => {
  const cases: readonly Case[] = [
    ['of 5 engines by max(10 %, 1) leaves 4', SLOW_DOWN, 5, [], 4],
    ['of 30 engines by max(10 %, 1) leaves 27', SLOW_DOWN, 30, [], 27],
    ['of 15 engines by max(10 %, 1) leaves 13, as HPA rounds', SLOW_DOWN, 15, [], 13],
    [
      'counts what this period has removed already',
      SLOW_DOWN,
      28,
      [changed(20, 29, 28), changed(40, 30, 29)],
      27,
    ],
    ['is free again when the period is over to the second', SLOW_DOWN, 4, [changed(60, 5, 4)], 3],
    ['is used up within the period', SLOW_DOWN, 4, [changed(59, 5, 4)], 4],
    [
      'by the least that any policy allows, when it is asked to',
      rules([percent(50), pods(1)], 'Min'),
      10,
      [],
      9,
    ],
    ['is off when it is disabled', rules([percent(100)], 'Disabled'), 10, [], 10],
    ['by 100 % leaves nothing; the bounds say what stays', rules([percent(100, 15)]), 10, [], 0],
    ['of 10 by 90 % leaves 1: no engine lost to floating-point dust', rules([percent(90)]), 10, [], 1],
    ['never turns into growth', rules([pods(1)]), 5, [changed(30, 10, 5)], 5],
  ];
  test.each(cases)('%s', (_what, scaleDown, current, changes, limit) => {
    expect(shrinkLimit(scaleDown, current, changes, NOW)).toBe(limit);
  });
});
