import { expect, test } from 'vitest';
import { ServingTimeline } from './serving-timeline.ts';

/** Two engines at 0, three at 100, two from 200 to 250, then three. */
function dip(): ServingTimeline {
  const timeline = new ServingTimeline();
  for (const [atMs, engines] of [
    [0, 2],
    [100, 3],
    [200, 2],
    [250, 3],
  ] as const) {
    timeline.add(atMs, engines);
  }
  return timeline;
}

test('the fewest count from when there were enough for the first time', () => {
  expect([dip().leastSince(2), dip().leastSince(3), dip().leastSince(4)]).toEqual([2, 2, 0]);
});

test.each([
  ['a span around the dip', 3, 150, 400, 50],
  ['a span that begins in it', 3, 220, 400, 30],
  ['a span that ends in it', 3, 150, 210, 10],
  ['a span after it', 3, 300, 400, 0],
  ['more engines than there ever were', 4, 150, 400, 250],
  ['fewer engines than there ever were', 2, 0, 400, 0],
] as const)('time below a size: %s', (_what, engines, fromMs, toMs, expected) => {
  expect(dip().msBelow(engines, fromMs, toMs)).toBe(expected);
});

test.each([
  ['there are as many already', 3, 150, 150],
  ['in the dip, at its end', 3, 210, 250],
  ['before the first, when they came', 3, -50, 100],
  ['never', 4, 0, undefined],
] as const)('when a size is reached: %s', (_what, engines, fromMs, expected) => {
  expect(dip().reachedMs(engines, fromMs)).toBe(expected);
});
