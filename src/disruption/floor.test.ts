import { describe, expect, test } from 'vitest';
import {
  mayDrainFirst,
  rolloutBudget,
  servingFloor,
  shrinkBudget,
  tooFewServe,
  whyNotDrainFirst,
} from './floor.ts';

const rollout = (maxUnavailable = 1, allowDowntime = false) => ({ maxUnavailable, allowDowntime });

describe('how many others must serve while an engine is replaced', () => {
  test.each([
    ['with a surge, as many as the fleet is to have', 3, rollout(2), 'SurgeFirst', 3],
    [
      'with a surge, the one of a fleet of one, downtime allowed or not',
      1,
      rollout(1, true),
      'SurgeFirst',
      1,
    ],
    ['without a surge, maxUnavailable fewer', 5, rollout(2), 'DrainFirst', 3],
    ['all, where maxUnavailable is 0', 5, rollout(0), 'DrainFirst', 5],
    ['one at least, however many may be missing', 3, rollout(9), 'DrainFirst', 1],
    ['the one of a fleet of one', 1, rollout(), 'DrainFirst', 1],
    ['none of a fleet of one that allows downtime', 1, rollout(1, true), 'DrainFirst', 0],
    ['one of a fleet of two, though downtime is allowed', 2, rollout(1, true), 'DrainFirst', 1],
    ['none of a fleet that is to have none', 0, rollout(), 'DrainFirst', 0],
  ] as const)('%s', (_what, desired, settings, strategy, floor) => {
    expect(servingFloor(desired, settings, strategy)).toBe(floor);
  });
});

describe('whether an engine may go before another one is there', () => {
  test.each([
    [2, rollout(), true],
    [2, rollout(0), false],
    [1, rollout(), false],
    [1, rollout(1, true), true],
    [0, rollout(), true],
  ] as const)('of %i with %o: %s', (desired, settings, may) => {
    expect(mayDrainFirst(desired, settings)).toBe(may);
  });

  test('and if not, what to change', () => {
    expect([whyNotDrainFirst(3, rollout(0)), whyNotDrainFirst(1, rollout())]).toEqual([
      'rollout.maxUnavailable is 0: raise it to let an engine go first',
      'the fleet has 1 engine: set rollout.allowDowntime to let the last one go first',
    ]);
  });
});

describe('budgets', () => {
  test.each([
    [0, 1],
    [1, 1],
    [19, 1],
    [20, 2],
    [100, 10],
  ])('of a fleet of %i are %i at a time: a tenth, at least one', (engines, budget) => {
    expect([shrinkBudget(engines), rolloutBudget(engines, {})]).toEqual([budget, budget]);
  });

  test('of roll-outs are what maxConcurrent says', () => {
    expect(rolloutBudget(100, { maxConcurrent: 3 })).toBe(3);
  });
});

test('that too few serve reads well for one and for several', () => {
  expect([
    tooFewServe(0, 1),
    tooFewServe(1, 2),
    tooFewServe(2, 3, 'Read'),
    tooFewServe(1, 2, 'Read'),
  ]).toEqual([
    '0 other engines serve, 1 is needed',
    '1 other engine serves, 2 are needed',
    '2 other engines serve and are read, 3 are needed',
    '1 other engine serves and is read, 2 are needed',
  ]);
});
