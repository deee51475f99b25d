import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PageFacts, factsOf, type Series } from '../../test/builders/page-facts.ts';
import type { EngineSample } from './sample.ts';
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

test('every captured page reads', () => {
  expect(names.length).toBeGreaterThan(120);
  expect(names.filter((name) => !scanPage(readFileSync(join(PAGES, name))).ok)).toEqual([]);
});

/** Ninety pages of one run differ little: every fifth is compared in full. */
const compared = names.filter((name) => !/^series\/\d+[1-46-9]\.prom$/.test(name));

test.each(compared)('%s reads as a naive reader reads it', (name) => {
  expect(factsOf(sampleOf(name))).toEqual(new PageFacts(naiveSeries(name)).facts());
});

describe('pages of which every figure is known', () => {
  test('an engine under KV pressure: 2 run, 10 wait for capacity, the cache is 80 % full', () => {
    const sample = sampleOf('load_kvpressure_5.prom');
    expect(sample).toMatchObject({
      running: 2,
      waiting: 10,
      waitingByReason: { capacity: 10, deferred: 0 },
      isAsleep: false,
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
      ranks: [
        {
          engine: '0',
          running: 2,
          waiting: 10,
          waitingForCapacity: 10,
          kvCacheUsage: 0.8,
          steps: 1929,
          finished: 7,
        },
      ],
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

test('samples of two fleets whose prompts have other bounds, read in turn, share those of their own fleet', () => {
  const encoder = new TextEncoder();
  const bucketsUpTo = (longest: number): unknown => {
    const series = (suffix: string, value: number): string =>
      `vllm:request_prompt_tokens${suffix} ${value}\n`;
    const buckets = ['1.0', String(longest), '+Inf'].map((le) => series(`_bucket{le="${le}"}`, 1));
    const result = scanPage(encoder.encode([...buckets, series('_count', 1), series('_sum', 1)].join('')));
    return result.ok ? result.sample.histograms.requestPromptTokens?.bounds : result.message;
  };
  const [short, long, shortAgain, longAgain] = [500, 2000, 500, 2000].map(bucketsUpTo);
  expect([short, long]).toEqual([
    [1, 500, Infinity],
    [1, 2000, Infinity],
  ]);
  expect(shortAgain).toBe(short);
  expect(longAgain).toBe(long);
});
