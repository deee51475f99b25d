import { describe, expect, test } from 'vitest';
import { observed, pageOf } from '../../test/builders/pages.ts';
import { requestTimeSeconds } from './request-time.ts';
import type { Window } from './window.ts';

const BOUNDS = [1, 10, 100];

/** Pages five seconds apart, each with so many requests of 5 s and of 50 s since the server started. */
function engine(...pages: readonly (readonly [short: number, long: number])[]): Window {
  return pages.map(([short, long], index) => ({
    atMs: index * 5000,
    sample: pageOf({ histograms: { e2e: observed(BOUNDS, [short, 5], [long, 50]) } }),
  }));
}

describe('the 99th percentile of request times', () => {
  const p99 = (...engines: readonly Window[]): number | undefined => requestTimeSeconds(engines, 0.99);

  test('is over what ended while pages were kept, of all engines together', () => {
    const before: readonly [number, number] = [0, 500];
    expect(p99(engine(before, [60, 500]), engine(before, [0, 540]))).toBeCloseTo(10 + 90 * (39 / 40), 9);
    expect(p99(engine(before, [100, 500]))).toBeCloseTo(1 + 9 * 0.99, 9);
  });

  test('goes on over a restart: what the new server counted is all new', () => {
    expect(p99(engine([30, 0], [40, 0], [0, 5], [0, 20]))).toBeCloseTo(10 + 90 * (19.7 / 20), 9);
  });

  test('is unknown with fewer than 20 requests, and where no page tells', () => {
    expect(p99(engine([0, 0], [10, 0]), engine([0, 0], [9, 0]))).toBeUndefined();
    expect(p99(engine([0, 0], [10, 0]), engine([0, 0], [10, 0]))).toBeDefined();
    expect(p99([{ atMs: 0, sample: pageOf() }])).toBeUndefined();
    expect(p99()).toBeUndefined();
  });
});
