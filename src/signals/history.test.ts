import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EngineSample } from '../engine/sample.ts';
import { DEFAULT_RETENTION, EMPTY_HISTORY, append, withFailure, type EngineHistory } from './history.ts';
import { judgePage } from './page-age.ts';

const IDLE: EngineSample = {
  running: 0,
  waiting: 0,
  histograms: {},
  ranks: [],
  dialect: 'v1-0.32',
  models: [],
  notObservable: {},
};
const BUSY: EngineSample = { ...IDLE, running: 3 };
const FAILURE = { atMs: 1, reason: 'Timeout', message: '10.0.0.1:8000: no complete answer within 10 s' };

function historyAt(timesMs: readonly number[], sample = IDLE): EngineHistory {
  return timesMs.reduce((history, atMs) => append(history, { atMs, sample }), EMPTY_HISTORY);
}

const times = (history: EngineHistory): number[] => history.samples.map(({ atMs }) => atMs);

describe('a history', () => {
  test('keeps every page of the last three minutes and thins what is older', () => {
    const fiveSeconds = Array.from({ length: 241 }, (_, i) => i * 5000);
    const kept = times(historyAt(fiveSeconds));
    const newest = 240 * 5000;
    expect(kept.filter((atMs) => newest - atMs <= DEFAULT_RETENTION.denseMs)).toHaveLength(37);
    expect(kept[0]).toBeGreaterThanOrEqual(newest - DEFAULT_RETENTION.keepMs);
    expect(kept.length).toBeLessThan(80);
  });

  test('stays bounded and ordered whatever the interval', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30_000 }), { maxLength: 400 }), (gaps) => {
        let atMs = 0;
        const kept = times(historyAt(gaps.map((gap) => (atMs += gap))));
        expect(kept).toEqual(kept.toSorted((a, b) => a - b));
        expect(kept.at(-1)).toBe(gaps.length === 0 ? undefined : atMs);
        const sparse = kept.filter((time) => atMs - time > DEFAULT_RETENTION.denseMs);
        expect(sparse.length).toBeLessThanOrEqual(
          DEFAULT_RETENTION.keepMs / DEFAULT_RETENTION.sparseStepMs + 1,
        );
      }),
      { numRuns: 30 },
    );
  });

  test('never loses a page to thinning while a window of the dense part looks at it', () => {
    expect(times(historyAt([0, 1000, 2000, 181_000]))).toEqual([0, 1000, 2000, 181_000]);
    expect(times(historyAt([0, 1000, 2000, 183_000]))).toEqual([0, 183_000]);
  });

  test('a clock that was set back drops the pages of the future, not those to come', () => {
    expect(times(historyAt([1000, 6000, 11_000, 5000, 10_000]))).toEqual([1000, 5000, 10_000]);
  });

  test('remembers the last failure until a page comes', () => {
    const failed = withFailure(historyAt([1000]), FAILURE);
    expect(failed.lastError).toEqual(FAILURE);
    expect(times(failed)).toEqual([1000]);
    expect(append(failed, { atMs: 2000, sample: IDLE }).lastError).toBeUndefined();
  });
});

describe('the newest page', () => {
  test.each([
    [0, 5000, 'fresh'],
    [10_000, 5000, 'fresh'],
    [10_001, 5000, 'stale'],
    [15_000, 5000, 'stale'],
    [15_001, 5000, 'missing'],
    [15_000, 1000, 'stale'],
    [15_001, 1000, 'missing'],
    [180_000, 60_000, 'stale'],
    [180_001, 60_000, 'missing'],
  ])('aged %i ms at an interval of %i ms is %s', (ageMs, intervalMs, state) => {
    expect(judgePage(historyAt([50_000]), 50_000 + ageMs, intervalMs).state).toBe(state);
  });

  test('that never came is missing, and the message says what went wrong', () => {
    expect(judgePage(EMPTY_HISTORY, 9000, 5000)).toMatchObject({ state: 'missing', reason: 'NoPageYet' });
    const failed = judgePage(withFailure(EMPTY_HISTORY, FAILURE), 9000, 5000);
    expect(failed).toMatchObject({ message: expect.stringContaining('no complete answer within 10 s') });
  });

  test('that is too old carries the figures and the last failure in its message', () => {
    const judged = judgePage(withFailure(historyAt([0]), FAILURE), 20_500, 5000);
    expect(judged).toMatchObject({ state: 'missing', reason: 'PageTooOld' });
    expect(judged).toMatchObject({
      message: expect.stringMatching(/20\.5 s old, more than 15 s; .*within 10 s/),
    });
  });

  test.each([
    ['loaded', 60_000, BUSY, 0],
    ['loaded, but silent for too long', 60_001, BUSY, undefined],
    ['idle', 20_000, IDLE, undefined],
  ])('of an engine that was %s is held on the way up as it should be', (_, ageMs, sample, heldFrom) => {
    const judged = judgePage(historyAt([0], sample), ageMs, 5000);
    expect(judged.state).toBe('missing');
    expect(judged.state === 'missing' ? judged.lastLoaded?.atMs : -1).toBe(heldFrom);
  });
});
