/**
 * What one metrics page of a vLLM engine says.
 *
 * Absent on the page is `undefined` here, never 0, and `notObservable` says why. An engine with several
 * data-parallel ranks is one sample: load, counters and histograms are summed over its ranks, KV-cache usage is
 * the fullest rank's, and `ranks` keeps each rank apart.
 */

/**
 * A cumulative histogram in compact form. Samples are kept for minutes for each of up to a thousand engines, so
 * the bounds are one array shared by all samples of an engine and the counts are one flat array.
 */
export interface Histogram {
  /** Observations so far (`_count`). */
  readonly count: number;
  /** Sum of all observations (`_sum`), in the unit of the family. */
  readonly sum: number;
  /** Upper bounds, ascending, `Infinity` last. */
  readonly bounds: readonly number[];
  /** Observations at or below the bound of the same index. */
  readonly cumulative: readonly number[];
}

/** The histograms that are read. All in seconds, but for the prompts. */
export interface EngineHistograms {
  /** Arrival to first token, queueing included. */
  readonly ttft?: Histogram | undefined;
  /** Time between tokens; `time_per_output_token_seconds` on engines older than 0.10.2. */
  readonly interTokenLatency?: Histogram | undefined;
  /** Mean time per output token of each request; since 0.11. */
  readonly timePerOutputToken?: Histogram | undefined;
  readonly e2e?: Histogram | undefined;
  readonly queueTime?: Histogram | undefined;
  readonly prefillTime?: Histogram | undefined;
  readonly decodeTime?: Histogram | undefined;
  /** Tokens in the prompt of each finished request. Its bounds end at the engine's `--max-model-len`. */
  readonly requestPromptTokens?: Histogram | undefined;
}

export type HistogramName = keyof EngineHistograms;

/** Prompt tokens looked up and found in the prefix cache since start, each prompt once. */
export interface PrefixCache {
  readonly queries: number;
  readonly hits: number;
}

/** The numbers of `vllm:cache_config_info` that describe capacity. */
export interface CacheConfig {
  /** Tokens in one KV block. */
  readonly blockSize?: number | undefined;
  readonly numGpuBlocks?: number | undefined;
  /** Tokens that the KV cache holds; right for hybrid models too, since 0.24. */
  readonly kvCacheSizeTokens?: number | undefined;
  /** Requests of the greatest length that fit at once, since 0.24. */
  readonly kvCacheMaxConcurrency?: number | undefined;
  readonly gpuMemoryUtilization?: number | undefined;
  readonly cacheDtype?: string | undefined;
  readonly enablePrefixCaching?: boolean | undefined;
}

/** One data-parallel rank, by its `engine` label (`"0"` where the page has no such label). */
export interface RankSample {
  readonly engine: string;
  readonly running?: number | undefined;
  readonly waiting?: number | undefined;
  /** Of `waiting`, those that wait for a seat or for KV blocks; since 0.20. */
  readonly waitingForCapacity?: number | undefined;
  readonly kvCacheUsage?: number | undefined;
  readonly promptTokens?: number | undefined;
  readonly generationTokens?: number | undefined;
  readonly preemptions?: number | undefined;
  readonly steps?: number | undefined;
  /** Requests that finished, for whatever reason. */
  readonly finished?: number | undefined;
}

export interface EngineSample {
  /** Requests in the running batch. */
  readonly running?: number | undefined;
  /** Requests that wait for a place in the batch. */
  readonly waiting?: number | undefined;
  /** `waiting` by cause (`capacity`, `deferred`); since 0.20. */
  readonly waitingByReason?: Readonly<Record<string, number>> | undefined;
  /** Whether it sleeps: it was told to give its memory back, and serves nothing until it is woken. Since 0.11. */
  readonly isAsleep?: boolean | undefined;
  /** Fraction 0–1 of the KV blocks held by live requests; 0 for the null block of idle engines before 0.10.2. */
  readonly kvCacheUsage?: number | undefined;
  readonly promptTokens?: number | undefined;
  readonly generationTokens?: number | undefined;
  readonly preemptions?: number | undefined;
  /** Engine steps so far: the heartbeat of an engine that has work. */
  readonly steps?: number | undefined;
  /** Finished requests by `finished_reason`. */
  readonly requests?: Readonly<Record<string, number>> | undefined;
  /** Requests refused at the door, by reason; since 0.32. */
  readonly admissionRejections?: Readonly<Record<string, number>> | undefined;
  /**
   * Generation requests that were answered over HTTP with success (POST, 2xx; `GENERATING_ROUTES`), counted when the
   * answer ends, not when it begins: on the 90 pages of `series/` it grows with `requests`, page by page, and requests
   * that wait with an open stream are not in it. So with `running` and `waiting` it makes up all that were let in.
   *
   * In it, unlike `requests`: those whose client left, streaming or not, while they waited or ran (seen on 0.32, where
   * the gauges follow within 20 ms). Not in it: bad requests (4xx), failed ones (5xx), refused ones (503), but for a
   * stream that fails under way, and one that is refused after its head was sent: in a burst some are, and stand in
   * `admissionRejections` too. One HTTP request may be several of the engine (`n`, a list of prompts, a batch): then
   * `requests` grows by more. On an engine that hangs it goes on counting clients that leave, while the gauges stand.
   */
  readonly httpAnswered?: number | undefined;
  /**
   * Generation requests that were answered over HTTP with a server's error (POST, 5xx), those refused with 503 among
   * them. A request that finished with `error` is one as well unless its stream had begun: `FinishReason.ERROR` is
   * "always converted to 500 Internal Server Error" (vllm/v1/engine/__init__.py).
   */
  readonly httpFailed?: number | undefined;
  /** Absent also where the page's counters cannot be believed: before 0.17 once requests have waited. */
  readonly prefixCache?: PrefixCache | undefined;
  readonly cacheConfig?: CacheConfig | undefined;
  readonly histograms: EngineHistograms;
  readonly ranks: readonly RankSample[];
  /** Memory of the API server process alone, in bytes. */
  readonly processResidentMemoryBytes?: number | undefined;
  /** Unix time in seconds; a change means that the server was restarted. */
  readonly processStartTimeSeconds?: number | undefined;
  /**
   * The oldest vLLM whose families the page has: `v0`, `v1-0.9` … `v1-0.32`, or `no-stats`; with `-rust` or `-ray`
   * behind it where the page is not that of vLLM's own server.
   */
  readonly dialect: string;
  /** From `/version`; never on the page. */
  readonly version?: string | undefined;
  /** Distinct `model_name` labels, in page order. */
  readonly models: readonly string[];
  /** Why a field of this sample is absent, by field name. */
  readonly notObservable: Readonly<Record<string, string>>;
}

/** Why a page could not be read. */
export type PageErrorReason =
  'Empty' | 'TooLarge' | 'NotAMetricsPage' | 'NoEngineFamilies' | 'BadLine' | 'Truncated' | 'TooManySeries';

export interface PageError {
  readonly ok: false;
  readonly reason: PageErrorReason;
  readonly message: string;
}

export type PageResult = { readonly ok: true; readonly sample: EngineSample } | PageError;
