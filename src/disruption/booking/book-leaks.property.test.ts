import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HOUR, leakAt, MINUTE, NOW_MS } from '../../../test/builders/leaks.ts';
import { bookLeaks, type BookingContext, type LeakBooking } from './book-leaks.ts';
import { windowAt } from './slots.ts';

const windows = fc.array(
  fc.record({
    hour: fc.nat(23),
    day: fc.constantFrom('*', '1', '6,0'),
    durationMinutes: fc.integer({ min: 5, max: 600 }),
    timeZone: fc.constantFrom('Etc/UTC', 'Europe/Berlin', 'Asia/Kolkata'),
  }),
  { maxLength: 3 },
);
const contexts: fc.Arbitrary<BookingContext> = fc
  .record({
    windows,
    traffic: fc.option(fc.array(fc.nat(1000), { minLength: 24, maxLength: 24 }), { nil: undefined }),
    secondsPerReplace: fc.integer({ min: 1, max: 7200 }),
  })
  .map(({ windows: some, traffic, secondsPerReplace }) => ({
    windows: some.map(({ hour, day, durationMinutes, timeZone }) => ({
      cron: `0 ${hour} * * ${day}`,
      timeZone,
      durationMinutes,
    })),
    trafficByHour: traffic,
    secondsPerReplace,
    windowMinutes: () => 60,
  }));
/** Minutes from the first pass to each engine's limit, and how they are told otherwise at each pass. */
const stories = fc.record({
  context: contexts,
  minutes: fc.array(fc.integer({ min: -60, max: 6000 }), { minLength: 1, maxLength: 8 }),
  passes: fc.array(
    fc.record({
      afterMinutes: fc.nat(300),
      shifts: fc.array(fc.integer({ min: -300, max: 300 }), { maxLength: 8 }),
    }),
    { minLength: 1, maxLength: 5 },
  ),
});

/** What is wrong with bookings. */
function faultsOf(
  bookings: readonly LeakBooking[],
  { secondsPerReplace, windows: open }: BookingContext,
  nowMs: number,
): readonly string[] {
  const apartMs = secondsPerReplace * 1000;
  return bookings.flatMap(({ engine, atMs, latestMs, reason, isUrgent }, position) => [
    // What is in time is never late; what is not, is as early as those before it let it.
    ...(atMs > Math.max(latestMs, nowMs + position * apartMs) ? [`${engine} is too late`] : []),
    ...(reason === 'MaintenanceWindow' && windowAt(open, atMs) === undefined
      ? [`${engine} is outside a window`]
      : []),
    ...(reason !== 'Now' && isUrgent && atMs > nowMs ? [`${engine} waits`] : []),
    ...bookings
      .slice(position + 1)
      .filter((other) => Math.abs(other.atMs - atMs) < apartMs)
      .map((other) => `${engine} and ${other.engine} are too close`),
  ]);
}

test('every leak is booked, none too late, none beside another, in a window where it says so', () => {
  fc.assert(
    fc.property(stories, ({ context, minutes, passes }) => {
      let bookings: readonly LeakBooking[] = [];
      let nowMs = NOW_MS;
      for (const { afterMinutes, shifts } of passes) {
        nowMs += afterMinutes * MINUTE;
        const leaks = minutes.map((limit, i) =>
          leakAt(`e${i}`, NOW_MS + (limit + (shifts[i] ?? 0)) * MINUTE),
        );
        bookings = bookLeaks(leaks, bookings, context, nowMs);
        expect(bookings.map(({ uid }) => uid).toSorted()).toEqual(minutes.map((_, i) => `uid-e${i}`));
        expect(faultsOf(bookings, context, nowMs)).toEqual([]);
      }
    }),
    { numRuns: 60 },
  );
});

test('nothing moves while no limit does', () => {
  fc.assert(
    fc.property(stories, fc.nat(120), ({ context, minutes }, soonMinutes) => {
      const leaks = minutes.map((limit, i) => leakAt(`e${i}`, NOW_MS + limit * MINUTE));
      const bookings = bookLeaks(leaks, [], context, NOW_MS);
      const at = (list: readonly LeakBooking[]) => list.map(({ uid, atMs }) => [uid, atMs]);
      expect(at(bookLeaks(leaks, bookings, context, NOW_MS))).toEqual(at(bookings));
      const next = Math.min(...bookings.map(({ atMs, latestMs }) => Math.min(atMs, latestMs)));
      const soonMs = NOW_MS + soonMinutes * MINUTE;
      const isQuiet = leaks.every(({ limit }) => (limit?.earliestMs ?? 0) - soonMs > 2 * HOUR);
      fc.pre(next > soonMs && isQuiet && bookings.every(({ reason }) => reason !== 'Earlier'));
      expect(at(bookLeaks(leaks, bookings, context, soonMs))).toEqual(at(bookings));
    }),
    { numRuns: 60 },
  );
});
