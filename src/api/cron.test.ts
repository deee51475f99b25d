import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cronMatches, cronProblem, type CronMatches } from './cron.ts';

const inWords = ({ lastMs, nextMs }: CronMatches): string =>
  [lastMs, nextMs].map((ms) => (ms === undefined ? '-' : new Date(ms).toISOString().slice(0, 16))).join(' ');

/** The last and the next match at an instant in UTC, in UTC. */
const around = (at: string, cron: string, timeZone = 'Europe/Berlin'): string =>
  inWords(cronMatches(cron, timeZone, Date.parse(at)));

test.each<[what: string, at: string, cron: string, matches: string]>([
  ['to the millisecond before', '2026-03-02T06:59:59.999Z', '0 8 * * *', '2026-03-01T07:00 2026-03-02T07:00'],
  ['at the instant itself', '2026-03-02T07:00:00.000Z', '0 8 * * *', '2026-03-02T07:00 2026-03-03T07:00'],
  ['within the second after', '2026-03-02T07:00:00.001Z', '0 8 * * *', '2026-03-02T07:00 2026-03-03T07:00'],
  ['over a weekend', '2026-03-01T12:00:00Z', '0 8 * * 1-5', '2026-02-27T07:00 2026-03-02T07:00'],
  ['on Sunday as 7', '2026-03-02T12:00:00Z', '0 8 * * 7', '2026-03-01T07:00 2026-03-08T07:00'],
  ['by names', '2026-03-02T12:00:00Z', '0 8 * mar SUN', '2026-03-01T07:00 2026-03-08T07:00'],
  ['by either day field', '2026-03-14T12:00:00Z', '0 8 13 * 1', '2026-03-13T07:00 2026-03-16T07:00'],
  ['once a year', '2026-03-02T12:00:00Z', '0 0 24 12 *', '2025-12-23T23:00 2026-12-23T23:00'],
  ['in leap years', '2026-03-02T12:00:00Z', '0 0 29 2 *', '2024-02-28T23:00 2028-02-28T23:00'],
])('matches are found %s', (_, at, cron, matches) => {
  expect(around(at, cron)).toBe(matches);
});

describe('in Berlin, where 2:00 to 3:00 is skipped on 29 March 2026 and comes twice on 25 October', () => {
  test.each<[what: string, at: string, cron: string, matches: string]>([
    ['8:00 moves an hour in UTC', '2026-03-28T12:00Z', '0 8 * * *', '2026-03-28T07:00 2026-03-29T06:00'],
    ['and back', '2026-10-24T12:00Z', '0 8 * * *', '2026-10-24T06:00 2026-10-25T07:00'],
    ['2:30 counts at 3:00', '2026-03-29T00:30Z', '30 2 * * *', '2026-03-28T01:30 2026-03-29T01:00'],
    ['once', '2026-03-29T01:00Z', '30 2 * * *', '2026-03-29T01:00 2026-03-30T00:30'],
    ['2:30 counts the first time', '2026-10-25T00:29Z', '30 2 * * *', '2026-10-24T00:30 2026-10-25T00:30'],
    ['not the second', '2026-10-25T01:30Z', '30 2 * * *', '2026-10-25T00:30 2026-10-26T01:30'],
    ['every hour is every hour', '2026-10-25T00:30Z', '0 * * * *', '2026-10-25T00:00 2026-10-25T01:00'],
    ['that passes', '2026-03-29T00:30Z', '0 * * * *', '2026-03-29T00:00 2026-03-29T01:00'],
  ])('%s', (_, at, cron, matches) => {
    expect(around(at, cron)).toBe(matches);
  });
});

test('other zones have their own time, those with half hours too', () => {
  expect(around('2026-03-02T12:00Z', '0 8 * * *', 'Etc/UTC')).toBe('2026-03-02T08:00 2026-03-03T08:00');
  expect(around('2026-03-02T12:00Z', '0 8 * * *', 'Asia/Kolkata')).toBe('2026-03-02T02:30 2026-03-03T02:30');
});

test('what is asked before changes no answer: the nearest matches around an instant, whatever the order', () => {
  const day = Date.parse('2026-03-29T00:00Z');
  const instants = fc.array(fc.integer({ min: day - 86_400_000, max: day + 86_400_000 }), { minLength: 2 });
  fc.assert(
    fc.property(instants, (all) => {
      for (const atMs of all) {
        const { lastMs = NaN, nextMs = NaN } = cronMatches('*/20 1-4 * * *', 'Europe/Berlin', atMs);
        expect(lastMs).toBeLessThanOrEqual(atMs);
        expect(nextMs).toBeGreaterThan(atMs);
        expect(cronMatches('*/20 1-4 * * *', 'Europe/Berlin', nextMs).lastMs).toBe(nextMs);
        expect(cronMatches('*/20 1-4 * * *', 'Europe/Berlin', nextMs - 1).lastMs).toBe(lastMs);
      }
    }),
    { numRuns: 20 },
  );
});

describe('an expression that never matches is told with the value and a remedy', () => {
  const remedy = 'write minute, hour, day of month, month and day of week, such as "0 8 * * 1-5"';
  test.each<[what: string, cron: string, timeZone: string, problem: object]>([
    [
      'a range that runs backwards',
      '0 18-8 * * *',
      'Etc/UTC',
      {
        field: 'cron',
        message: `"0 18-8 * * *" is no cron schedule (From value is larger than to value: '18-8'); ${remedy}`,
      },
    ],
    [
      'a date that does not exist',
      '0 8 31 2 *',
      'Etc/UTC',
      { field: 'cron', message: `"0 8 31 2 *" is no cron schedule (no date matches); ${remedy}` },
    ],
    [
      'a sixth field',
      '0 0 8 * * *',
      'Etc/UTC',
      { field: 'cron', message: expect.stringContaining('requires exactly 5 parts') },
    ],
    [
      'a zone that nobody lives in',
      '0 8 * * *',
      'Mars/Olympus',
      {
        field: 'timeZone',
        message:
          '"Mars/Olympus" is no time zone of the IANA database; write a name such as Europe/Berlin or Etc/UTC',
      },
    ],
  ])('%s', (_, cron, timeZone, problem) => {
    expect(cronProblem(cron, timeZone)).toEqual(problem);
    expect(cronMatches(cron, timeZone, Date.parse('2026-03-02T12:00Z'))).toEqual({});
  });

  test('one that can match has no problem', () => {
    expect(cronProblem('0 8 29 2 *', 'Europe/Berlin')).toBeUndefined();
  });
});
