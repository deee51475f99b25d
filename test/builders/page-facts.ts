import type { EngineSample, Histogram, RankSample } from '../../src/engine/sample.ts';

/** One series, as a reader that knows nothing of vLLM gives it. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Requests at these routes run in the engine until they are answered; `/inference/v1/abort_requests` does not. */
const GENERATES =
  /^(?:\/v1\/(?:(?:chat\/)?completions|chat\/completions\/batch|responses|messages|systemone|audio\/(?:transcriptions|translations))|\/cohere\/v2\/chat|\/generative_scoring|(?:\/inference\/v1)?\/generate|\/invocations)$/;

/**
 * What a page says, worked out from its plain series: aliases, sums over ranks and fullest ranks written down once more,
 * without a look at the scanner.
 */
export class PageFacts {
  readonly #families: ReadonlyMap<string, readonly Series[]>;

  constructor(series: readonly Series[]) {
    this.#families = Map.groupBy(series, ({ name }) => name.replace(/^(?:ray_vllm[_:]|vllm_)/, 'vllm:'));
  }

  /** In the form of `factsOf`. */
  facts(): Facts {
    const swapped = this.#sum('vllm:num_requests_swapped') ?? 0;
    const waiting = this.#sum('vllm:num_requests_waiting');
    return {
      running: this.#sum('vllm:num_requests_running'),
      waiting: waiting === undefined ? undefined : waiting + swapped,
      kvCacheUsage: this.#max('vllm:kv_cache_usage_perc', 'vllm:gpu_cache_usage_perc'),
      promptTokens: this.#sum('vllm:prompt_tokens_total'),
      generationTokens: this.#sum('vllm:generation_tokens_total'),
      preemptions: this.#sum('vllm:num_preemptions_total'),
      steps: this.#sum('vllm:iteration_tokens_total_count'),
      requests: this.#by('vllm:request_success_total', 'finished_reason'),
      waitingByReason: this.#by('vllm:num_requests_waiting_by_reason', 'reason'),
      isAsleep: this.#asleep(),
      admissionRejections: this.#by('vllm:admission_rejections_total', 'reason'),
      httpAnswered: this.#http('2xx'),
      httpFailed: this.#http('5xx'),
      memory: this.#sum('process_resident_memory_bytes'),
      start: this.#sum('process_start_time_seconds'),
      blockSize: this.#cacheConfig('block_size'),
      numGpuBlocks: this.#cacheConfig('num_gpu_blocks'),
      kvCacheSizeTokens: this.#cacheConfig('kv_cache_size_tokens'),
      ttft: this.#histogram('vllm:time_to_first_token_seconds'),
      interTokenLatency: this.#histogram(
        'vllm:inter_token_latency_seconds',
        'vllm:time_per_output_token_seconds',
      ),
      timePerOutputToken: this.#histogram('vllm:request_time_per_output_token_seconds'),
      e2e: this.#histogram('vllm:e2e_request_latency_seconds'),
      queueTime: this.#histogram('vllm:request_queue_time_seconds'),
      prefillTime: this.#histogram('vllm:request_prefill_time_seconds'),
      decodeTime: this.#histogram('vllm:request_decode_time_seconds'),
      requestPromptTokens: this.#histogram('vllm:request_prompt_tokens'),
      runningByRank: this.#byRank('vllm:num_requests_running'),
      stepsByRank: this.#byRank('vllm:iteration_tokens_total_count'),
      waitingForCapacityByRank: this.#byRank('vllm:num_requests_waiting_by_reason', { reason: 'capacity' }),
      finishedByRank: this.#byRank('vllm:request_success_total'),
      models: new Set(
        [...this.#families]
          .filter(([name]) => name.startsWith('vllm:'))
          .flatMap(([, series]) => series.flatMap(({ labels }) => labels['model_name'] ?? [])),
      ),
    };
  }

  /** Lookups and hits in the prefix cache: as the page counts them, and by the source of each prompt token. */
  prefixCache(): readonly unknown[] {
    const [queries, gpuQueries] = this.#pair('queries');
    const [hits, gpuHits] = this.#pair('hits');
    const local = this.#by('vllm:prompt_tokens_by_source_total', 'source')?.['local_cache_hit'];
    return [
      { queries: queries ?? gpuQueries, hits: hits ?? gpuHits },
      { queries: this.#sum('vllm:prompt_tokens_total'), hits: local },
    ];
  }

  #http(status: string): number | undefined {
    if (!this.#families.has('http_request_duration_highr_seconds_count')) return undefined;
    return (this.#families.get('http_requests_total') ?? [])
      .filter(({ labels }) => labels['method'] === 'POST' && labels['status'] === status)
      .filter(({ labels }) => GENERATES.test(labels['handler'] ?? ''))
      .reduce((total, { value }) => total + value, 0);
  }

  #pair(what: string): readonly (number | undefined)[] {
    return ['prefix_cache', 'gpu_prefix_cache'].map((name) => this.#sum(`vllm:${name}_${what}_total`));
  }

  #values(family: string): readonly number[] {
    return (this.#families.get(family) ?? []).map(({ value }) => value);
  }

  #sum(family: string): number | undefined {
    const values = this.#values(family);
    return values.length === 0 ? undefined : values.reduce((total, value) => total + value, 0);
  }

  #max(...families: readonly string[]): number | undefined {
    const values = families.map((family) => this.#values(family)).find((found) => found.length > 0);
    return values === undefined ? undefined : Math.max(...values);
  }

  #by(family: string, label: string): Record<string, number> | undefined {
    const found = this.#families.get(family);
    if (found === undefined) return undefined;
    const sums: Record<string, number> = {};
    for (const { labels, value } of found) {
      const key = labels[label] ?? '';
      sums[key] = (sums[key] ?? 0) + value;
    }
    return sums;
  }

  #asleep(): boolean | undefined {
    const states = this.#by('vllm:engine_sleep_state', 'sleep_state');
    return states === undefined ? undefined : states['awake'] === 0;
  }

  /** Each rank's series with these labels added up, the least first. */
  #byRank(family: string, labels: Readonly<Record<string, string>> = {}): readonly number[] | undefined {
    const wanted = (this.#families.get(family) ?? []).filter((series) =>
      Object.entries(labels).every(([name, value]) => series.labels[name] === value),
    );
    const ranks = Map.groupBy(wanted, (series) =>
      ['engine', 'model_name', 'WorkerId'].map((name) => series.labels[name]).join(),
    );
    const sums = [...ranks.values()].map((series) => series.reduce((sum, { value }) => sum + value, 0));
    return sums.length === 0 ? undefined : sums.toSorted((a, b) => a - b);
  }

  #cacheConfig(label: string): number | undefined {
    const text = this.#families.get('vllm:cache_config_info')?.[0]?.labels[label];
    return text === undefined || text === 'None' ? undefined : Number(text);
  }

  #histogram(...families: readonly string[]): Facts[string] {
    for (const family of families) {
      const count = this.#sum(`${family}_count`);
      const sum = this.#sum(`${family}_sum`);
      const buckets = this.#by(`${family}_bucket`, 'le');
      if (count === undefined || sum === undefined || buckets === undefined) continue;
      const numeric = Object.entries(buckets).map(([le, n]) => [Number(le.replace('+Inf', 'Infinity')), n]);
      return { count, sum, buckets: Object.fromEntries(numeric) };
    }
    return undefined;
  }
}

export type Facts = Readonly<Record<string, unknown>>;

/** The same facts from a sample. */
export function factsOf(sample: EngineSample): Facts {
  const { histograms, cacheConfig, ranks } = sample;
  return {
    running: sample.running,
    waiting: sample.waiting,
    kvCacheUsage: sample.kvCacheUsage,
    promptTokens: sample.promptTokens,
    generationTokens: sample.generationTokens,
    preemptions: sample.preemptions,
    steps: sample.steps,
    requests: sample.requests,
    waitingByReason: sample.waitingByReason,
    isAsleep: sample.isAsleep,
    admissionRejections: sample.admissionRejections,
    httpAnswered: sample.httpAnswered,
    httpFailed: sample.httpFailed,
    memory: sample.processResidentMemoryBytes,
    start: sample.processStartTimeSeconds,
    blockSize: cacheConfig?.blockSize,
    numGpuBlocks: cacheConfig?.numGpuBlocks,
    kvCacheSizeTokens: cacheConfig?.kvCacheSizeTokens,
    ttft: plain(histograms.ttft),
    interTokenLatency: plain(histograms.interTokenLatency),
    timePerOutputToken: plain(histograms.timePerOutputToken),
    e2e: plain(histograms.e2e),
    queueTime: plain(histograms.queueTime),
    prefillTime: plain(histograms.prefillTime),
    decodeTime: plain(histograms.decodeTime),
    requestPromptTokens: plain(histograms.requestPromptTokens),
    runningByRank: byRank(ranks, 'running'),
    stepsByRank: byRank(ranks, 'steps'),
    waitingForCapacityByRank: byRank(ranks, 'waitingForCapacity'),
    finishedByRank: byRank(ranks, 'finished'),
    models: new Set(sample.models),
  };
}

function byRank(
  ranks: readonly RankSample[],
  figure: 'running' | 'steps' | 'waitingForCapacity' | 'finished',
): readonly number[] | undefined {
  const values = ranks.flatMap((rank) => rank[figure] ?? []);
  return values.length === 0 ? undefined : values.toSorted((a, b) => a - b);
}

function plain(histogram: Histogram | undefined): Facts[string] {
  if (histogram === undefined) return undefined;
  const { count, sum, bounds, cumulative } = histogram;
  return { count, sum, buckets: Object.fromEntries(bounds.map((bound, i) => [bound, cumulative[i]])) };
}
