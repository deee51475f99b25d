import type { HistogramBuilder, PageState, Rank } from './accumulate.ts';
import { labelText } from './bytes.ts';
import { dialectOf } from './dialect.ts';
import {
  BREAKDOWNS,
  BREAKDOWN_NAMES,
  HISTOGRAMS,
  HISTOGRAM_NAMES,
  MARKERS,
  SCALARS,
  SCALAR_NAMES,
  type Breakdown,
  type Marker,
  type Scalar,
} from './families.ts';
import { explainAbsence } from './not-observable.ts';
import type { CacheConfig, EngineSample, Histogram, PrefixCache, RankSample } from './sample.ts';

type PageHistogram = (typeof HISTOGRAMS)[number];

/** The bounds last seen for each histogram: pages of one fleet share them, so samples share one array. */
const lastBounds = new Map<PageHistogram, readonly number[]>();

/** Turns what a page said into the sample: sums over ranks, the fullest rank's KV usage, aliases resolved. */
export function buildSample(page: PageState, bytes: Uint8Array): EngineSample {
  const kvCacheUsage = fraction(page, 'kvCacheUsage') ?? fraction(page, 'gpuCacheUsage');
  const histograms = buildHistograms(page);
  const { timePerOutputTokenOld, ...latency } = histograms;
  const interTokenLatency = latency.interTokenLatency ?? timePerOutputTokenOld;
  const waitingByReason = breakdown(page, 'waitingByReason');
  const admissionRejections = breakdown(page, 'admissionRejections');
  const sample = {
    running: total(page, 'running'),
    waiting: total(page, 'waiting'),
    waitingByReason,
    kvCacheUsage,
    promptTokens: total(page, 'promptTokens'),
    generationTokens: total(page, 'generationTokens'),
    preemptions: total(page, 'preemptions'),
    steps: total(page, 'steps'),
    requests: breakdown(page, 'requests'),
    admissionRejections,
    prefixCache: prefixCache(page),
    cacheConfig: usefulConfig(page.cacheConfig.config),
    histograms: { ...latency, interTokenLatency },
    ranks: page.ranks.filter(hasScalars).map((rank) => rankSample(rank, page, bytes)),
    processResidentMemoryBytes: measured(page.process[0]),
    processStartTimeSeconds: measured(page.process[1]),
    dialect: dialect(page, { ...histograms, waitingByReason, admissionRejections }),
    models: models(page, bytes),
  };
  return { ...sample, notObservable: explainAbsence(sample, page) };
}

function measured(value: number | undefined): number | undefined {
  return value !== undefined && value >= 0 && value < Infinity ? value : undefined;
}

function valueOf(rank: Rank, scalar: Scalar): number | undefined {
  return measured(rank.scalars[SCALARS.indexOf(scalar)]);
}

function hasScalars(rank: Rank): boolean {
  return rank.scalars.some((value) => !Number.isNaN(value));
}

/** Sum over ranks; `undefined` if no rank has it, or if one has a value that cannot be. */
function total(page: PageState, scalar: Scalar): number | undefined {
  if (page.problems.has(SCALAR_NAMES[scalar])) return undefined;
  let sum: number | undefined;
  for (const rank of page.ranks) {
    const value = valueOf(rank, scalar);
    if (value !== undefined) sum = (sum ?? 0) + value;
  }
  return sum;
}

/** The fullest rank's fraction; above 1 it is no fraction, and then unknown. */
function fraction(page: PageState, scalar: Scalar): number | undefined {
  if (page.problems.has(SCALAR_NAMES[scalar])) return undefined;
  let most: number | undefined;
  for (const rank of page.ranks) {
    const value = valueOf(rank, scalar);
    if (value !== undefined && value > 1) {
      page.problems.set(
        SCALAR_NAMES[scalar],
        `${SCALAR_NAMES[scalar]} has the value ${value}, which is no fraction`,
      );
    }
    if (value !== undefined) most = Math.max(most ?? 0, value);
  }
  return page.problems.has(SCALAR_NAMES[scalar]) ? undefined : most;
}

function breakdown(page: PageState, name: Breakdown): Record<string, number> | undefined {
  if (page.problems.has(BREAKDOWN_NAMES[name])) return undefined;
  const slot = BREAKDOWNS.indexOf(name);
  const entries: [string, number][] = [];
  page.reasons.forEach((reason, i) => {
    let sum: number | undefined;
    for (const rank of page.ranks) {
      const value = rank.breakdowns[slot]?.[i];
      if (value !== undefined && !Number.isNaN(value)) sum = (sum ?? 0) + value;
    }
    if (sum !== undefined) entries.push([reason, sum]);
  });
  // fromEntries defines own properties, so a label `__proto__` is an entry like any other.
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function prefixCache(page: PageState): PrefixCache | undefined {
  const queries = total(page, 'prefixQueries') ?? total(page, 'gpuPrefixQueries');
  const hits = total(page, 'prefixHits') ?? total(page, 'gpuPrefixHits');
  return queries === undefined || hits === undefined ? undefined : { queries, hits };
}

function usefulConfig(config: CacheConfig | undefined): CacheConfig | undefined {
  return config !== undefined && Object.values(config).some((value) => value !== undefined)
    ? config
    : undefined;
}

function buildHistograms(page: PageState): { readonly [name in PageHistogram]?: Histogram | undefined } {
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
  const last = lastBounds.get(name);
  if (last !== undefined && equal(last, bounds)) return last;
  const copy = bounds.slice();
  lastBounds.set(name, copy);
  return copy;
}

function rankSample(rank: Rank, page: PageState, bytes: Uint8Array): RankSample {
  const value = (scalar: Scalar): number | undefined =>
    page.problems.has(SCALAR_NAMES[scalar]) ? undefined : valueOf(rank, scalar);
  return {
    // The V0 engine and V1 before 0.8.3 have one rank and no label for it.
    engine: labelText(bytes, rank.engineStart, rank.engineEnd) || '0',
    running: value('running'),
    waiting: value('waiting'),
    kvCacheUsage: value('kvCacheUsage') ?? value('gpuCacheUsage'),
    promptTokens: value('promptTokens'),
    generationTokens: value('generationTokens'),
    preemptions: value('preemptions'),
    steps: value('steps'),
  };
}

function models(page: PageState, bytes: Uint8Array): string[] {
  const names = page.ranks.map((rank) => labelText(bytes, rank.modelStart, rank.modelEnd));
  return [...new Set(names)].filter((name) => name !== '');
}

function dialect(
  page: PageState,
  shown: ReturnType<typeof buildHistograms> & Pick<EngineSample, 'waitingByReason' | 'admissionRejections'>,
): string {
  const marked = (marker: Marker): boolean => page.markers.has(MARKERS.indexOf(marker));
  return dialectOf({
    admissionRejections: shown.admissionRejections !== undefined,
    numPreemptions: marked('numPreemptions'),
    waitingByReason: shown.waitingByReason !== undefined,
    bySource: marked('bySource'),
    prefillKvComputed: marked('prefillKvComputed'),
    timePerOutputToken: shown.timePerOutputToken !== undefined,
    timePerOutputTokenOld: shown.timePerOutputTokenOld !== undefined,
    interTokenLatency: shown.interTokenLatency !== undefined,
    kvCacheUsage: page.ranks.some((rank) => valueOf(rank, 'kvCacheUsage') !== undefined),
    engineLabel: page.ranks.some((rank) => rank.engineEnd > rank.engineStart),
    anyFamily: page.ranks.length > 0 || page.cacheConfig.config !== undefined,
  });
}
