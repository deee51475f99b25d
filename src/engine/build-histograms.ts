import type { HistogramBuilder, PageState } from './accumulate.ts';
import { HISTOGRAMS, HISTOGRAM_NAMES } from './families.ts';
import type { Histogram } from './sample.ts';

export type PageHistogram = (typeof HISTOGRAMS)[number];
export type PageHistograms = { readonly [name in PageHistogram]?: Histogram | undefined };

/**
 * The bounds seen of late for each histogram, the newest in front: pages of one fleet share them, so samples share one
 * array. Those of `requestPromptTokens` end at the fleet's `--max-model-len`.
 */
const knownBounds = new Map<PageHistogram, readonly (readonly number[])[]>();
/** Fleets with bounds of their own that one operator is expected to have. */
const MOST_KNOWN_BOUNDS = 16;

/** Each histogram of the page, summed over its ranks; what is wrong with one goes to the page's problems. */
export function buildHistograms(page: PageState): PageHistograms {
  const built: { [name in PageHistogram]?: Histogram | undefined } = {};
  HISTOGRAMS.forEach((name, slot) => {
    built[name] = sumHistograms(page, name, slot);
  });
  return built;
}

/**
 * Sum of the ranks' histograms. A series without its `+Inf` bucket, count or sum was cut out of the page, and ranks
 * with unlike bounds cannot be added bucket by bucket: both leave the histogram unknown.
 */
function sumHistograms(page: PageState, name: PageHistogram, slot: number): Histogram | undefined {
  const family = HISTOGRAM_NAMES[name];
  if (page.problems.has(family)) return undefined;
  let merged: { count: number; sum: number; bounds: readonly number[]; cumulative: number[] } | undefined;
  for (const rank of page.ranks) {
    const series = rank.histograms[slot];
    if (series === undefined || isUntouched(series)) continue;
    if (!isWhole(series)) {
      page.problems.set(family, `${family} lacks its +Inf bucket, its count or its sum`);
      return undefined;
    }
    if (merged === undefined) {
      const { count, sum } = series;
      merged = {
        count,
        sum,
        bounds: internBounds(name, series.bounds),
        cumulative: series.cumulative.slice(),
      };
    } else {
      if (!equal(merged.bounds, series.bounds)) {
        page.problems.set(family, `${family} has other buckets on one rank than on another`);
        return undefined;
      }
      merged.count += series.count;
      merged.sum += series.sum;
      for (let i = 0; i < series.cumulative.length; i++) {
        merged.cumulative[i] = (merged.cumulative[i] ?? 0) + (series.cumulative[i] ?? 0);
      }
    }
  }
  return merged;
}

function isUntouched(series: HistogramBuilder): boolean {
  return series.bounds.length === 0 && Number.isNaN(series.count) && Number.isNaN(series.sum);
}

function isWhole(series: HistogramBuilder): boolean {
  return series.bounds.at(-1) === Infinity && series.count >= 0 && series.sum >= 0;
}

function equal(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function internBounds(name: PageHistogram, bounds: readonly number[]): readonly number[] {
  const known = knownBounds.get(name) ?? [];
  const seen = known.find((other) => equal(other, bounds));
  if (seen !== undefined) return seen;
  const copy = bounds.slice();
  knownBounds.set(name, [copy, ...known].slice(0, MOST_KNOWN_BOUNDS));
  return copy;
}
