import type { EngineHistograms, EngineSample, Histogram, RankSample } from '../../engine/sample.ts';
import type { DataParallelEngine } from '../model/data-parallel.ts';
import type { EngineModelConfig } from '../model/engine-config.ts';
import type { EngineStats } from '../model/engine-stats.ts';
import type { Histogram as ModelHistogram } from '../model/histogram.ts';

/** The page of a simulated engine as the scraper would have read it, in the dialect of vLLM 0.32. */
export function sampleOf(
  engine: DataParallelEngine,
  config: EngineModelConfig,
  startedAtMs: number,
): EngineSample {
  const stats = engine.ranks.map(({ model }) => model.stats);
  const sum = (read: (rank: EngineStats) => number): number =>
    stats.reduce((total, rank) => total + read(rank), 0);
  const waiting = sum((rank) => rank.waiting);
  const deferred = sum((rank) => rank.waitingDeferred);
  return {
    running: sum((rank) => rank.running),
    waiting,
    waitingByReason: { capacity: waiting - deferred, deferred },
    kvCacheUsage: Math.max(...stats.map((rank) => rank.kvCacheUsage)),
    promptTokens: sum((rank) => rank.promptTokens),
    generationTokens: sum((rank) => rank.generationTokens),
    preemptions: sum((rank) => rank.preemptions),
    steps: sum((rank) => rank.iterationTokens.count),
    requests: {
      stop: sum((rank) => rank.finished.stop),
      length: sum((rank) => rank.finished.length),
      error: sum((rank) => rank.finished.error),
    },
    admissionRejections: {
      max_num_queued_reqs: sum((rank) => rank.rejectedByQueueLimit),
      max_num_queued_tokens: sum((rank) => rank.rejectedByTokenLimit),
    },
    // Each request is one of HTTP, and is refused, or has failed, before its answer begins: nobody streams.
    httpAnswered: sum((rank) => rank.finished.stop + rank.finished.length + rank.aborted),
    httpFailed: sum((rank) => rank.finished.error + rank.rejectedByQueueLimit + rank.rejectedByTokenLimit),
    prefixCache: {
      queries: sum((rank) => rank.prefixCacheQueries),
      hits: sum((rank) => rank.prefixCacheHits),
    },
    cacheConfig: {
      blockSize: config.blockSize,
      numGpuBlocks: config.numGpuBlocks,
      kvCacheSizeTokens: config.numGpuBlocks * config.blockSize,
      enablePrefixCaching: config.prefixCaching ?? false,
    },
    histograms: histogramsOf(stats),
    ranks: stats.map(rankSampleOf),
    processStartTimeSeconds: startedAtMs / 1000,
    dialect: 'v1-0.32',
    version: '0.32.0',
    models: ['simulated'],
    notObservable: {},
  };
}

function rankSampleOf(stats: EngineStats, rank: number): RankSample {
  return {
    engine: String(rank),
    running: stats.running,
    waiting: stats.waiting,
    kvCacheUsage: stats.kvCacheUsage,
    promptTokens: stats.promptTokens,
    generationTokens: stats.generationTokens,
    preemptions: stats.preemptions,
    steps: stats.iterationTokens.count,
    waitingForCapacity: stats.waiting - stats.waitingDeferred,
    finished: stats.finished.stop + stats.finished.length + stats.finished.error,
  };
}

function histogramsOf(stats: readonly EngineStats[]): EngineHistograms {
  const of = (read: (rank: EngineStats) => ModelHistogram): Histogram => cumulative(stats.map(read));
  return {
    ttft: of((rank) => rank.timeToFirstToken),
    interTokenLatency: of((rank) => rank.interTokenLatency),
    timePerOutputToken: of((rank) => rank.timePerOutputToken),
    e2e: of((rank) => rank.endToEndLatency),
    queueTime: of((rank) => rank.queueTime),
    prefillTime: of((rank) => rank.prefillTime),
    decodeTime: of((rank) => rank.decodeTime),
    requestPromptTokens: of((rank) => rank.requestPromptTokens),
  };
}

const boundsWithInfinity = new WeakMap<readonly number[], readonly number[]>();

/** All pages share one array of bounds, as those of a scraped engine do. */
function withInfinity(bounds: readonly number[]): readonly number[] {
  const known = boundsWithInfinity.get(bounds) ?? [...bounds, Infinity];
  boundsWithInfinity.set(bounds, known);
  return known;
}

function cumulative(ranks: readonly ModelHistogram[]): Histogram {
  const bounds = withInfinity(ranks[0]?.bounds ?? []);
  let [sum, count] = [0, 0];
  for (const histogram of ranks) {
    sum += histogram.sum;
    count += histogram.count;
  }
  let below = 0;
  const counts = bounds.map((_, bucket) => {
    for (const histogram of ranks) below += histogram.counts[bucket] ?? 0;
    return below;
  });
  return { count, sum, bounds, cumulative: counts };
}
