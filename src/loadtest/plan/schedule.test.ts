import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { atSpeed, shareOf, summarizeSchedule, type Schedule } from './schedule.ts';

const schedule: Schedule = {
  requests: [
    { id: 0, atMs: 0, promptTokens: 100, outputTokens: 10 },
    { id: 1, atMs: 500, promptTokens: 300, outputTokens: 20 },
    { id: 2, atMs: 1500, promptTokens: 200, outputTokens: 60 },
  ],
  durationMs: 2000,
};

test('the summary gives the rate over the planned window and the mean sizes', () => {
  expect(summarizeSchedule(schedule)).toEqual({
    requests: 3,
    durationMs: 2000,
    requestsPerSecond: 1.5,
    meanPromptTokens: 200,
    meanOutputTokens: 30,
  });
});

test('an empty schedule has no rate and no means, not zeros', () => {
  expect(summarizeSchedule({ requests: [], durationMs: 0 })).toEqual({
    requests: 0,
    durationMs: 0,
    requestsPerSecond: undefined,
    meanPromptTokens: undefined,
    meanOutputTokens: undefined,
  });
});

describe('speed', () => {
  test('twice the speed halves the times and keeps the sizes', () => {
    const fast = atSpeed(schedule, 2);
    expect(fast.durationMs).toBe(1000);
    expect(fast.requests.map((request) => request.atMs)).toEqual([0, 250, 750]);
    expect(fast.requests[2]).toMatchObject({ id: 2, promptTokens: 200, outputTokens: 60 });
  });

  test.each([0, -1, NaN, Infinity])('a factor of %d is refused', (factor) => {
    expect(() => atSpeed(schedule, factor)).toThrow(`the speed factor is ${factor}`);
  });
});

describe('the shares of workers', () => {
  test('are together exactly the schedule', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 0, max: 40 }), (workers, count) => {
        const requests = Array.from({ length: count }, (_, id) => ({
          id,
          atMs: id,
          promptTokens: 1,
          outputTokens: 1,
        }));
        const shares = Array.from({ length: workers }, (_, index) =>
          shareOf({ requests, durationMs: count }, index, workers),
        );
        const together = shares.flatMap((share) => share.requests).toSorted((a, b) => a.id - b.id);
        expect(together).toEqual(requests);
        const sizes = shares.map((share) => share.requests.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('a worker that does not exist is refused', () => {
    expect(() => shareOf(schedule, 2, 2)).toThrow('worker 2 of 2 does not exist; count workers from 0');
  });
});
