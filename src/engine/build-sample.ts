import type { PageState, Rank } from './accumulate.ts';
import { buildHistograms } from './build-histograms.ts';
import { labelText } from './bytes.ts';
import { believablePrefixCache, withoutNullBlock } from './corrections.ts';
import { dialectOf, writerOf } from './dialect.ts';
import {
  BREAKDOWNS,
  BREAKDOWN_NAMES,
  HTTP_REQUESTS_NAME,
  MARKERS,
  SCALARS,
  SCALAR_NAMES,
  type Breakdown,
  type Scalar,
} from './families.ts';
import { FIRST_FAILED_SLOT, HTTP_SLOTS } from './http-requests.ts';
import { explainAbsence } from './not-observable.ts';
import type { CacheConfig, EngineSample, PrefixCache, RankSample } from './sample.ts';

/** Turns what a page said into the sample: sums over ranks, the fullest rank's KV usage, aliases resolved. */
export function buildSample(page: PageState, bytes: Uint8Array): EngineSample {
  const histograms = buildHistograms(page);
  const { timePerOutputTokenOld, ...latency } = histograms;
  const interTokenLatency = latency.interTokenLatency ?? timePerOutputTokenOld;
  const waitingByReason = breakdown(page, 'waitingByReason');
  const admissionRejections = breakdown(page, 'admissionRejections');
  const promptTokensBySource = breakdown(page, 'promptTokensBySource');
  const cacheConfig = usefulConfig(page.cacheConfig.config);
  const shown = { ...histograms, waitingByReason, admissionRejections, promptTokensBySource, cacheConfig };
  const version = dialectOf(page, shown);
  const writer = writerOf(page, bytes);
  const ranks = page.ranks
    .filter(hasScalars)
    .map((rank) => withoutNullBlock(rankSample(rank, page, bytes), version, cacheConfig));
  const waiting = waitingOf(total(page, 'waiting'), total(page, 'swapped'));
  const promptTokens = total(page, 'promptTokens');
  const counted = prefixCache(page);
  const localHits = promptTokensBySource?.['local_cache_hit'];
  const sample = {
    running: total(page, 'running'),
    waiting,
    waitingByReason,
    isAsleep: asleep(breakdown(page, 'sleepState')),
    kvCacheUsage: fullest(ranks),
    promptTokens,
    generationTokens: total(page, 'generationTokens'),
    preemptions: total(page, 'preemptions'),
    steps: total(page, 'steps'),
    requests: breakdown(page, 'requests'),
    admissionRejections,
    httpAnswered: writer === 'rust' ? undefined : httpRequests(page, 0, FIRST_FAILED_SLOT),
    httpFailed: httpRequests(page, FIRST_FAILED_SLOT, HTTP_SLOTS),
    prefixCache: believablePrefixCache({ dialect: version, waiting, promptTokens }, counted, localHits),
    cacheConfig,
    histograms: { ...latency, interTokenLatency },
    ranks,
    processResidentMemoryBytes: measured(page.process[0]),
    processStartTimeSeconds: measured(page.process[1]),
    dialect: writer === 'vllm' ? version : `${version}-${writer}`,
    models: models(page, bytes),
  };
  return { ...sample, notObservable: explainAbsence(sample, { page, version, writer, counted }) };
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

/** V0 counts requests whose blocks were swapped out apart; they wait for a place like the others. */
function waitingOf(waiting: number | undefined, swapped: number | undefined): number | undefined {
  return waiting === undefined ? undefined : waiting + (swapped ?? 0);
}

function fullest(ranks: readonly RankSample[]): number | undefined {
  let most: number | undefined;
  for (const { kvCacheUsage } of ranks) {
    if (kvCacheUsage !== undefined) most = Math.max(most ?? 0, kvCacheUsage);
  }
  return most;
}

/** Each rank says 1 for the state that it is in and 0 for the others; sleeping is a call to all of them. */
function asleep(ranks: Readonly<Record<string, number>> | undefined): boolean | undefined {
  if (ranks?.['awake'] === undefined) return undefined;
  const { awake, ...others } = ranks;
  return awake === 0 || Object.values(others).some((count) => count > 0);
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

/**
 * Generation requests that were answered over HTTP, by the slots of their class. A route's series appears with its first
 * request: without one, none was answered, if the page has HTTP families at all. The Rust front end counts as an answer
 * begins, and leaves out those whose client has gone by then (rust/src/server/src/middleware/metrics.rs): that tells how
 * many failed, but not how many have left.
 */
function httpRequests(page: PageState, fromSlot: number, toSlot: number): number | undefined {
  if (page.problems.has(HTTP_REQUESTS_NAME)) return undefined;
  let total: number | undefined = page.markers.has(MARKERS.indexOf('http')) ? 0 : undefined;
  for (const count of page.http.subarray(fromSlot, toSlot)) {
    if (!Number.isNaN(count)) total = (total ?? 0) + count;
  }
  return total;
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

function rankSample(rank: Rank, page: PageState, bytes: Uint8Array): RankSample {
  const value = (scalar: Scalar): number | undefined =>
    page.problems.has(SCALAR_NAMES[scalar]) ? undefined : valueOf(rank, scalar);
  return {
    // The V0 engine and V1 before 0.8.3 have one rank and no label for it.
    engine: labelText(bytes, rank.engineStart, rank.engineEnd) || '0',
    running: value('running'),
    waiting: waitingOf(value('waiting'), value('swapped')),
    kvCacheUsage: value('kvCacheUsage') ?? value('gpuCacheUsage'),
    promptTokens: value('promptTokens'),
    generationTokens: value('generationTokens'),
    preemptions: value('preemptions'),
    steps: value('steps'),
    waitingForCapacity: ofReason(rank, page, 'waitingByReason', 'capacity'),
    finished: ofAllReasons(rank, page, 'requests'),
  };
}

function ofReason(rank: Rank, page: PageState, name: Breakdown, reason: string): number | undefined {
  if (page.problems.has(BREAKDOWN_NAMES[name])) return undefined;
  return measured(rank.breakdowns[BREAKDOWNS.indexOf(name)]?.[page.reasons.indexOf(reason)]);
}

function ofAllReasons(rank: Rank, page: PageState, name: Breakdown): number | undefined {
  if (page.problems.has(BREAKDOWN_NAMES[name])) return undefined;
  let sum: number | undefined;
  for (const value of rank.breakdowns[BREAKDOWNS.indexOf(name)] ?? []) {
    if (!Number.isNaN(value)) sum = (sum ?? 0) + value;
  }
  return sum;
}

function models(page: PageState, bytes: Uint8Array): string[] {
  const names = page.ranks.map((rank) => labelText(bytes, rank.modelStart, rank.modelEnd));
  return [...new Set(names)].filter((name) => name !== '');
}
