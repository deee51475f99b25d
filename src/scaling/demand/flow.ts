import type { EngineSample, Histogram } from '../../engine/sample.ts';
import type { LatencyPromise } from '../types.ts';

/** What happened at an engine or a fleet between two moments, or since a start. Counts, unless said otherwise. */
export interface Flow {
  /** Requests that came, those that were refused or gave up included. */
  readonly arrivals: number;
  /** Sequences that ended. */
  readonly finished: number;
  readonly promptTokens: number;
  /** Those that the prefix cache had. Counted a moment before the others, so each counter is judged by itself. */
  readonly cachedTokens: number;
  readonly generatedTokens: number;
  readonly firstTokens: number;
  /** First tokens later than the promise. */
  readonly lateFirstTokens: number;
  /** Requests that left the queue. */
  readonly dequeued: number;
  /** Those that had spent more than half of the promised time to the first token there. */
  readonly longQueued: number;
  /** Responses whose pace is known. */
  readonly paced: number;
  /** Those slower than the promise. */
  readonly slow: number;
  /** Times between two tokens. */
  readonly gaps: number;
  /** Their sum in seconds. */
  readonly gapSeconds: number;
}

export const NO_FLOW: Flow = {
  arrivals: 0,
  finished: 0,
  promptTokens: 0,
  cachedTokens: 0,
  generatedTokens: 0,
  firstTokens: 0,
  lateFirstTokens: 0,
  dequeued: 0,
  longQueued: 0,
  paced: 0,
  slow: 0,
  gaps: 0,
  gapSeconds: 0,
};

/** The flow whose every figure is `f` of those of `a` and `b`. */
export function combine(a: Flow, b: Flow, f: (a: number, b: number) => number): Flow {
  return {
    arrivals: f(a.arrivals, b.arrivals),
    finished: f(a.finished, b.finished),
    promptTokens: f(a.promptTokens, b.promptTokens),
    cachedTokens: f(a.cachedTokens, b.cachedTokens),
    generatedTokens: f(a.generatedTokens, b.generatedTokens),
    firstTokens: f(a.firstTokens, b.firstTokens),
    lateFirstTokens: f(a.lateFirstTokens, b.lateFirstTokens),
    dequeued: f(a.dequeued, b.dequeued),
    longQueued: f(a.longQueued, b.longQueued),
    paced: f(a.paced, b.paced),
    slow: f(a.slow, b.slow),
    gaps: f(a.gaps, b.gaps),
    gapSeconds: f(a.gapSeconds, b.gapSeconds),
  };
}

/** What an engine counts, by one page. */
export interface PageCounts {
  /** Since the engine started; `arrivals` are only those that were refused. */
  readonly counted: Flow;
  /** Requests answered over HTTP, those whose client left included; absent where the page does not tell. */
  readonly answered?: number;
  /** Requests that came and are in no counter yet. */
  readonly inside: number;
}

/** What a page does not tell counts nothing. */
export function countsOf(sample: EngineSample, promise: LatencyPromise): PageCounts {
  const { histograms, httpAnswered, requests } = sample;
  const { ttft, queueTime, interTokenLatency } = histograms;
  const pace = histograms.timePerOutputToken ?? interTokenLatency;
  const waiting = sample.waiting ?? 0;
  const countsEnds = requests !== undefined || httpAnswered !== undefined;
  return {
    counted: {
      arrivals: total(sample.admissionRejections),
      // Where no end of a request is counted, a first token is the next best sign of one.
      finished: countsEnds ? total(requests) : (ttft?.count ?? 0),
      promptTokens: sample.promptTokens ?? 0,
      cachedTokens: sample.prefixCache?.hits ?? 0,
      generatedTokens: sample.generationTokens ?? 0,
      firstTokens: ttft?.count ?? 0,
      lateFirstTokens: countAbove(ttft, promise.ttftMs / 1000),
      dequeued: queueTime?.count ?? 0,
      longQueued: countAbove(queueTime, promise.ttftMs / 2000),
      paced: pace?.count ?? 0,
      slow: countAbove(pace, promise.interTokenMs / 1000),
      gaps: interTokenLatency?.count ?? 0,
      gapSeconds: interTokenLatency?.sum ?? 0,
    },
    ...(httpAnswered !== undefined && { answered: httpAnswered }),
    inside: countsEnds ? (sample.running ?? 0) + waiting : waiting,
  };
}

/**
 * What happened at one engine between two of its pages. Requests that came = requests that ended + those inside now −
 * those inside before. Of the two counters of ends, the one that grew more is believed: only HTTP counts clients that
 * left, only the engine's own counts each sequence of a request for several.
 */
export function flowBetween(before: PageCounts, now: PageCounts): Flow {
  const restarted = now.counted.generatedTokens < before.counted.generatedTokens;
  const since = restarted ? NO_FLOW : before.counted;
  const grown = combine(now.counted, since, (after, start) => Math.max(0, after - start));
  const answered =
    now.answered === undefined || before.answered === undefined
      ? 0
      : Math.max(0, now.answered - (restarted ? 0 : before.answered));
  const ended = Math.max(grown.finished, answered);
  const stayed = now.inside - (restarted ? 0 : before.inside);
  return { ...grown, arrivals: Math.max(0, grown.arrivals + ended + stayed) };
}

function total(counts: Readonly<Record<string, number>> | undefined): number {
  return Object.values(counts ?? {}).reduce((sum, count) => sum + count, 0);
}

/** Observations above `limit`, by linear interpolation within its bucket. */
function countAbove(histogram: Histogram | undefined, limit: number): number {
  if (histogram === undefined) return 0;
  const { bounds, cumulative, count } = histogram;
  const index = bounds.findIndex((bound) => bound >= limit);
  const upper = bounds[index];
  if (upper === undefined || upper === Infinity) return 0;
  const lower = bounds[index - 1] ?? 0;
  const below = cumulative[index - 1] ?? 0;
  const within = (cumulative[index] ?? 0) - below;
  return count - below - (within * (limit - lower)) / (upper - lower);
}
