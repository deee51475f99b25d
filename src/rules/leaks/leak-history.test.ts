import { describe, expect, test } from 'vitest';
import { historyOf, MINUTE_MS, minuteAt, START_MS } from '../../../test/builders/leaking-engine.ts';
import { minuteSample } from './minute-sample.ts';

describe('one minute', () => {
  test('is the median of its readings, the last of its counters, and the lowest usage without a request', () => {
    const readings = [
      { workingSetBytes: 5, inFlight: 3, kvCacheUsage: 0.5, finishedRequests: 7 },
      { workingSetBytes: 900, inFlight: 0, kvCacheUsage: 0.2, finishedRequests: 9 },
      { workingSetBytes: 6, inFlight: 0, kvCacheUsage: 0.1, finishedRequests: 9 },
    ];
    expect(minuteSample(START_MS, readings)).toMatchObject({
      workingSetBytes: 6,
      inFlight: 0,
      finishedRequests: 9,
      idleKvCacheUsage: 0.1,
    });
  });

  test('has no figure that no reading has, and none that is 0 for it', () => {
    const sample = minuteSample(START_MS, [{ workingSetBytes: 5 }]);
    expect(sample?.inFlight).toBeUndefined();
    expect(sample?.idleKvCacheUsage).toBeUndefined();
    expect(minuteSample(START_MS, [])).toBeUndefined();
  });
});

describe('the history', () => {
  test('makes growth of counters, over resets and missing pages', () => {
    const read = [10, 30, undefined, 50, 5, 8];
    const { minutes } = historyOf(
      read.map((finishedRequests, minute) => minuteAt(minute, { finishedRequests })),
    );
    expect(minutes.map(({ requests }) => requests)).toEqual([0, 20, undefined, 40, 45, 48]);
  });

  test('merges five minutes into their median', () => {
    const { fiveMinutes } = historyOf(
      [3, 1, 900, 2, 4, 7].map((workingSetBytes, minute) => minuteAt(minute, { workingSetBytes })),
    );
    expect(fiveMinutes).toHaveLength(1);
    expect(fiveMinutes[0]).toMatchObject({ workingSetBytes: 3, atMs: START_MS + 2 * MINUTE_MS });
  });

  test('drops what came after the present when the clock was set back', () => {
    const minutes = [0, 1, 2, 90, 91, 3, 4];
    const history = historyOf(minutes.map((minute) => minuteAt(minute, { workingSetBytes: minute })));
    expect(history.minutes.map(({ workingSetBytes }) => workingSetBytes)).toEqual([0, 1, 2, 3, 4]);
    expect(history.fiveMinutes.every(({ atMs }) => atMs < START_MS + 5 * MINUTE_MS)).toBe(true);
  });

  test('remembers the lowest memory since the warm-up, not that before it', () => {
    const sizes = (minute: number): number => (minute < 20 ? 1 : minute < 60 ? 5 : 9);
    const samples = Array.from({ length: 90 }, (_, minute) =>
      minuteAt(minute, { workingSetBytes: sizes(minute) }),
    );
    expect(historyOf(samples).lowestBytes).toBe(5);
  });
});
