import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { EngineSample } from './sample.ts';
import { scanPage } from './scan.ts';

const FIXTURES = join(import.meta.dirname, '../../test/fixtures');

function captured(name: string): EngineSample {
  return read(readFileSync(join(FIXTURES, 'engine-pages', `${name}.prom`)));
}

function byHand(name: string): EngineSample {
  return read(readFileSync(join(FIXTURES, 'engine-pages-by-hand', `${name}.prom`)));
}

function read(page: Uint8Array): EngineSample {
  const result = scanPage(page);
  if (!result.ok) throw new Error(result.message);
  return result.sample;
}

describe('pages that nobody captured, written by hand from the sources', () => {
  test("Ray's page: its names, and two engines of one model told apart by their workers", () => {
    const sample = byHand('ray-two-replicas');
    expect(sample).toMatchObject({
      dialect: 'v1-0.12-ray',
      running: 19,
      waiting: 3,
      kvCacheUsage: 0.71875,
      promptTokens: 70_700,
      generationTokens: 120_000,
      preemptions: 4,
      steps: 144,
      requests: { stop: 192, length: 9 },
      models: ['Qwen/Qwen3-8B'],
    });
    expect(sample.ranks.map(({ running, waiting }) => ({ running, waiting }))).toEqual([
      { running: 12, waiting: 3 },
      { running: 7, waiting: 0 },
    ]);
    expect(sample.histograms.ttft).toMatchObject({ count: 5, sum: expect.closeTo(0.82, 9) });
    expect(sample.notObservable['cacheConfig']).toContain('Ray');
    expect(sample.notObservable['prefixCache']).toContain('119700 lookups for 70700 prompt tokens');
  });

  test('a proxy that replaced the colon changes nothing but the names', () => {
    expect(byHand('colon-replaced')).toMatchObject({
      dialect: 'v1-0.10',
      running: 5,
      waiting: 1,
      kvCacheUsage: 0.25,
      steps: 180,
      histograms: { ttft: { count: 2 }, interTokenLatency: { count: 10 } },
    });
  });

  test('the Rust front end: OpenMetrics, and what it lacks is said', () => {
    const sample = byHand('rust-front-end');
    expect(sample).toMatchObject({
      dialect: 'v1-0.20-rust',
      running: 6,
      waitingByReason: { capacity: 2, deferred: 0 },
      kvCacheUsage: 0.3125,
      promptTokens: 4096,
      prefixCache: { queries: 4096, hits: 1024 },
      requests: { stop: 11 },
      models: ['Qwen/Qwen3-8B'],
      ranks: [{ engine: '0', running: 6 }],
    });
    for (const field of ['steps', 'cacheConfig', 'processResidentMemoryBytes', 'processStartTimeSeconds'])
      expect(sample.notObservable[field]).toContain('Rust front end does not show it');
    expect(sample.histograms.decodeTime?.count).toBe(11);
  });

  test('V0 under load: swapped requests wait too, and a hit rate of -1 is no figure', () => {
    const sample = byHand('v0-0.6.6-swapped');
    expect(sample).toMatchObject({
      dialect: 'v0',
      running: 9,
      waiting: 6,
      kvCacheUsage: 0.96875,
      steps: 408,
      preemptions: 17,
      cacheConfig: { blockSize: 16, numGpuBlocks: 27_841, enablePrefixCaching: false },
      ranks: [{ engine: '0', waiting: 6 }],
    });
    expect(sample.histograms.e2e?.bounds.at(-2)).toBe(60);
    expect(sample.notObservable['prefixCache']).toContain('V0 shows a rate');
  });

  test('V1 before 0.10.2 at rest: the null block is no use of the cache', () => {
    expect(byHand('v1-0.9.1-idle-null-block')).toMatchObject({
      dialect: 'v1-0.8',
      running: 0,
      kvCacheUsage: 0,
      ranks: [{ kvCacheUsage: 0 }],
      prefixCache: { queries: 18_000, hits: 6000 },
    });
  });

  test('two models on one page are summed, the fuller cache counts', () => {
    expect(byHand('two-models')).toMatchObject({
      running: 5,
      waiting: 3,
      kvCacheUsage: 0.5,
      promptTokens: 1300,
      steps: 110,
      requests: { stop: 28 },
      models: ['chat', 'embed'],
    });
  });
});

describe('KV usage of V1 before 0.10.2', () => {
  const page = (running: number, usage: number, config = ''): EngineSample =>
    read(
      new TextEncoder().encode(
        `vllm:num_requests_running{engine="0"} ${running}\nvllm:num_requests_waiting{engine="0"} 0\n` +
          `vllm:gpu_cache_usage_perc{engine="0"} ${usage}\n${config}`,
      ),
    );
  const blocks = (count: number): string =>
    `vllm:cache_config_info{engine="0",num_gpu_blocks="${count}"} 1.0\n`;

  test.each([
    ['one of sixteen blocks of an idle engine is the null block', 0, 0.0625, blocks(16), 0],
    ['two of sixteen are not', 0, 0.125, blocks(16), 0.125],
    ['one block of a busy engine is left in', 1, 0.0625, blocks(16), 0.0625],
    ['less than a thousandth of a cache of unknown size is the null block', 0, 0.00009, '', 0],
    ['more than that is not', 0, 0.02, '', 0.02],
  ])('%s', (_, running, usage, config, expected) => {
    expect(page(running, usage, config).kvCacheUsage).toBe(expected);
  });

  test('a leak that a newer engine shows while idle is left as it is', () => {
    const later = `vllm:inter_token_latency_seconds_count{engine="0"} 0\nvllm:inter_token_latency_seconds_sum{engine="0"} 0\nvllm:inter_token_latency_seconds_bucket{engine="0",le="+Inf"} 0\n`;
    expect(page(0, 0.0625, blocks(16) + later)).toMatchObject({ dialect: 'v1-0.10', kvCacheUsage: 0.0625 });
  });
});

describe('the prefix cache', () => {
  test.each([
    ['0.28.0/load_1', { queries: 1021, hits: 0 }],
    ['load_kvpressure_5', { queries: 2821, hits: 0 }],
    ['0.20.2/after', { queries: 5828, hits: 0 }],
    ['0.10.2/idle', { queries: 0, hits: 0 }],
  ])('of %s is told', (name, expected) => {
    expect(captured(name).prefixCache).toEqual(expected);
  });

  test.each([
    ['0.10.2/load_1', 'lookups for'],
    ['0.15.1/after', '0 requests waiting'],
    ['0.10.2-stuck/after', '456358044 lookups for 0 prompt tokens'],
    ['0.8.5.post2-v0/load_1', 'V0 shows a rate'],
  ])('of %s is not, and the reason says why', (name, reason) => {
    const sample = captured(name);
    expect(sample.prefixCache).toBeUndefined();
    expect(sample.notObservable['prefixCache']).toContain(reason);
  });
});

test('V1 before the engine label is told from V0 by its prefix-cache counters', () => {
  const page = (family: string): EngineSample =>
    read(
      new TextEncoder().encode(`vllm:num_requests_running{model_name="m"} 1\n${family}{model_name="m"} 0\n`),
    );
  expect(page('vllm:gpu_prefix_cache_queries_total').dialect).toBe('v1-0.8');
  expect(page('vllm:gpu_prefix_cache_hit_rate').dialect).toBe('v0');
});
