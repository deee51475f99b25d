import type { CacheConfig, EngineSample, PrefixCache, RankSample } from './sample.ts';

/**
 * Figures that do not mean what their name says in some versions of vLLM, put right or withheld. Seen on pages of
 * fifteen versions, and read in the sources that each rule names.
 */

/** Where the block of an idle engine of unknown size shows at most: 1/1000 is less than any real cache. */
const SMALLEST_USE = 0.001;

/**
 * KV usage of an idle rank of V1 before 0.10.2, which counts one block that no request holds (the null block,
 * vllm-project/vllm#22995): 1/blocks then is 0. While requests run the block is left in: it is one among many.
 */
export function withoutNullBlock(
  rank: RankSample,
  dialect: string,
  cacheConfig: CacheConfig | undefined,
): RankSample {
  if (dialect !== 'v1-0.8' && dialect !== 'v1-0.9') return rank;
  const { running, waiting, kvCacheUsage } = rank;
  if (running !== 0 || waiting !== 0 || kvCacheUsage === undefined) return rank;
  const blocks = cacheConfig?.numGpuBlocks;
  const onlyNullBlock = blocks === undefined ? kvCacheUsage < SMALLEST_USE : kvCacheUsage * blocks < 1.5;
  return onlyNullBlock ? { ...rank, kvCacheUsage: 0 } : rank;
}

/** Dialects of 0.24 and later, whose prefix-cache counters count each prompt once. */
const EXACT_LOOKUPS: readonly string[] = ['v1-0.24', 'v1-0.30', 'v1-0.32'];

/**
 * Prefix-cache lookups that can be believed. Before 0.24 the counters count every attempt to schedule a waiting
 * request, up to 260 times the prompt tokens, with hits that were none. From 0.17 on the source of each prompt token
 * tells the same without that fault; before, the counters are good until a request has waited.
 */
export function believablePrefixCache(
  sample: Pick<EngineSample, 'dialect' | 'waiting' | 'promptTokens'>,
  counted: PrefixCache | undefined,
  localHits: number | undefined,
): PrefixCache | undefined {
  const { dialect, waiting, promptTokens } = sample;
  if (EXACT_LOOKUPS.includes(dialect)) return counted;
  if (promptTokens === undefined) return undefined;
  if (localHits !== undefined) return { queries: promptTokens, hits: localHits };
  const retried = waiting !== 0 || (counted?.queries ?? 0) > promptTokens;
  return retried ? undefined : counted;
}
