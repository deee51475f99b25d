import { describe, expect, test } from 'vitest';
import type { EngineSample } from '../../../src/engine/sample.ts';
import { SETTING, viewOf } from './test-view.ts';
import { saturationDesired, WVA_V1 } from './wva-saturation.ts';
import { computeBoundTokens, createTokenAnalyser, sizeByTokens } from './wva-tokens.ts';

const replica = (kvCacheUsage: number, queue: number) => ({ kvCacheUsage, queue });
const of = (...replicas: readonly ReturnType<typeof replica>[]) => ({
  replicas,
  pages: [],
  pending: 0,
  current: replicas.length,
});

describe('WVA v1', () => {
  test.each([
    {
      title: 'spare KV of 0.045 in the mean is below 0.1',
      input: of(replica(0.75, 2), replica(0.76, 2)),
      size: 3,
    },
    { title: 'spare queue of 2 is below 3', input: of(replica(0.3, 3), replica(0.3, 3)), size: 3 },
    { title: 'all are saturated', input: of(replica(0.9, 0), replica(0.1, 5)), size: 3 },
    {
      title: 'three at 0.2 leave two at 0.3',
      input: of(replica(0.2, 0), replica(0.2, 0), replica(0.2, 0)),
      size: 2,
    },
    { title: 'two at 0.4 would leave one at 0.8', input: of(replica(0.4, 0), replica(0.4, 0)), size: 2 },
    {
      title: 'the only one that is not saturated stays',
      input: of(replica(0.9, 0), replica(0.1, 0)),
      size: 2,
    },
    {
      title: 'nothing while replicas are pending',
      input: { ...of(replica(0.9, 9)), pending: 1, current: 2 },
      size: 2,
    },
  ])('$title', ({ input, size }) => {
    expect(saturationDesired(input)).toBe(size);
  });

  test('looks at the highest figures of a minute once a minute, and its HPA waits 240 s', () => {
    const policy = WVA_V1.create(SETTING);
    const at = (ms: number, waiting: number) => policy(viewOf(ms, [{ kvCacheUsage: 0.1, waiting }]));
    expect(at(15_000, 9)).toBe(1);
    const sizes = Array.from({ length: 20 }, (_, i) => at(30_000 + i * 15_000, i % 3 === 0 ? 9 : 0));
    // The gauge says 2 from 60 s on; the last 1 was recommended at 45 s.
    expect(sizes.findIndex((size) => size === 2)).toBe((285_000 - 30_000) / 15_000);
  });
});

describe('WVA v2', () => {
  test('estimates the compute-bound tokens from the flags', () => {
    const limits = { kvTokens: 217_376, maxNumBatchedTokens: 2048, maxNumSeqs: 256 };
    // min(2048 · 200 / 1200, 256) = 256 sequences of 1000 + 100 tokens.
    expect(computeBoundTokens(limits, { input: 1000, output: 200 })).toBe(281_600);
    // 2048 · 10 / 1010 = 20.3 sequences of 1005 tokens.
    expect(computeBoundTokens(limits, { input: 1000, output: 10 })).toBeCloseTo(20_378.6, 1);
  });

  test.each([
    { demand: 400_000, size: 5, because: '400 / 0.85 − 400 = 71, so one more' },
    { demand: 300_000, size: 4, because: '300 / 0.85 < 400 < 300 / 0.7' },
    { demand: 200_000, size: 3, because: '400 − 200 / 0.7 = 114, so one less' },
    { demand: 0, size: 1, because: 'never less than one' },
  ])('four replicas of 100,000 tokens with a demand of $demand are $size: $because', ({ demand, size }) => {
    expect(sizeByTokens(4, demand, 100_000)).toBe(size);
  });

  test('takes what a queued replica holds as its capacity, and the queue as demand', () => {
    const analyse = createTokenAnalyser({ kvTokens: 100_000, maxNumBatchedTokens: 2048, maxNumSeqs: 256 });
    const histogram = { count: 10, sum: 0, bounds: [], cumulative: [] };
    const page: EngineSample = {
      promptTokens: 10_000,
      generationTokens: 2000,
      histograms: { ttft: histogram, e2e: histogram },
      ranks: [],
      dialect: 'v1-0.32',
      models: [],
      notObservable: {},
    };
    // Capacity 40,000; demand 40,000 + 10 · 1000: 50,000 / 0.85 − 40,000 = 18,800, half a replica.
    const input = { replicas: [replica(0.4, 10)], pages: [page], pending: 0, current: 1 };
    expect(analyse(input)).toBe(2);
    expect(analyse({ ...input, pages: [] })).toBe(1);
  });
});
