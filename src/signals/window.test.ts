import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EngineSample, Histogram } from '../engine/sample.ts';
import { histogramIncrease, mergeHistograms, quantile } from './quantile.ts';
import { increase, latest, rate, windowOf, type Read, type Window } from './window.ts';

const BLANK: EngineSample = { histograms: {}, ranks: [], dialect: 'v1-0.32', models: [], notObservable: {} };
const steps: Read = (sample) => sample.steps;

/** Pages five seconds apart. */
function pages(samples: readonly Partial<EngineSample>[]): Window {
  return samples.map((sample, i) => ({ atMs: i * 5000, sample: { ...BLANK, ...sample } }));
}

function counter(...values: readonly (number | undefined)[]): Window {
  return pages(values.map((value) => ({ steps: value })));
}

const BOUNDS = [1, 2, 4, Infinity];
function histogram(...cumulative: readonly number[]): Histogram {
  return { count: cumulative.at(-1) ?? 0, sum: 0, bounds: BOUNDS, cumulative };
}

function latency(...histograms: readonly (Histogram | undefined)[]): Window {
  return pages(histograms.map((e2e) => ({ histograms: { e2e } })));
}

describe('a counter over a window', () => {
  test.each([
    ['grows', [10, 15, 30], 20],
    ['stands still', [7, 7], 0],
    ['was reset: all that it has since is growth', [100, 110, 4, 6], 16],
    ['was reset to nothing', [100, 0, 3], 3],
    ['is absent from a page between', [10, undefined, 30], 20],
  ])('%s', (_, values, grown) => {
    expect(increase(counter(...values), steps)).toEqual({ value: grown, spanMs: (values.length - 1) * 5000 });
  });

  test.each([
    ['no page', []],
    ['one page', [5]],
    ['no page that has it', [undefined, undefined]],
    ['one page that has it', [undefined, 5, undefined]],
  ])('is unknown with %s, not zero', (_, values) => {
    expect(increase(counter(...values), steps)).toBeUndefined();
    expect(rate(counter(...values), steps)).toBeUndefined();
  });

  test('its rate is per second of the pages that had it', () => {
    expect(rate(counter(undefined, 100, 150, 200), steps)).toBe(10);
  });

  test('never has negative growth', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 2, maxLength: 20 }), (values) => {
        const grown = increase(counter(...values), steps)?.value ?? -1;
        expect(grown).toBeGreaterThanOrEqual(Math.max(0, (values.at(-1) ?? 0) - (values[0] ?? 0)));
      }),
    );
  });
});

test('a window holds the pages of its length, the ends included', () => {
  const samples = counter(1, 2, 3, 4, 5);
  expect(windowOf({ samples }, 20_000, 10_000).map(({ atMs }) => atMs)).toEqual([10_000, 15_000, 20_000]);
  expect(windowOf({ samples }, 12_000, 5000).map(({ atMs }) => atMs)).toEqual([10_000]);
});

test('the latest figure is the newest page’s, absent if that page lacks it', () => {
  expect(latest(counter(1, 2), steps)).toBe(2);
  expect(latest(counter(1, undefined), steps)).toBeUndefined();
});

describe('a histogram over a window', () => {
  test('is what was observed within it', () => {
    expect(histogramIncrease(latency(histogram(1, 2, 3, 4), histogram(1, 5, 6, 8)), 'e2e')).toMatchObject({
      count: 4,
      cumulative: [0, 3, 3, 4],
    });
  });

  test('after a reset keeps what came before and all that came after', () => {
    const window = latency(
      histogram(1, 2, 3, 4),
      histogram(2, 4, 5, 6),
      histogram(0, 1, 1, 1),
      histogram(0, 2, 3, 3),
    );
    expect(histogramIncrease(window, 'e2e')).toMatchObject({ count: 5, cumulative: [1, 4, 5, 5] });
  });

  test('with other buckets since a restart is all that the new server observed', () => {
    const other: Histogram = { count: 3, sum: 0, bounds: [5, Infinity], cumulative: [2, 3] };
    const more: Histogram = { count: 4, sum: 0, bounds: [5, Infinity], cumulative: [2, 4] };
    expect(histogramIncrease(latency(histogram(1, 2, 3, 4), other, more), 'e2e')).toMatchObject({
      count: 4,
      bounds: [5, Infinity],
      cumulative: [2, 4],
    });
  });

  test('is unknown with one page', () => {
    expect(histogramIncrease(latency(histogram(1, 2, 3, 4), undefined), 'e2e')).toBeUndefined();
  });
});

describe('a quantile', () => {
  test.each([
    ['interpolates within its bucket', [0, 10, 10, 10], 0.5, 1.5],
    ['begins the first bucket at 0', [10, 10, 10, 10], 0.5, 0.5],
    ['skips empty buckets', [5, 5, 10, 10], 0.75, 3],
    ['lies on a bound exactly', [5, 10, 10, 10], 0.5, 1],
    ['beyond the last finite bound is that bound', [0, 0, 1, 10], 0.95, 4],
    ['levels a bucket that lies below its neighbour', [6, 5, 10, 10], 0.6, 1],
  ])('%s', (_, cumulative, q, value) => {
    expect(quantile(histogram(...cumulative), q)).toBeCloseTo(value, 12);
  });

  test('of no observations is unknown', () => {
    expect(quantile(histogram(0, 0, 0, 0), 0.95)).toBeUndefined();
  });

  test('is within the bounds and grows with q', () => {
    const observed = fc.array(fc.nat(50), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(observed, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (counts, q) => {
        let sum = 0;
        const cumulative = counts.map((count) => (sum += count));
        fc.pre(sum > 0);
        const lower = quantile(histogram(...cumulative), q / 2) ?? NaN;
        const upper = quantile(histogram(...cumulative), q) ?? NaN;
        expect(lower).toBeGreaterThanOrEqual(0);
        expect(upper).toBeGreaterThanOrEqual(lower);
        expect(upper).toBeLessThanOrEqual(4);
      }),
    );
  });

  test('of a fleet is taken over the engines’ histograms together', () => {
    const merged = mergeHistograms([histogram(10, 10, 10, 10), histogram(0, 0, 10, 10)]);
    expect(merged?.cumulative).toEqual([10, 10, 20, 20]);
    expect(merged === undefined ? undefined : quantile(merged, 0.75)).toBe(3);
  });
});
