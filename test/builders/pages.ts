import type { EngineSample, Histogram } from '../../src/engine/sample.ts';
import { INTER_TOKEN_BUCKETS, TIME_TO_FIRST_TOKEN_BUCKETS } from '../../src/simulator/model/buckets.ts';
import type { EngineSnapshot } from '../../src/snapshot/engine-snapshot.ts';
import { ready } from './engines.ts';

/** A page that tells nothing but what is given. */
export function pageOf(told: Partial<EngineSample> = {}): EngineSample {
  return { histograms: {}, ranks: [], dialect: 'v1-0.32', models: ['m'], notObservable: {}, ...told };
}

/** A histogram of runs of like values: so many observations of so many seconds. */
export function observed(
  upperBounds: readonly number[],
  ...runs: readonly (readonly [times: number, seconds: number])[]
): Histogram {
  const bounds = [...upperBounds, Infinity];
  const total = (of: (times: number, seconds: number) => number): number =>
    runs.reduce((sum, [times, seconds]) => sum + of(times, seconds), 0);
  return {
    bounds,
    cumulative: bounds.map((bound) => total((times, seconds) => (seconds <= bound ? times : 0))),
    count: total((times) => times),
    sum: total((times, seconds) => times * seconds),
  };
}

/** A ready engine with a page that was read at `atMs`. */
export function engineAt(name: string, atMs: number, sample: EngineSample): EngineSnapshot {
  const { running, waiting, kvCacheUsage } = sample;
  return ready(
    name,
    {},
    {
      page: {
        state: 'Fresh',
        load: {
          atMs,
          sample,
          ...(running !== undefined && { running }),
          ...(waiting !== undefined && { waiting }),
          ...(kvCacheUsage !== undefined && { kvCacheUsage }),
        },
      },
    },
  );
}

/** What one engine gets, each request like the other. */
export interface Work {
  readonly perSecond: number;
  readonly promptTokens: number;
  readonly generatedTokens: number;
  readonly gapMs: number;
  /** Of the promise of 500 ms to the first token; none unless said. */
  readonly lateShare?: number;
  readonly waiting?: number;
  readonly kvCacheUsage?: number;
  /** Of the prompt tokens, in the prefix cache. */
  readonly cachedShare?: number;
}

/** What an engine has done since it started. */
export interface Served {
  readonly requests: number;
  readonly late: number;
  readonly promptTokens: number;
  readonly generatedTokens: number;
  readonly gapSeconds: number;
}

export const NOTHING_SERVED: Served = {
  requests: 0,
  late: 0,
  promptTokens: 0,
  generatedTokens: 0,
  gapSeconds: 0,
};

/** What an engine has done after so many more seconds of such work. */
export function serve(before: Served, work: Work, seconds: number): Served {
  const requests = work.perSecond * seconds;
  const generatedTokens = requests * work.generatedTokens;
  return {
    requests: before.requests + requests,
    late: before.late + requests * (work.lateShare ?? 0),
    promptTokens: before.promptTokens + requests * work.promptTokens,
    generatedTokens: before.generatedTokens + generatedTokens,
    gapSeconds: before.gapSeconds + (generatedTokens * work.gapMs) / 1000,
  };
}

/** The page of an engine that has served so much and is at such work now; requests inside by Little's law. */
export function pageAt(served: Served, work: Work): EngineSample {
  const { requests, late, promptTokens, generatedTokens, gapSeconds } = served;
  const gaps = observed(INTER_TOKEN_BUCKETS, [generatedTokens, work.gapMs / 1000]);
  return pageOf({
    running: (work.perSecond * work.generatedTokens * work.gapMs) / 1000,
    waiting: work.waiting ?? 0,
    ...(work.kvCacheUsage !== undefined && { kvCacheUsage: work.kvCacheUsage }),
    promptTokens,
    prefixCache: { queries: promptTokens, hits: promptTokens * (work.cachedShare ?? 0) },
    generationTokens: generatedTokens,
    requests: { stop: requests },
    httpAnswered: requests,
    histograms: {
      ttft: observed(TIME_TO_FIRST_TOKEN_BUCKETS, [requests - late, 0.1], [late, 2]),
      queueTime: observed(TIME_TO_FIRST_TOKEN_BUCKETS, [requests - late, 0.01], [late, 1]),
      timePerOutputToken: observed(INTER_TOKEN_BUCKETS, [requests, work.gapMs / 1000]),
      interTokenLatency: { ...gaps, sum: gapSeconds },
    },
  });
}
