import type { HistogramName } from './sample.ts';
import { sameBytes } from './bytes.ts';

/**
 * The names that vLLM gave its metrics, and what each fills. Sources: vllm/v1/metrics/loggers.py and
 * vllm/engine/metrics.py at the tags named; pages of 0.8.5 … 0.32.0 stand in test/fixtures/engine-pages.
 */

/** Numbers that each data-parallel rank has one of. Order is the slot in a rank's array. */
export const SCALARS = [
  'running',
  'waiting',
  'swapped',
  'kvCacheUsage',
  'gpuCacheUsage',
  'promptTokens',
  'generationTokens',
  'preemptions',
  'steps',
  'prefixQueries',
  'prefixHits',
  'gpuPrefixQueries',
  'gpuPrefixHits',
] as const;
export type Scalar = (typeof SCALARS)[number];

/** Counters and gauges split by one label: `reason`, `finished_reason`, `source` or `sleep_state`. */
export const BREAKDOWNS = [
  'waitingByReason',
  'requests',
  'admissionRejections',
  'promptTokensBySource',
  'sleepState',
] as const;
export type Breakdown = (typeof BREAKDOWNS)[number];

/** Histograms as they stand on the page; two of them are one signal under an old and a new name. */
export const HISTOGRAMS = [
  'ttft',
  'interTokenLatency',
  'timePerOutputTokenOld',
  'timePerOutputToken',
  'e2e',
  'queueTime',
  'prefillTime',
  'decodeTime',
  'requestPromptTokens',
] as const satisfies readonly (HistogramName | 'timePerOutputTokenOld')[];

/** What the server's Python process says of itself. */
export const PROCESS_NAMES = ['process_resident_memory_bytes', 'process_start_time_seconds'] as const;

/** Families whose presence alone tells something: the version's dialect, or that this is vLLM's server at all. */
export const MARKERS = ['prefillKvComputed', 'numPreemptions', 'python', 'http'] as const;
export type Marker = (typeof MARKERS)[number];

export type FamilyKind =
  'scalar' | 'breakdown' | 'bucket' | 'count' | 'sum' | 'cacheConfig' | 'process' | 'http' | 'marker';

export interface Family {
  /** The sample's whole name, as it stands on the line. */
  readonly name: string;
  /** The name that vLLM itself gives it, without a histogram's suffix. */
  readonly base: string;
  readonly bytes: Uint8Array;
  readonly kind: FamilyKind;
  /** Slot in the list of its kind. */
  readonly slot: number;
  /** The greatest value that can be. */
  readonly most: number;
}

export const SCALAR_NAMES: Readonly<Record<Scalar, string>> = {
  running: 'vllm:num_requests_running',
  waiting: 'vllm:num_requests_waiting',
  // V0 alone, up to 0.9.0: requests whose blocks were moved to the CPU, which wait as well.
  swapped: 'vllm:num_requests_swapped',
  kvCacheUsage: 'vllm:kv_cache_usage_perc',
  gpuCacheUsage: 'vllm:gpu_cache_usage_perc',
  promptTokens: 'vllm:prompt_tokens_total',
  generationTokens: 'vllm:generation_tokens_total',
  preemptions: 'vllm:num_preemptions_total',
  // A histogram in spite of its name: its count is the number of engine steps.
  steps: 'vllm:iteration_tokens_total_count',
  prefixQueries: 'vllm:prefix_cache_queries_total',
  prefixHits: 'vllm:prefix_cache_hits_total',
  gpuPrefixQueries: 'vllm:gpu_prefix_cache_queries_total',
  gpuPrefixHits: 'vllm:gpu_prefix_cache_hits_total',
};

export const BREAKDOWN_NAMES: Readonly<Record<Breakdown, string>> = {
  waitingByReason: 'vllm:num_requests_waiting_by_reason',
  requests: 'vllm:request_success_total',
  admissionRejections: 'vllm:admission_rejections_total',
  promptTokensBySource: 'vllm:prompt_tokens_by_source_total',
  sleepState: 'vllm:engine_sleep_state',
};

export const HISTOGRAM_NAMES: Readonly<Record<(typeof HISTOGRAMS)[number], string>> = {
  ttft: 'vllm:time_to_first_token_seconds',
  interTokenLatency: 'vllm:inter_token_latency_seconds',
  timePerOutputTokenOld: 'vllm:time_per_output_token_seconds',
  timePerOutputToken: 'vllm:request_time_per_output_token_seconds',
  e2e: 'vllm:e2e_request_latency_seconds',
  queueTime: 'vllm:request_queue_time_seconds',
  prefillTime: 'vllm:request_prefill_time_seconds',
  decodeTime: 'vllm:request_decode_time_seconds',
  requestPromptTokens: 'vllm:request_prompt_tokens',
};

const FRACTIONS: readonly string[] = [SCALAR_NAMES.kvCacheUsage, SCALAR_NAMES.gpuCacheUsage];

const MARKER_NAMES: Readonly<Record<Marker, readonly string[]>> = {
  prefillKvComputed: ['vllm:request_prefill_kv_computed_tokens_count'],
  numPreemptions: ['vllm:request_num_preemptions_count'],
  // What vLLM's API server says beside its own families, and alone under --disable-log-stats.
  python: ['python_info'],
  // The one HTTP family without labels: it is on the page before the first request.
  http: ['http_request_duration_highr_seconds_count'],
};

/** What the HTTP server has answered, by route, method and class of status. */
export const HTTP_REQUESTS_NAME = 'http_requests_total';

export const CACHE_CONFIG_NAME = 'vllm:cache_config_info';

/**
 * What stands in place of `vllm:` where Ray serves the metrics (`RayPrometheusStatLogger`: a colon in old releases of
 * Ray, an underscore since), or where a proxy replaces the colon.
 */
const OTHER_PREFIXES = ['ray_vllm_', 'ray_vllm:', 'vllm_'];
const PREFIX = 'vllm:';

function all(): Family[] {
  const encoder = new TextEncoder();
  const families: Family[] = [];
  const add = (kind: FamilyKind, base: string, slot: number, suffix = ''): void => {
    const name = base + suffix;
    const most = FRACTIONS.includes(name) ? 1 : Number.MAX_VALUE;
    families.push({ name, base, bytes: encoder.encode(name), kind, slot, most });
    if (!name.startsWith(PREFIX)) return;
    for (const prefix of OTHER_PREFIXES) {
      const alias = prefix + name.slice(PREFIX.length);
      families.push({ name: alias, base, bytes: encoder.encode(alias), kind, slot, most });
    }
  };
  SCALARS.forEach((key, slot) => add('scalar', SCALAR_NAMES[key], slot));
  BREAKDOWNS.forEach((key, slot) => add('breakdown', BREAKDOWN_NAMES[key], slot));
  HISTOGRAMS.forEach((key, slot) => {
    add('bucket', HISTOGRAM_NAMES[key], slot, '_bucket');
    add('count', HISTOGRAM_NAMES[key], slot, '_count');
    add('sum', HISTOGRAM_NAMES[key], slot, '_sum');
  });
  add('cacheConfig', CACHE_CONFIG_NAME, 0);
  PROCESS_NAMES.forEach((name, slot) => add('process', name, slot));
  add('http', HTTP_REQUESTS_NAME, 0);
  MARKERS.forEach((key, slot) => MARKER_NAMES[key].forEach((name) => add('marker', name, slot)));
  return families;
}

const TABLE_SIZE = 1024;
const table: Family[][] = Array.from({ length: TABLE_SIZE }, () => []);
for (const family of all()) table[slotOf(family.bytes, 0, family.bytes.length)]?.push(family);

/** Names of equal length differ in these places often enough that a chain seldom holds two. */
function slotOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  const early = bytes[start + 9] ?? 0;
  const late = bytes[end - 9] ?? 0;
  const last = bytes[end - 1] ?? 0;
  return (length * 41 + early * 7 + late * 23 + last) & (TABLE_SIZE - 1);
}

/** The wanted family whose name stands in `bytes[start, end)`, or `undefined`. */
export function familyOf(bytes: Uint8Array, start: number, end: number): Family | undefined {
  for (const family of table[slotOf(bytes, start, end)] ?? []) {
    if (sameBytes(family.bytes, 0, family.bytes.length, bytes, start, end)) return family;
  }
  return undefined;
}
