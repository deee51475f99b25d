import { readFileSync } from 'node:fs';
import { z } from 'zod';

const INDEX = new URL('../../test/fixtures/engine-pages/series/index.json', import.meta.url);

const Page = z.object({
  t: z.number(),
  num_requests_running: z.number(),
  num_requests_waiting: z.number(),
  kv_cache_usage_perc: z.number(),
  num_preemptions_total: z.number(),
  generation_tokens_total: z.number(),
  request_success_total: z.number(),
  iteration_tokens_total_count: z.number(),
});

/** What one page told, or what the model says for its time. Counters count from the first page. */
export interface SeriesPoint {
  /** Seconds from the first page. */
  readonly seconds: number;
  readonly running: number;
  readonly waiting: number;
  /** 0 to 1. */
  readonly kvCacheUsage: number;
  readonly preemptions: number;
  readonly generationTokens: number;
  readonly finished: number;
  readonly steps: number;
}

/** The 90 pages of vLLM 0.32.0 under sixteen clients, read a second apart. */
export function readRealSeries(): readonly SeriesPoint[] {
  const pages = z.array(Page).parse(JSON.parse(readFileSync(INDEX, 'utf8')));
  const [first] = pages;
  if (first === undefined) throw new Error('the series has no page');
  return pages.map((page) => ({
    seconds: page.t,
    running: page.num_requests_running,
    waiting: page.num_requests_waiting,
    kvCacheUsage: page.kv_cache_usage_perc,
    preemptions: page.num_preemptions_total - first.num_preemptions_total,
    generationTokens: page.generation_tokens_total - first.generation_tokens_total,
    finished: page.request_success_total - first.request_success_total,
    steps: page.iteration_tokens_total_count - first.iteration_tokens_total_count,
  }));
}
