import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { EngineSample, Histogram } from './sample.ts';
import { scanPage } from './scan.ts';

const PAGES = join(import.meta.dirname, '..', '..', 'test', 'fixtures', 'engine-pages');
const names = readdirSync(PAGES, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.prom'))
  .toSorted();

function sampleOf(name: string): EngineSample {
  const result = scanPage(readFileSync(join(PAGES, name)));
  if (!result.ok) throw new Error(`${name}: ${result.message}`);
  return result.sample;
}

interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** An independent reader: a regular expression a line, everything as objects. */
function naiveSeries(name: string): Series[] {
  return readFileSync(join(PAGES, name), 'utf8')
    .split('\n')
    .flatMap((line): Series[] => {
      const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
      if (match === null) return [];
      const [, family = '', labels = '', value = ''] = match;
      const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', text = '']) => [key, text]);
      return [{ name: family, labels: Object.fromEntries(pairs), value: Number(value) }];
    });
}

/** What a page says, from the naive reader: the same aliases and merges, written down once more. */
class Naive {
  readonly #families: ReadonlyMap<string, readonly Series[]>;

  constructor(name: string) {
    this.#families = Map.groupBy(naiveSeries(name), (series) => series.name);
  }

  values(family: string): number[] {
    return (this.#families.get(family) ?? []).map(({ value }) => value);
  }

  sum(family: string): number | undefined {
    const values = this.values(family);
    return values.length === 0 ? undefined : values.reduce((total, value) => total + value, 0);
  }

  max(...families: string[]): number | undefined {
    const values = families.map((family) => this.values(family)).find((found) => found.length > 0);
    return values === undefined ? undefined : Math.max(...values);
  }

  by(family: string, label: string): Record<string, number> | undefined {
    const found = this.#families.get(family);
    if (found === undefined) return undefined;
    const sums: Record<string, number> = {};
    for (const { labels, value } of found) {
      const key = labels[label] ?? '';
      sums[key] = (sums[key] ?? 0) + value;
    }
    return sums;
  }

  histogram(
    ...families: string[]
  ): { count: number; sum: number; buckets: Record<string, number> } | undefined {
    for (const family of families) {
      const count = this.sum(`${family}_count`);
      const sum = this.sum(`${family}_sum`);
      const buckets = this.by(`${family}_bucket`, 'le');
      if (count !== undefined && sum !== undefined && buckets !== undefined) return { count, sum, buckets };
    }
    return undefined;
  }
}

function plainHistogram(histogram: Histogram | undefined): unknown {
  if (histogram === undefined) return undefined;
  const { count, sum, bounds, cumulative } = histogram;
  return { count, sum, buckets: Object.fromEntries(bounds.map((bound, i) => [bound, cumulative[i]])) };
}

/** The naive reader's bounds are text: `1.0`, `+Inf`. */
function numericBounds(histogram: ReturnType<Naive['histogram']>): unknown {
  if (histogram === undefined) return undefined;
  const entries = Object.entries(histogram.buckets).map(([le, count]) => [
    Number(le.replace('+Inf', 'Infinity')),
    count,
  ]);
  return { ...histogram, buckets: Object.fromEntries(entries) };
}

test('every captured page reads', () => {
  expect(names.length).toBeGreaterThan(120);
  expect(names.filter((name) => !scanPage(readFileSync(join(PAGES, name))).ok)).toEqual([]);
});

/** Ninety pages of one run differ little: every fifth is compared in full. */
const compared = names.filter((name) => !/^series\/\d+[1-46-9]\.prom$/.test(name));

test.each(compared)('%s reads as a naive reader reads it', (name) => {
  const sample = sampleOf(name);
  const naive = new Naive(name);
  expect({
    running: sample.running,
    waiting: sample.waiting,
    kvCacheUsage: sample.kvCacheUsage,
    promptTokens: sample.promptTokens,
    generationTokens: sample.generationTokens,
    preemptions: sample.preemptions,
    steps: sample.steps,
    requests: sample.requests,
    waitingByReason: sample.waitingByReason,
    admissionRejections: sample.admissionRejections,
    memory: sample.processResidentMemoryBytes,
    start: sample.processStartTimeSeconds,
  }).toEqual({
    running: naive.sum('vllm:num_requests_running'),
    waiting: naive.sum('vllm:num_requests_waiting'),
    kvCacheUsage: naive.max('vllm:kv_cache_usage_perc', 'vllm:gpu_cache_usage_perc'),
    promptTokens: naive.sum('vllm:prompt_tokens_total'),
    generationTokens: naive.sum('vllm:generation_tokens_total'),
    preemptions: naive.sum('vllm:num_preemptions_total'),
    steps: naive.sum('vllm:iteration_tokens_total_count'),
    requests: naive.by('vllm:request_success_total', 'finished_reason'),
    waitingByReason: naive.by('vllm:num_requests_waiting_by_reason', 'reason'),
    admissionRejections: naive.by('vllm:admission_rejections_total', 'reason'),
    memory: naive.sum('process_resident_memory_bytes'),
    start: naive.sum('process_start_time_seconds'),
  });
  const { histograms } = sample;
  const families = {
    ttft: ['vllm:time_to_first_token_seconds'],
    interTokenLatency: ['vllm:inter_token_latency_seconds', 'vllm:time_per_output_token_seconds'],
    timePerOutputToken: ['vllm:request_time_per_output_token_seconds'],
    e2e: ['vllm:e2e_request_latency_seconds'],
    queueTime: ['vllm:request_queue_time_seconds'],
    prefillTime: ['vllm:request_prefill_time_seconds'],
    decodeTime: ['vllm:request_decode_time_seconds'],
  } as const;
  for (const key of [
    'ttft',
    'interTokenLatency',
    'timePerOutputToken',
    'e2e',
    'queueTime',
    'prefillTime',
    'decodeTime',
  ] as const) {
    expect([key, plainHistogram(histograms[key])]).toEqual([
      key,
      numericBounds(naive.histogram(...families[key])),
    ]);
  }
});

describe('pages of which every figure is known', () => {
  test('an engine under KV pressure: 2 run, 10 wait for capacity, the cache is 80 % full', () => {
    const sample = sampleOf('load_kvpressure_5.prom');
    expect(sample).toMatchObject({
      running: 2,
      waiting: 10,
      waitingByReason: { capacity: 10, deferred: 0 },
      kvCacheUsage: 0.8,
      promptTokens: 2821,
      generationTokens: 5305,
      preemptions: 11,
      steps: 1929,
      requests: { stop: 0, length: 7, abort: 0, error: 0, repetition: 0 },
      admissionRejections: { max_num_queued_reqs: 0, max_num_queued_tokens: 0 },
      prefixCache: { queries: 2821, hits: 0 },
      cacheConfig: {
        blockSize: 128,
        numGpuBlocks: 16,
        kvCacheSizeTokens: 2048,
        kvCacheMaxConcurrency: 2,
        gpuMemoryUtilization: 0.92,
        cacheDtype: 'auto',
        enablePrefixCaching: true,
      },
      ranks: [{ engine: '0', running: 2, waiting: 10, kvCacheUsage: 0.8, steps: 1929 }],
      processResidentMemoryBytes: 993_497_088,
      processStartTimeSeconds: 1_795_317_434.7,
      dialect: 'v1-0.32',
      models: ['tiny-llama'],
      notObservable: {},
    });
    expect(sample.version).toBeUndefined();
    expect(sample.histograms.ttft).toMatchObject({ count: 11, sum: 30.016407251358032 });
    expect(sample.histograms.ttft?.bounds.at(-1)).toBe(Infinity);
  });

  test('two data-parallel ranks are one engine: load is their sum, KV usage the fuller one', () => {
    const sample = sampleOf('dp2_load.prom');
    expect(sample.running).toBe(2);
    expect(sample.kvCacheUsage).toBe(0.33333333333333337);
    expect(
      sample.ranks.map(({ engine, running, kvCacheUsage }) => ({ engine, running, kvCacheUsage })),
    ).toEqual([
      { engine: '0', running: 1, kvCacheUsage: 0.33333333333333337 },
      { engine: '1', running: 1, kvCacheUsage: 0.2666666666666667 },
    ]);
    expect(sample.ranks.map(({ steps }) => steps ?? 0).reduce((a, b) => a + b)).toBe(sample.steps);
  });

  test('two data-parallel ranks before their first request: load is unknown, not zero', () => {
    const sample = sampleOf('dp2_idle.prom');
    expect([sample.running, sample.waiting, sample.kvCacheUsage]).toEqual([undefined, undefined, undefined]);
    expect(Object.keys(sample.notObservable)).toEqual(
      expect.arrayContaining(['running', 'waiting', 'kvCacheUsage']),
    );
    expect(sample.steps).toBe(0);
  });

  test('--disable-log-stats: nothing is observable, and the reason names the flag', () => {
    const sample = sampleOf('disable_log_stats.prom');
    expect(sample.dialect).toBe('no-stats');
    expect(sample.ranks).toEqual([]);
    expect(sample.running).toBeUndefined();
    expect(sample.histograms.ttft).toBeUndefined();
    expect(sample.notObservable['running']).toContain('--disable-log-stats');
    expect(sample.notObservable['ttft']).toContain('--disable-log-stats');
  });

  test('the extra pid label of two API servers in 0.10.2: the greatest KV usage counts, once', () => {
    const sample = sampleOf('0.10.2-api-servers-2/load_1.prom');
    expect(sample).toMatchObject({ running: 3, waiting: 13, kvCacheUsage: 0.8666666666666667 });
    expect(sample.ranks).toHaveLength(1);
  });

  test('the V0 engine: old names, no engine label', () => {
    const sample = sampleOf('0.8.5.post2-v0/load_1.prom');
    expect(sample).toMatchObject({
      running: 3,
      waiting: 13,
      kvCacheUsage: 0.8125,
      preemptions: 171,
      dialect: 'v0',
    });
    expect(sample.ranks).toMatchObject([{ engine: '0', running: 3 }]);
    expect(sample.histograms.interTokenLatency?.count).toBe(2418);
    expect(sample.histograms.timePerOutputToken).toBeUndefined();
    expect(sample.notObservable['timePerOutputToken']).toContain('since vLLM 0.11');
  });

  test('the V0 engine before its first request: only the cache is known', () => {
    const sample = sampleOf('0.8.5.post2-v0/idle.prom');
    expect(sample.cacheConfig).toMatchObject({ blockSize: 128, numGpuBlocks: 16 });
    expect(sample.running).toBeUndefined();
  });
});

test.each([
  ['0.8.5.post2-v0/load_1.prom', 'v0'],
  ['0.10.2/load_1.prom', 'v1-0.10'],
  ['0.11.2/load_1.prom', 'v1-0.11'],
  ['0.15.1/load_1.prom', 'v1-0.13'],
  ['0.20.2/load_1.prom', 'v1-0.20'],
  ['0.28.0/load_1.prom', 'v1-0.24'],
  ['idle_fresh.prom', 'v1-0.32'],
])('%s has the families of %s', (name, dialect) => {
  expect(sampleOf(name).dialect).toBe(dialect);
});

test('samples of one engine share the bounds of their histograms', () => {
  const one = sampleOf('series/010.prom').histograms.e2e;
  const other = sampleOf('series/011.prom').histograms.e2e;
  expect(one?.bounds).toBe(other?.bounds);
});
