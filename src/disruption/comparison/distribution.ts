import type { Histogram } from '../../engine/sample.ts';

/**
 * The sum of two histograms, on the bounds that both have: two versions may have other buckets, and those of prompts
 * end at each engine's `--max-model-len`. A cumulative count is exact at each bound that is kept.
 */
export function addOnCommonBounds(a: Histogram | undefined, b: Histogram | undefined): Histogram | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const [one, other] = onCommonBounds(a, b);
  return {
    count: one.count + other.count,
    sum: one.sum + other.sum,
    bounds: one.bounds,
    cumulative: one.cumulative.map((value, i) => value + (other.cumulative[i] ?? 0)),
  };
}

export function scaled({ count, sum, bounds, cumulative }: Histogram, factor: number): Histogram {
  return {
    count: count * factor,
    sum: sum * factor,
    bounds,
    cumulative: cumulative.map((value) => value * factor),
  };
}

/**
 * The largest difference between two distributions' shares at or below one value, 0 to 1: the statistic of Kolmogorov
 * and Smirnov, at the bounds that both have. `undefined` if one of them is empty, or they share no finite bound.
 */
export function largestGap(a: Histogram | undefined, b: Histogram | undefined): number | undefined {
  if (a === undefined || b === undefined) return undefined;
  const [one, other] = onCommonBounds(a, b);
  const totals = [one.cumulative.at(-1) ?? 0, other.cumulative.at(-1) ?? 0] as const;
  if (one.bounds.length < 2 || !(totals[0] > 0) || !(totals[1] > 0)) return undefined;
  return one.cumulative.reduce((largest, value, i) => {
    const gap = Math.abs(value / totals[0] - (other.cumulative[i] ?? 0) / totals[1]);
    return Math.max(largest, gap);
  }, 0);
}

/** Both with the bounds that both have. `Infinity` is one of them: a histogram without it is not read. */
export function onCommonBounds(a: Histogram, b: Histogram): readonly [Histogram, Histogram] {
  if (a.bounds === b.bounds) return [a, b];
  const known = new Set(b.bounds);
  const bounds = a.bounds.filter((bound) => known.has(bound));
  return [onBounds(a, bounds), onBounds(b, bounds)];
}

function onBounds(histogram: Histogram, bounds: readonly number[]): Histogram {
  if (bounds.length === histogram.bounds.length) return { ...histogram, bounds };
  const cumulative = bounds.map((bound) => histogram.cumulative[histogram.bounds.indexOf(bound)] ?? 0);
  return { ...histogram, bounds, cumulative };
}
