import type { VLLMDeploymentSpec } from '../../api/v1alpha1/spec.ts';
import { apiServerCount, dataParallelSize, valuesInArgs } from '../../workload/flags.ts';

const GIB = 2 ** 30;
/** vLLM's default of `--mm-processor-cache-gb`, in GiB (vllm/config/multimodal.py, 0.32). */
const DEFAULT_MULTIMODAL_GIB = 4;
/** Flags that only a model which takes images, audio or video is given. */
const MULTIMODAL =
  /^--(mm-|limit-mm-per-prompt|media-io-kwargs|allowed-local-media-path|allowed-media-domains)/;

/**
 * What an engine's memory may grow by rights, in bytes: `--kv-offloading-size` (GiB, the sum over its ranks,
 * vllm/config/cache.py) and the multimodal cache, which each API server and each data-parallel rank keeps for itself
 * (`mm_processor_cache_gb * (api_server_count + data_parallel_size)`, vllm/config/multimodal.py). Without
 * `--mm-processor-cache-gb` its default counts where another flag tells that the model takes more than text.
 */
export function allowedGrowthBytes({ engine: { args } }: Pick<VLLMDeploymentSpec, 'engine'>): number {
  const offloading = gibibytes(args, '--kv-offloading-size') ?? 0;
  const isMultimodal = args.some((arg) => MULTIMODAL.test(arg.replaceAll('_', '-')));
  const multimodal =
    gibibytes(args, '--mm-processor-cache-gb') ?? (isMultimodal ? DEFAULT_MULTIMODAL_GIB : 0);
  return GIB * (offloading + multimodal * (apiServerCount(args) + dataParallelSize(args)));
}

function gibibytes(args: readonly string[], flag: string): number | undefined {
  const value = Number(valuesInArgs(args, [flag]).at(-1));
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}
