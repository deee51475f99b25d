import { describe, expect, test } from 'vitest';
import { historyOf, MINUTE_MS, minuteAt, START_MS } from '../../../test/builders/leaking-engine.ts';
import { judgeKvBlocks } from './judge-kv-blocks.ts';
import type { MinuteSample } from './minute-sample.ts';
import type { LeakVerdict } from './verdict.ts';

const HOUR = 60;
/** Works for twenty minutes, is idle for ten. */
const isIdle = (minute: number): boolean => minute % 30 >= 20;
/** 100 requests in a minute of work. */
const requestsBy = (minute: number): number =>
  100 * (minute - Math.floor(minute / 30) * 10 - Math.max(0, (minute % 30) - 20));

const nothingElse = (): Partial<MinuteSample> => ({});

function verdictAfter(
  hours: number,
  floor: (minute: number) => number | undefined,
  told: (minute: number) => Partial<MinuteSample> = () => ({}),
): LeakVerdict {
  const minutes = hours * HOUR;
  const samples = Array.from({ length: minutes }, (_, minute) =>
    minuteAt(minute, {
      finishedRequests: requestsBy(minute),
      steps: 18 * requestsBy(minute),
      inFlight: isIdle(minute) ? 0 : 20,
      ...(isIdle(minute) && { idleKvCacheUsage: floor(minute) }),
      ...told(minute),
    }),
  );
  return judgeKvBlocks(historyOf(samples), START_MS, START_MS + minutes * MINUTE_MS);
}

test('a floor of KV usage that rises from idle time to idle time is a leak', () => {
  const verdict = verdictAfter(9, (minute) => minute / (24 * HOUR));
  expect(verdict).toMatchObject({ state: 'Leaking', reason: 'FloorRises' });
  expect(verdict.message).toMatch(
    /^KV usage in idle rose by 4.\d % of the cache an hour .* the cache is full in 16 h/,
  );
});

describe('no leak', () => {
  const cases: readonly (readonly [
    what: string,
    floor: (minute: number) => number | undefined,
    told: (minute: number) => Partial<MinuteSample>,
  ])[] = [
    ['is an idle engine that holds nothing', () => 0, nothingElse],
    ['is one that has held the same all the time', () => 0.4, nothingElse],
    ['is a floor that has come and gone', (minute) => 0.3 + 0.3 * Math.sin(minute / 60), nothingElse],
    [
      'is a gauge that stands still because no step was made',
      (minute) => minute / (24 * HOUR),
      () => ({ steps: 5000 }),
    ],
    [
      'are blocks held for a transfer, more with more traffic',
      (minute) => minute / (24 * HOUR),
      (minute) => ({ finishedRequests: (requestsBy(minute) * minute) / 100 }),
    ],
  ];
  test.each(cases)('%s', (_what, floor, told) => {
    for (let hours = 1; hours <= 12; hours++)
      expect(verdictAfter(hours, floor, told).state).not.toBe('Leaking');
  });
});

test('an engine that is never idle shows no floor, and the reason is said', () => {
  const busy = verdictAfter(9, () => undefined);
  expect(busy).toMatchObject({ state: 'NotObservable', reason: 'NeverIdle' });
});
