import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import type { NaivePage } from './naive-page.ts';

const CLI = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
const TIMEOUT_MS = 30_000;

/** What `vllm-warden inspect URL --json` prints. */
export async function inspect(url: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, 'inspect', url, '--json'], {
    timeout: TIMEOUT_MS,
  });
  return JSON.parse(stdout);
}

/** What it must print of an engine with this page, by the names that vLLM 0.32 gives its families. */
export function inspectionOf(page: NaivePage, model: string, version: string): object {
  const cache = 'vllm:cache_config_info';
  return {
    running: page.sum('vllm:num_requests_running'),
    waiting: page.sum('vllm:num_requests_waiting'),
    kvCacheUsage: page.sum('vllm:kv_cache_usage_perc'),
    promptTokens: page.sum('vllm:prompt_tokens_total'),
    generationTokens: page.sum('vllm:generation_tokens_total'),
    preemptions: page.sum('vllm:num_preemptions_total'),
    steps: page.sum('vllm:iteration_tokens_total_count'),
    requests: page.by('vllm:request_success_total', 'finished_reason'),
    prefixCache: {
      queries: page.sum('vllm:prefix_cache_queries_total'),
      hits: page.sum('vllm:prefix_cache_hits_total'),
    },
    cacheConfig: {
      blockSize: Number(page.label(cache, 'block_size')),
      numGpuBlocks: Number(page.label(cache, 'num_gpu_blocks')),
    },
    histograms: {
      ttft: page.histogram('vllm:time_to_first_token_seconds'),
      interTokenLatency: page.histogram('vllm:inter_token_latency_seconds'),
      timePerOutputToken: page.histogram('vllm:request_time_per_output_token_seconds'),
      e2e: page.histogram('vllm:e2e_request_latency_seconds'),
      queueTime: page.histogram('vllm:request_queue_time_seconds'),
      prefillTime: page.histogram('vllm:request_prefill_time_seconds'),
      decodeTime: page.histogram('vllm:request_decode_time_seconds'),
    },
    waitingByReason: page.by('vllm:num_requests_waiting_by_reason', 'reason'),
    admissionRejections: page.by('vllm:admission_rejections_total', 'reason'),
    models: [model],
    ranks: [expect.objectContaining({ engine: '0' })],
    version,
  };
}
