import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scanPage } from '../engine/scan.ts';
import { SIGNALS } from './catalogue.ts';
import type { EngineHistory } from './history.ts';
import { windowOf, type Window } from './window.ts';

const SERIES = join(import.meta.dirname, '..', '..', 'test', 'fixtures', 'engine-pages', 'series');

/** A minute of a real engine under overload, one page a second, as if from second `from` on. */
function realWindow(from: number, to: number): Window {
  const samples = Array.from({ length: to - from + 1 }, (_, i) => {
    const page = scanPage(readFileSync(join(SERIES, `${String(from + i).padStart(3, '0')}.prom`)));
    if (!page.ok) throw new Error(page.message);
    return { atMs: i * 1000, sample: page.sample };
  });
  const history: EngineHistory = { samples };
  return windowOf(history, (to - from) * 1000, 60_000);
}

describe('signals of a real engine under overload (pages 014 to 028)', () => {
  const window = realWindow(14, 28);
  const last = window.at(-1)?.sample;
  const first = window[0]?.sample;

  test('gauges are the newest page’s', () => {
    expect(SIGNALS.running.compute([window])).toBe(last?.running);
    expect(SIGNALS.queueDepth.compute([window])).toBe(last?.waitingByReason?.['capacity']);
    expect(SIGNALS.kvCacheUsage.compute([window])).toBe(last?.kvCacheUsage);
    expect(SIGNALS.queueDepth.compute([window])).toBeGreaterThan(0);
  });

  test('rates are growth over the 14 seconds between the pages', () => {
    const perSecond = (a: number | undefined, b: number | undefined): number =>
      ((b ?? NaN) - (a ?? NaN)) / 14;
    expect(SIGNALS.generationTokenRate.compute([window])).toBeCloseTo(
      perSecond(first?.generationTokens, last?.generationTokens),
      9,
    );
    expect(SIGNALS.promptTokenRate.compute([window])).toBeCloseTo(
      perSecond(first?.promptTokens, last?.promptTokens),
      9,
    );
    expect(SIGNALS.preemptionRate.compute([window])).toBeCloseTo(
      perSecond(first?.preemptions, last?.preemptions),
      9,
    );
    expect(SIGNALS.requestRate.compute([window])).toBeCloseTo(
      perSecond(first?.requests?.['length'], last?.requests?.['length']),
      9,
    );
  });

  test('percentiles are of what was observed within the window', () => {
    expect(SIGNALS.ttftP95.compute([window])).toBeGreaterThan(0);
    expect(SIGNALS.interTokenLatencyP95.compute([window])).toBeLessThan(1);
    expect(SIGNALS.e2eP95.compute([window])).toBeGreaterThan(1);
  });

  test('a fleet of two such engines: sums add, usage is the mean, percentiles stay', () => {
    const fleet = [window, window];
    expect(SIGNALS.running.compute(fleet)).toBe(2 * (last?.running ?? NaN));
    expect(SIGNALS.generationTokenRate.compute(fleet)).toBe(
      2 * (SIGNALS.generationTokenRate.compute([window]) ?? NaN),
    );
    expect(SIGNALS.kvCacheUsage.compute(fleet)).toBe(last?.kvCacheUsage);
    expect(SIGNALS.ttftP95.compute(fleet)).toBeCloseTo(SIGNALS.ttftP95.compute([window]) ?? NaN, 9);
  });
});

test('every signal is unknown without pages, not zero', () => {
  for (const [id, signal] of Object.entries(SIGNALS)) {
    expect([id, signal.compute([]), signal.compute([[]])]).toEqual([id, undefined, undefined]);
  }
});

test('queue depth is all waiting requests where the engine does not say why they wait', () => {
  const sample = { waiting: 5, histograms: {}, ranks: [], dialect: 'v1-0.10', models: [], notObservable: {} };
  expect(SIGNALS.queueDepth.compute([[{ atMs: 0, sample }]])).toBe(5);
});

test('every PromQL twin names families that engines have, with a place for labels', () => {
  for (const { promql } of Object.values(SIGNALS)) {
    expect(promql).toContain('$selector');
    expect(promql.split('(').length).toBe(promql.split(')').length);
  }
});
