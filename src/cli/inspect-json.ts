import type { EngineSample, Histogram } from '../engine/sample.ts';

interface Bucket {
  readonly le: number | '+Inf';
  readonly count: number;
}

/** The sample as `inspect --json` prints it. These keys are API; what is absent has no key. */
export function jsonOf(sample: EngineSample): Readonly<Record<string, unknown>> {
  const { histograms } = sample;
  return {
    running: sample.running,
    waiting: sample.waiting,
    kvCacheUsage: sample.kvCacheUsage,
    promptTokens: sample.promptTokens,
    generationTokens: sample.generationTokens,
    preemptions: sample.preemptions,
    steps: sample.steps,
    requests: sample.requests,
    prefixCache: sample.prefixCache,
    cacheConfig: sample.cacheConfig,
    histograms: {
      ttft: histogramJson(histograms.ttft),
      interTokenLatency: histogramJson(histograms.interTokenLatency),
      timePerOutputToken: histogramJson(histograms.timePerOutputToken),
      e2e: histogramJson(histograms.e2e),
      queueTime: histogramJson(histograms.queueTime),
      prefillTime: histogramJson(histograms.prefillTime),
      decodeTime: histogramJson(histograms.decodeTime),
      requestPromptTokens: histogramJson(histograms.requestPromptTokens),
    },
    ranks: sample.ranks,
    dialect: sample.dialect,
    version: sample.version,
    models: sample.models,
    waitingByReason: sample.waitingByReason,
    isAsleep: sample.isAsleep,
    admissionRejections: sample.admissionRejections,
    httpAnswered: sample.httpAnswered,
    httpFailed: sample.httpFailed,
    notObservable: sample.notObservable,
  };
}

function histogramJson(histogram: Histogram | undefined): object | undefined {
  if (histogram === undefined) return undefined;
  const { count, sum, bounds, cumulative } = histogram;
  const buckets = bounds.map((bound, i): Bucket => ({
    le: bound === Infinity ? '+Inf' : bound,
    count: cumulative[i] ?? 0,
  }));
  return { count, sum, buckets };
}
