import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { oddsOfErrors, oddsOfSlowness, ttftOf } from './odds.ts';
import { NO_TALLY, type Sides, type Tally } from './tally.ts';

function period(
  Old: readonly [requests: number, failures: number],
  New: readonly [number, number],
): Sides<Tally> {
  return {
    Old: { ...NO_TALLY, requests: Old[0], failures: Old[1] },
    New: { ...NO_TALLY, requests: New[0], failures: New[1] },
  };
}

describe('the odds of errors', () => {
  test.each([
    ['no failure says nothing', period([100, 0], [100, 0]), 0],
    [
      'a failure of the new side is worth 2.5 to 1.75 with as many requests',
      period([9, 0], [9, 1]),
      Math.log(2.5 / 1.75),
    ],
    ['a failure of the old side takes 1.75', period([9, 1], [9, 0]), -Math.log(1.75)],
    ['a side without requests says nothing', period([0, 0], [9, 9]), 0],
  ])('%s', (_, sides, log) => {
    expect(oddsOfErrors(sides)).toBeCloseTo(log, 10);
  });

  test('of one period are bounded, whatever happens in it', () => {
    expect(oddsOfErrors(period([9, 0], [9, 900]))).toBeCloseTo(Math.log(1000) / 4, 10);
  });

  test("are fair at best: with both sides failing alike, the mean of a period's factor is at most 1", () => {
    const requests = fc.integer({ min: 1, max: 500 });
    fc.assert(
      fc.property(requests, requests, fc.integer({ min: 0, max: 8 }), (old, now, failures) => {
        const share = now / (now + old);
        let mean = 0;
        let ways = 1;
        for (let ofNew = 0; ofNew <= failures; ofNew += 1) {
          const chance = ways * share ** ofNew * (1 - share) ** (failures - ofNew);
          mean += chance * Math.exp(oddsOfErrors(period([old, failures - ofNew], [now, ofNew])));
          ways = (ways * (failures - ofNew)) / (ofNew + 1);
        }
        expect(mean).toBeLessThan(1 + 1e-9);
      }),
    );
  });
});

describe('the odds of slowness', () => {
  const within = (bound: number): Tally => ({
    ...NO_TALLY,
    requests: 100,
    ttft: {
      count: 100,
      sum: 0,
      bounds: [0.1, 0.2, 0.4, Infinity],
      cumulative: [0.1, 0.2, 0.4, Infinity].map((upper) => (upper >= bound ? 100 : 0)),
    },
  });

  test('grow in a period in which the new side is slower, and fall in any other', () => {
    expect(oddsOfSlowness({ Old: within(0.1), New: within(0.2) })).toBeCloseTo(Math.log(1.7), 10);
    expect(oddsOfSlowness({ Old: within(0.2), New: within(0.2) })).toBeCloseTo(Math.log(0.3), 10);
    expect(oddsOfSlowness({ Old: within(0.2), New: within(0.1) })).toBeCloseTo(Math.log(0.3), 10);
  });

  test('fall in a period in which it is slower by less than a quarter', () => {
    const times = (withinOne: number): Tally => ({
      ...NO_TALLY,
      ttft: { count: 100, sum: 0, bounds: [1, 2, Infinity], cumulative: [withinOne, 100, 100] },
    });
    expect([times(94), times(92)].map((side) => ttftOf(side)?.toFixed(3))).toEqual(['1.167', '1.375']);
    expect(oddsOfSlowness({ Old: times(94), New: times(92) })).toBeCloseTo(Math.log(0.3), 10);
  });

  test('are fair: over the ratio in every other period, their factor is 1 in the mean', () => {
    const factors = [within(0.1), within(0.4)].map((New) =>
      Math.exp(oddsOfSlowness({ Old: within(0.2), New })),
    );
    expect(factors.reduce((sum, factor) => sum + factor) / 2).toBeCloseTo(1, 10);
  });

  test('say nothing of a side without times', () => {
    expect(oddsOfSlowness({ Old: NO_TALLY, New: within(0.2) })).toBe(0);
  });
});
