import { allLabels } from './labels.ts';
import type { CacheConfig } from './sample.ts';

/**
 * Reads the label block of `vllm:cache_config_info`, whose labels are its content. Ranks share one configuration,
 * so a later series only fills in what the earlier ones left out; `undefined` if the block is malformed.
 */
export function readCacheConfig(
  bytes: Uint8Array,
  labelsStart: number,
  before: CacheConfig | undefined,
): CacheConfig | undefined {
  const labels = allLabels(bytes, labelsStart);
  if (labels === undefined) return undefined;
  return {
    blockSize: before?.blockSize ?? numeric(labels.get('block_size')),
    numGpuBlocks: before?.numGpuBlocks ?? numeric(labels.get('num_gpu_blocks')),
    kvCacheSizeTokens: before?.kvCacheSizeTokens ?? numeric(labels.get('kv_cache_size_tokens')),
    kvCacheMaxConcurrency: before?.kvCacheMaxConcurrency ?? numeric(labels.get('kv_cache_max_concurrency')),
    gpuMemoryUtilization: before?.gpuMemoryUtilization ?? numeric(labels.get('gpu_memory_utilization')),
    cacheDtype: before?.cacheDtype ?? known(labels.get('cache_dtype')),
    enablePrefixCaching: before?.enablePrefixCaching ?? truth(labels.get('enable_prefix_caching')),
  };
}

/** Python prints what is not set as `None`. */
function known(value: string | undefined): string | undefined {
  return value === undefined || value === 'None' || value === '' ? undefined : value;
}

function numeric(value: string | undefined): number | undefined {
  const told = known(value);
  if (told === undefined) return undefined;
  const parsed = Number(told);
  return Number.isFinite(parsed) && parsed >= 0 ? parsed : undefined;
}

function truth(value: string | undefined): boolean | undefined {
  if (value === 'True') return true;
  return value === 'False' ? false : undefined;
}
