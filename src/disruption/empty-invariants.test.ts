import fc from 'fast-check';
import { expect, test } from 'vitest';
import { draining, NOW } from '../../test/builders/engines.ts';
import { pageOf } from '../../test/builders/pages.ts';
import type { TimedSample } from '../signals/history.ts';
import { drainProgress, type DrainProgress } from './empty.ts';

/** A request of a client that lags, by the time since the engine left the slices; one that leaves is in fewer counters. */
interface Request {
  readonly cameMs: number;
  readonly endedMs: number;
  readonly clientLeft: boolean;
}

const SETTLE_SECONDS = 10;
const INTERVAL_MS = 5000;
const LASTS_MS = 60_000;

const requests = fc.array(
  fc
    .record({
      cameMs: fc.integer({ min: -30_000, max: LASTS_MS }),
      takesMs: fc.integer({ min: 1, max: 20_000 }),
      clientLeft: fc.boolean(),
    })
    .map(({ cameMs, takesMs, clientLeft }) => ({ cameMs, endedMs: cameMs + takesMs, clientLeft })),
  { maxLength: 6 },
);
/** How much later than its tick each page comes. */
const delays = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 7 });

const isInside = ({ cameMs, endedMs }: Request, atMs: number): boolean => cameMs <= atMs && atMs < endedMs;

function pageAt(atMs: number, all: readonly Request[]): TimedSample {
  const ended = all.filter(({ endedMs }) => endedMs <= atMs);
  const sample = pageOf({
    running: all.filter((request) => isInside(request, atMs)).length,
    waiting: 0,
    requests: { stop: ended.filter(({ clientLeft }) => !clientLeft).length },
    httpAnswered: ended.length,
    promptTokens: 100 * all.filter(({ cameMs }) => cameMs <= atMs).length,
  });
  return { atMs: NOW + atMs, sample };
}

/** The pages up to a moment, each so much later than its tick. */
function pagesUntil(
  untilMs: number,
  all: readonly Request[],
  late: readonly number[],
): readonly TimedSample[] {
  const ticks = Array.from({ length: 30 }, (_, index) => -LASTS_MS + index * INTERVAL_MS);
  return ticks
    .map((tick, index) => tick + (late[index % late.length] ?? 0))
    .filter((atMs) => atMs <= untilMs)
    .map((atMs) => pageAt(atMs, all));
}

function progressAt(atMs: number, pages: readonly TimedSample[]): DrainProgress {
  return drainProgress(
    draining('a', pages),
    { unlistedSinceMs: NOW },
    SETTLE_SECONDS,
    INTERVAL_MS,
    NOW + atMs,
  );
}

const history = fc.record({ all: requests, late: delays, atMs: fc.integer({ min: 0, max: LASTS_MS }) });

test('an engine is called empty only when it has settled, holds nothing, and nothing came since the page before', () => {
  fc.assert(
    fc.property(history, ({ all, late, atMs }) => {
      const pages = pagesUntil(atMs, all, late);
      if (progressAt(atMs, pages).state !== 'Empty') return;
      const newestMs = (pages.at(-1)?.atMs ?? NaN) - NOW;
      expect(atMs).toBeGreaterThanOrEqual(SETTLE_SECONDS * 1000);
      expect(all.filter((request) => isInside(request, newestMs))).toEqual([]);
      const sinceMs = newestMs - 0.9 * INTERVAL_MS;
      expect(all.filter(({ cameMs, endedMs }) => endedMs > sinceMs && cameMs <= newestMs)).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('an engine is called empty at the latest two intervals after it has settled and its last request has ended', () => {
  fc.assert(
    fc.property(history, ({ all, late }) => {
      const quietMs = Math.max(SETTLE_SECONDS * 1000, ...all.map(({ endedMs }) => endedMs));
      const atMs = quietMs + 2 * INTERVAL_MS + 500;
      expect(progressAt(atMs, pagesUntil(atMs, all, late)).state).toBe('Empty');
    }),
  );
});

test('an engine that is empty stays so on each later page that shows the same', () => {
  fc.assert(
    fc.property(history, fc.integer({ min: 1, max: 15_000 }), ({ all, late, atMs }, laterMs) => {
      const pages = pagesUntil(atMs, all, late);
      const newest = pages.at(-1);
      if (newest === undefined || progressAt(atMs, pages).state !== 'Empty') return;
      const later = { ...newest, atMs: NOW + atMs + laterMs };
      expect(progressAt(atMs + laterMs, [...pages, later]).state).toBe('Empty');
    }),
  );
});
