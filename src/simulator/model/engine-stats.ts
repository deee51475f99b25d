import {
  INTER_TOKEN_BUCKETS,
  ITERATION_TOKENS_BUCKETS,
  PARAMS_N_BUCKETS,
  PREEMPTIONS_BUCKETS,
  REQUEST_LATENCY_BUCKETS,
  TIME_TO_FIRST_TOKEN_BUCKETS,
  tokenCountBuckets,
} from './buckets.ts';
import { Histogram } from './histogram.ts';
import type { FinishReason, RequestState } from './request.ts';

const seconds = (fromMs: number, toMs: number): number => (toMs - fromMs) / 1000;

/**
 * What one engine has to say about itself, with vLLM's meaning (v1/metrics/stats.py, loggers.py): counters and
 * histograms only grow; gauges are pushed by steps, so a stopped engine leaves them frozen.
 */
export class EngineStats {
  running = 0;
  waiting = 0;
  /** Those of them whose adapter has no place in the batch. */
  waitingDeferred = 0;
  /** 0..1. */
  kvCacheUsage = 0;
  sleepState: 'awake' | 'weights_offloaded' | 'discard_all' = 'awake';

  promptTokens = 0;
  generationTokens = 0;
  preemptions = 0;
  /** Prompt tokens looked up when a request is first scheduled; a recompute does not count (since 0.24). */
  prefixCacheQueries = 0;
  /** Those of them that stood in the cache. */
  prefixCacheHits = 0;
  /** Of `promptTokens`: not computed, since they stood in the cache. */
  promptTokensCached = 0;
  rejectedByQueueLimit = 0;
  rejectedByTokenLimit = 0;
  readonly finished: Record<FinishReason, number> = { stop: 0, length: 0, error: 0 };
  /** Requests whose client left; vLLM's own families do not count them. */
  aborted = 0;

  /** Steps that gave output; its count is the engine's heartbeat. Recomputed tokens are not in it. */
  readonly iterationTokens = new Histogram(ITERATION_TOKENS_BUCKETS);
  readonly timeToFirstToken = new Histogram(TIME_TO_FIRST_TOKEN_BUCKETS);
  readonly interTokenLatency = new Histogram(INTER_TOKEN_BUCKETS);

  readonly endToEndLatency = new Histogram(REQUEST_LATENCY_BUCKETS);
  readonly queueTime = new Histogram(REQUEST_LATENCY_BUCKETS);
  readonly prefillTime = new Histogram(REQUEST_LATENCY_BUCKETS);
  readonly decodeTime = new Histogram(REQUEST_LATENCY_BUCKETS);
  readonly inferenceTime = new Histogram(REQUEST_LATENCY_BUCKETS);
  readonly timePerOutputToken = new Histogram(INTER_TOKEN_BUCKETS);

  readonly requestPromptTokens: Histogram;
  readonly requestPrefillKvComputedTokens: Histogram;
  readonly requestGenerationTokens: Histogram;
  readonly requestMaxNumGenerationTokens: Histogram;
  readonly requestParamsMaxTokens: Histogram;
  readonly requestParamsN = new Histogram(PARAMS_N_BUCKETS);
  readonly requestPreemptions = new Histogram(PREEMPTIONS_BUCKETS);

  #latencyMs = 0;
  #latencyTimes = 0;

  constructor(maxModelLen: number) {
    const bounds = tokenCountBuckets(maxModelLen);
    this.requestPromptTokens = new Histogram(bounds);
    this.requestPrefillKvComputedTokens = new Histogram(bounds);
    this.requestGenerationTokens = new Histogram(bounds);
    this.requestMaxNumGenerationTokens = new Histogram(bounds);
    this.requestParamsMaxTokens = new Histogram(bounds);
  }

  observeFirstToken(state: RequestState, nowMs: number): void {
    this.promptTokens += state.request.promptTokens;
    this.promptTokensCached += state.cachedTokens;
    this.timeToFirstToken.observe(seconds(state.arrivalMs, nowMs));
  }

  /** Inter-token latencies of one step are mostly equal: runs of equal ones are observed at once. */
  observeLatency(latencyMs: number): void {
    if (latencyMs !== this.#latencyMs) this.flushLatencies();
    this.#latencyMs = latencyMs;
    this.#latencyTimes += 1;
  }

  /** Observes what {@link observeLatency} has gathered; to be called at the end of a step. */
  flushLatencies(): void {
    if (this.#latencyTimes === 0) return;
    this.interTokenLatency.observe(this.#latencyMs / 1000, this.#latencyTimes);
    this.#latencyTimes = 0;
  }

  observeFinish(state: RequestState, reason: FinishReason, nowMs: number): void {
    const { promptTokens, maxTokens } = state.request;
    const generated = state.generatedTokens;
    const scheduledMs = state.scheduledMs ?? nowMs;
    const firstTokenMs = state.firstTokenMs ?? nowMs;
    const decode = seconds(firstTokenMs, nowMs);
    this.finished[reason] += 1;
    this.endToEndLatency.observe(seconds(state.arrivalMs, nowMs));
    this.queueTime.observe(seconds(state.queuedMs, scheduledMs));
    this.prefillTime.observe(seconds(scheduledMs, firstTokenMs));
    this.decodeTime.observe(decode);
    this.inferenceTime.observe(seconds(scheduledMs, nowMs));
    this.timePerOutputToken.observe(generated > 1 ? decode / (generated - 1) : 0);
    this.requestPromptTokens.observe(promptTokens);
    this.requestPrefillKvComputedTokens.observe(promptTokens - state.cachedTokens);
    this.requestGenerationTokens.observe(generated);
    this.requestMaxNumGenerationTokens.observe(generated);
    this.requestParamsMaxTokens.observe(maxTokens);
    this.requestParamsN.observe(1);
    this.requestPreemptions.observe(state.preemptions);
  }
}
