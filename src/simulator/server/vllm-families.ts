import type { EngineStats } from '../model/engine-stats.ts';
import type { Histogram } from '../model/histogram.ts';
import type { VersionSpan } from './vllm-version.ts';

/** One series of a family: the labels it has beyond the family's own, and its value. */
export interface FamilySeries extends VersionSpan {
  readonly labels?: Readonly<Record<string, string>>;
  readonly read: (stats: EngineStats) => number;
}

interface FamilyBase extends VersionSpan {
  /** Without the `_total` of counters. */
  readonly name: string;
  readonly help: string;
}

export type VllmFamily =
  | (FamilyBase & {
      readonly type: 'counter' | 'gauge';
      readonly series: readonly FamilySeries[];
      /** The one family without an `engine` label. */
      readonly perModel?: true;
    })
  | (FamilyBase & { readonly type: 'histogram'; readonly histogram: (stats: EngineStats) => Histogram });

type Read = FamilySeries['read'];

/** What this simulator does not have: other caches, other tiers, other outcomes. */
const zero: Read = () => 0;

function by(label: string, reads: Readonly<Record<string, Read>>): readonly FamilySeries[] {
  return Object.entries(reads).map(([value, read]) => ({ labels: { [label]: value }, read }));
}

function counter(name: string, help: string, read: Read, span: VersionSpan = {}): VllmFamily {
  return { name, help, type: 'counter', series: [{ read }], ...span };
}

function gauge(name: string, help: string, read: Read, span: VersionSpan = {}): VllmFamily {
  return { name, help, type: 'gauge', series: [{ read }], ...span };
}

function histogram(
  name: string,
  help: string,
  of: (stats: EngineStats) => Histogram,
  span: VersionSpan = {},
): VllmFamily {
  return { name, help, type: 'histogram', histogram: of, ...span };
}

/**
 * The `vllm:` families of vLLM 0.10.2 to 0.32.0 but for `cache_config_info`, in the order of a real page. A span
 * names the first or last version in which the family was seen on a real page.
 */
export const VLLM_FAMILIES: readonly VllmFamily[] = [
  counter('vllm:estimated_flops_per_gpu', 'Floating point operations per GPU, estimated.', zero, {
    since: '0.17.1',
  }),
  counter('vllm:estimated_read_bytes_per_gpu', 'Bytes read from memory per GPU, estimated.', zero, {
    since: '0.17.1',
  }),
  counter('vllm:estimated_write_bytes_per_gpu', 'Bytes written to memory per GPU, estimated.', zero, {
    since: '0.17.1',
  }),
  gauge('vllm:num_requests_running', 'Requests in the running batch.', (stats) => stats.running),
  gauge('vllm:num_requests_waiting', 'Requests that wait to be scheduled.', (stats) => stats.waiting),
  {
    name: 'vllm:num_requests_waiting_by_reason',
    help: 'Waiting requests by what they wait for: capacity, or a transient constraint (deferred).',
    type: 'gauge',
    series: by('reason', {
      capacity: (stats) => stats.waiting - stats.waitingDeferred,
      deferred: (stats) => stats.waitingDeferred,
    }),
    since: '0.20.2',
  },
  {
    name: 'vllm:engine_sleep_state',
    help: 'Sleep state of the engine; awake = 1 in service.',
    type: 'gauge',
    series: by('sleep_state', {
      awake: ({ sleepState }) => Number(sleepState === 'awake'),
      weights_offloaded: ({ sleepState }) => Number(sleepState === 'weights_offloaded'),
      discard_all: ({ sleepState }) => Number(sleepState === 'discard_all'),
    }),
    since: '0.11.2',
  },
  gauge('vllm:gpu_cache_usage_perc', 'Share of KV blocks in use, 0 to 1.', (stats) => stats.kvCacheUsage, {
    until: '0.10.2',
  }),
  counter(
    'vllm:gpu_prefix_cache_queries',
    'Tokens looked up in the prefix cache.',
    (stats) => stats.prefixCacheQueries,
    { until: '0.10.2' },
  ),
  counter(
    'vllm:gpu_prefix_cache_hits',
    'Tokens found in the prefix cache.',
    (stats) => stats.prefixCacheHits,
    { until: '0.10.2' },
  ),
  gauge('vllm:kv_cache_usage_perc', 'Share of KV blocks in use, 0 to 1.', (stats) => stats.kvCacheUsage),
  counter(
    'vllm:prefix_cache_queries',
    'Tokens looked up in the prefix cache.',
    (stats) => stats.prefixCacheQueries,
  ),
  counter('vllm:prefix_cache_hits', 'Tokens found in the prefix cache.', (stats) => stats.prefixCacheHits),
  counter('vllm:external_prefix_cache_queries', 'Tokens looked up at other instances.', zero, {
    since: '0.11.2',
  }),
  counter('vllm:external_prefix_cache_hits', 'Tokens found at other instances.', zero, { since: '0.11.2' }),
  counter('vllm:mm_cache_queries', 'Items looked up in the multi-modal cache.', zero, { since: '0.11.2' }),
  counter('vllm:mm_cache_hits', 'Items found in the multi-modal cache.', zero, { since: '0.11.2' }),
  counter('vllm:num_preemptions', 'Requests taken out of the batch to recompute them later.', (stats) => {
    return stats.preemptions;
  }),
  counter('vllm:prompt_tokens', 'Prompt tokens processed.', (stats) => stats.promptTokens),
  {
    name: 'vllm:prompt_tokens_by_source',
    help: 'Prompt tokens by where their KV came from.',
    type: 'counter',
    series: by('source', {
      local_compute: (stats) => stats.promptTokens - stats.promptTokensCached,
      local_cache_hit: (stats) => stats.promptTokensCached,
      external_kv_transfer: zero,
    }),
    since: '0.17.1',
  },
  counter(
    'vllm:prompt_tokens_cached',
    'Prompt tokens found in any cache.',
    (stats) => stats.promptTokensCached,
    { since: '0.17.1' },
  ),
  {
    name: 'vllm:prompt_tokens_cached_by_source',
    help: 'Prompt tokens found in a cache, by its tier.',
    type: 'counter',
    series: by('source', {
      device: (stats) => stats.promptTokensCached,
      host: zero,
      p2p: zero,
      disk: zero,
      external_unspecified: zero,
    }),
    since: '0.32.0',
  },
  counter('vllm:generation_tokens', 'Tokens generated.', (stats) => stats.generationTokens),
  {
    name: 'vllm:request_success',
    help: 'Finished requests by reason.',
    type: 'counter',
    series: [
      { labels: { finished_reason: 'stop' }, read: (stats) => stats.finished.stop },
      { labels: { finished_reason: 'length' }, read: (stats) => stats.finished.length },
      { labels: { finished_reason: 'abort' }, read: zero },
      { labels: { finished_reason: 'error' }, read: (stats) => stats.finished.error, since: '0.13.0' },
      { labels: { finished_reason: 'repetition' }, read: zero, since: '0.17.1' },
    ],
  },
  {
    name: 'vllm:admission_rejections',
    help: 'Requests refused because the queue was at its limit, by limit.',
    type: 'counter',
    series: by('reason', {
      max_num_queued_reqs: (stats) => stats.rejectedByQueueLimit,
      max_num_queued_tokens: (stats) => stats.rejectedByTokenLimit,
    }),
    perModel: true,
    since: '0.32.0',
  },
  histogram('vllm:request_prompt_tokens', 'Prompt tokens per request.', (stats) => stats.requestPromptTokens),
  histogram('vllm:request_generation_tokens', 'Generated tokens per request.', (stats) => {
    return stats.requestGenerationTokens;
  }),
  histogram('vllm:iteration_tokens_total', 'Tokens per engine step.', (stats) => stats.iterationTokens),
  histogram(
    'vllm:request_max_num_generation_tokens',
    'Longest output per request.',
    (stats) => stats.requestMaxNumGenerationTokens,
  ),
  histogram('vllm:request_params_n', 'Parameter n per request.', (stats) => stats.requestParamsN),
  histogram('vllm:request_params_max_tokens', 'Parameter max_tokens per request.', (stats) => {
    return stats.requestParamsMaxTokens;
  }),
  histogram('vllm:time_to_first_token_seconds', 'Arrival to first token, in seconds.', (stats) => {
    return stats.timeToFirstToken;
  }),
  histogram(
    'vllm:time_per_output_token_seconds',
    'Time between two tokens, in seconds.',
    (stats) => stats.interTokenLatency,
    { until: '0.11.2' },
  ),
  histogram('vllm:inter_token_latency_seconds', 'Time between two tokens, in seconds.', (stats) => {
    return stats.interTokenLatency;
  }),
  histogram(
    'vllm:request_time_per_output_token_seconds',
    'Mean time per output token of a request, in seconds.',
    (stats) => stats.timePerOutputToken,
    { since: '0.11.2' },
  ),
  histogram('vllm:e2e_request_latency_seconds', 'Arrival to last token, in seconds.', (stats) => {
    return stats.endToEndLatency;
  }),
  histogram('vllm:request_queue_time_seconds', 'Time in the queue, in seconds.', (stats) => stats.queueTime),
  histogram(
    'vllm:request_inference_time_seconds',
    'Time from schedule to last token, in seconds.',
    (stats) => {
      return stats.inferenceTime;
    },
  ),
  histogram(
    'vllm:request_prefill_time_seconds',
    'Time from schedule to first token, in seconds.',
    (stats) => {
      return stats.prefillTime;
    },
  ),
  histogram('vllm:request_decode_time_seconds', 'Time from first to last token, in seconds.', (stats) => {
    return stats.decodeTime;
  }),
  histogram('vllm:request_num_preemptions', 'Preemptions per request.', (stats) => stats.requestPreemptions, {
    since: '0.30.0',
  }),
  histogram(
    'vllm:request_prefill_kv_computed_tokens',
    'KV tokens computed in prefill, cached ones left out.',
    (stats) => stats.requestPrefillKvComputedTokens,
    { since: '0.13.0' },
  ),
];
