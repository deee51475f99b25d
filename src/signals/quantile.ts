import type { Histogram, HistogramName } from '../engine/sample.ts';
import type { Window } from './window.ts';

/**
 * What a histogram gained over the window; its counts begin at zero. After a reset the new counts are all gain. Other
 * bounds mean another server, so what came before them is left out. `undefined` unless two pages have it.
 */
export function histogramIncrease(window: Window, name: HistogramName): Histogram | undefined {
  const series = window.flatMap(({ sample }) => sample.histograms[name] ?? []);
  const [first] = series;
  if (first === undefined || series.length < 2) return undefined;
  let gained = subtract(first, first);
  let base: Histogram = first;
  let last: Histogram = first;
  for (const next of series.slice(1)) {
    if (!sameBounds(next, last)) {
      gained = base = subtract(next, next);
    } else if (next.count < last.count) {
      gained = add(gained, subtract(last, base));
      base = subtract(next, next);
    }
    last = next;
  }
  return add(gained, subtract(last, base));
}

/** Histograms of several engines as one; those with other bounds than the first are left out. */
export function mergeHistograms(histograms: readonly Histogram[]): Histogram | undefined {
  const [first, ...others] = histograms;
  if (first === undefined) return undefined;
  return others.filter((other) => sameBounds(first, other)).reduce(add, first);
}

/**
 * The value below which the fraction `q` of observations lies, by linear interpolation within its bucket, as
 * Prometheus' `histogram_quantile` does (promql/quantile.go, BucketQuantile): the first bucket begins at 0, and a
 * quantile in the `+Inf` bucket is the highest finite bound. `undefined` without observations.
 */
export function quantile(histogram: Histogram, q: number): number | undefined {
  const { bounds, cumulative } = histogram;
  const total = cumulative.at(-1) ?? 0;
  if (bounds.length < 2 || !(total > 0)) return undefined;
  const rank = q * total;
  let below = 0;
  let lower = 0;
  for (let i = 0; i < bounds.length - 1; i++) {
    const upper = bounds[i] ?? Infinity;
    // A page taken between two updates can show a bucket below its neighbour; Prometheus levels it in the same way.
    const at = Math.max(below, cumulative[i] ?? 0);
    if (at >= rank) return at === below ? upper : lower + (upper - lower) * ((rank - below) / (at - below));
    below = at;
    lower = upper;
  }
  return lower;
}

function sameBounds(a: Histogram, b: Histogram): boolean {
  if (a.bounds === b.bounds) return true;
  return a.bounds.length === b.bounds.length && a.bounds.every((bound, i) => bound === b.bounds[i]);
}

function add(a: Histogram, b: Histogram): Histogram {
  return combine(a, b, 1);
}

function subtract(a: Histogram, b: Histogram): Histogram {
  return combine(a, b, -1);
}

function combine(a: Histogram, b: Histogram, sign: 1 | -1): Histogram {
  return {
    count: a.count + sign * b.count,
    sum: a.sum + sign * b.sum,
    bounds: a.bounds,
    cumulative: a.cumulative.map((value, i) => value + sign * (b.cumulative[i] ?? 0)),
  };
}
