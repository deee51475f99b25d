import { describe, expect, test } from 'vitest';
import { AIBRIX_APA, apaDesired } from './aibrix-apa.ts';
import { HPA_ON_KV } from './hpa-on-kv.ts';
import { KEDA_ON_RUNNING, KEDA_ON_SEATS, KEDA_ON_WAITING } from './keda.ts';
import { KNATIVE_KPA, KnativeKpa } from './knative-kpa.ts';
import { SHIPPED } from './shipped.ts';
import { SETTING, viewOf } from './test-view.ts';

test('HPA on KV: two engines at 0.95 of 0.8 become three, and one that starts counts as empty', () => {
  const full = { kvCacheUsage: 0.95 };
  expect(HPA_ON_KV.create(SETTING)(viewOf(15_000, [full, full]))).toBe(3);
  expect(HPA_ON_KV.create(SETTING)(viewOf(15_000, [full, full, undefined]))).toBe(3);
});

describe('KEDA', () => {
  test('on waiting: 23 waiting at 5 an engine are five engines', () => {
    expect(KEDA_ON_WAITING.create(SETTING)(viewOf(15_000, [{ waiting: 20 }, { waiting: 3 }]))).toBe(5);
  });

  test('on running: 60 running at 5 an engine are twelve engines, one more a minute', () => {
    const policy = KEDA_ON_RUNNING.create(SETTING);
    const busy = { running: 30 };
    expect(policy(viewOf(15_000, [busy, busy]))).toBe(3);
    expect(policy(viewOf(30_000, [busy, busy, undefined]))).toBe(3);
    expect(policy(viewOf(75_000, [busy, busy, undefined]))).toBe(4);
  });

  test('on seats: 100 running at three quarters of 40 seats are four engines', () => {
    expect(KEDA_ON_SEATS.create(SETTING)(viewOf(15_000, [{ running: 50 }, { running: 50 }]))).toBe(4);
  });
});

describe('Knative KPA', () => {
  test('divides the concurrency of a minute by 70, and at most halves the size', () => {
    const kpa = new KnativeKpa();
    expect(kpa.desired({ ready: 4, stable: 200, panic: 200, nowMs: 0 })).toBe(3);
    expect(kpa.desired({ ready: 4, stable: 10, panic: 10, nowMs: 2000 })).toBe(2);
  });

  test('panics when six seconds ask for twice the ready pods, and does not shrink for a minute', () => {
    const kpa = new KnativeKpa();
    expect(kpa.desired({ ready: 2, stable: 70, panic: 350, nowMs: 0 })).toBe(5);
    expect(kpa.desired({ ready: 5, stable: 70, panic: 70, nowMs: 60_000 })).toBe(5);
    expect(kpa.desired({ ready: 5, stable: 70, panic: 70, nowMs: 60_002 })).toBe(2);
  });

  test('counts waiting requests as in flight, in the mean of its windows', () => {
    const policy = KNATIVE_KPA.create(SETTING);
    expect(policy(viewOf(2000, [{ running: 50, waiting: 10 }]))).toBe(1);
    // Mean of 60 and 300 over both windows: 180 / 70 = 2.6.
    expect(policy(viewOf(4000, [{ running: 100, waiting: 200 }]))).toBe(3);
  });
});

describe('AIBrix APA', () => {
  test.each([
    { mean: 0.52, size: 4, because: 'within 10 % of 0.5' },
    { mean: 0.6, size: 5, because: '4 · 1.2 = 4.8' },
    { mean: 1.5, size: 8, because: '4 · 3 = 12, at most twice the size' },
    { mean: 0.4, size: 4, because: '4 · 0.8 = 3.2, rounded up' },
    { mean: 0.05, size: 2, because: 'at least half the size' },
  ])('four engines at $mean are $size: $because', ({ mean, size }) => {
    expect(apaDesired(4, mean)).toBe(size);
  });

  test('waits 300 s on the way down, and averages engines that start in as 0', () => {
    const policy = AIBRIX_APA.create(SETTING);
    const busy = { kvCacheUsage: 0.5 };
    const idle = { kvCacheUsage: 0 };
    expect(policy(viewOf(0, [busy, busy, busy, busy]))).toBe(4);
    expect(policy(viewOf(290_000, [idle, idle, idle, idle]))).toBe(4);
    expect(policy(viewOf(300_000, [idle, idle, idle, idle]))).toBe(2);
    expect(AIBRIX_APA.create(SETTING)(viewOf(0, [{ kvCacheUsage: 1 }, undefined]))).toBe(2);
  });
});

test('vllm-warden: the shipped decider with the defaults of its API', () => {
  const page = (waiting: number) => ({
    state: 'Fresh' as const,
    load: { atMs: 5000, running: 256, waiting, kvCacheUsage: 0.5 },
  });
  const view = viewOf(5000, [{}, {}]);
  const engines = view.engines.map((engine, index) => ({
    ...engine,
    snapshot: { ...engine.snapshot, page: page(index === 0 ? 6 : 7) },
  }));
  // Both have more than 5 waiting: 2 + max(1, 25 %).
  expect(SHIPPED.create(SETTING)({ ...view, engines })).toBe(3);
});
