import type { Labels } from './page-format.ts';
import type { ServeArgs } from './serve-args.ts';
import { isInSpan, type VersionSpan } from './vllm-version.ts';

/** Labels whose value does not depend on the arguments, with the versions in which they were seen. */
const CONSTANT_LABELS: readonly (VersionSpan & { readonly labels: Labels })[] = [
  {
    labels: {
      is_attention_free: 'False',
      kv_sharing_fast_prefill: 'False',
      mamba_cache_dtype: 'auto',
      mamba_page_size_padded: 'None',
      num_cpu_blocks: 'None',
      prefix_caching_hash_algo: 'sha256',
      sliding_window: 'None',
    },
  },
  { until: '0.15.1', labels: { cpu_kvcache_space_bytes: 'None', cpu_offload_gb: '0.0', swap_space: '4.0' } },
  { until: '0.10.2', labels: { swap_space_bytes: '4294967296.0' } },
  { until: '0.20.2', labels: { calculate_kv_scales: 'False', mamba_ssm_cache_dtype: 'auto' } },
  { since: '0.11.2', until: '0.11.2', labels: { kv_offloading_backend: 'None' } },
  { since: '0.11.2', labels: { kv_offloading_size: 'None', mamba_block_size: 'None' } },
  { since: '0.15.1', labels: { kv_offloading_backend: 'native', mamba_cache_mode: 'none' } },
  {
    since: '0.20.2',
    labels: { _block_size_resolved: 'True', kv_cache_dtype_skip_layers: '[]' },
  },
  { since: '0.20.2', until: '0.20.2', labels: { hash_block_size: 'None' } },
  { since: '0.20.2', until: '0.28.0', labels: { user_specified_mamba_block_size: 'False' } },
  {
    since: '0.28.0',
    labels: {
      mamba_ssm_cache_dtype: 'float32',
      prefix_match_unit: 'None',
      replayssm_buffer_len: '16',
      skip_page_size_padded: 'None',
      use_replayssm: 'False',
    },
  },
  {
    since: '0.32.0',
    labels: {
      cache_hit_alignment_tokens: 'None',
      enable_mamba_shared_prefix_checkpoint: 'False',
      hash_block_size: 'None',
      kv_cache_layout: 'None',
      prefix_cache_retention_interval: '0',
      swa_bounded_replay: 'True',
      use_kda_recoverssm: 'False',
    },
  },
];

/** The labels of `vllm:cache_config_info`: the engine's cache configuration as Python prints it. */
export function cacheConfigLabels(args: ServeArgs, version: readonly number[]): Labels {
  const { cache, engine } = args;
  const tokens = engine.numGpuBlocks * engine.blockSize;
  const utilization = isInSpan({ since: '0.20.2' }, version) ? 0.92 : 0.9;
  const constant = CONSTANT_LABELS.filter((span) => isInSpan(span, version)).map(({ labels }) => labels);
  return Object.assign(
    {
      engine: '0',
      block_size: String(engine.blockSize),
      cache_dtype: cache.cacheDtype,
      enable_prefix_caching: pythonBoolean(cache.enablePrefixCaching),
      gpu_memory_utilization: String(cache.gpuMemoryUtilization ?? utilization),
      kv_cache_memory_bytes: 'None',
      num_gpu_blocks: String(engine.numGpuBlocks),
      num_gpu_blocks_override: String(cache.numGpuBlocksOverride ?? 'None'),
    },
    isInSpan({ since: '0.20.2' }, version)
      ? { user_specified_block_size: pythonBoolean(cache.userSpecifiedBlockSize) }
      : {},
    isInSpan({ since: '0.24.0' }, version)
      ? {
          kv_cache_size_tokens: String(tokens),
          kv_cache_max_concurrency: pythonFloat(tokens / engine.maxModelLen),
        }
      : {},
    isInSpan({ since: '0.32.0' }, version)
      ? { effective_attention_block_size: String(engine.blockSize) }
      : {},
    ...constant,
  );
}

function pythonBoolean(value: boolean): string {
  return value ? 'True' : 'False';
}

function pythonFloat(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}
