import { describe, expect, test } from 'vitest';
import { bookLeaks, type BookingContext, type LeakBooking } from './book-leaks.ts';
import {
  HOUR,
  leakAt,
  MINUTE,
  NOW_MS,
  QUIET_AT_FOUR,
  WINDOW_AT_THREE,
} from '../../../test/builders/leaks.ts';

/** A replace takes twenty minutes. */
const CONTEXT: BookingContext = { windows: [], secondsPerReplace: 1200, windowMinutes: () => 60 };
const WINDOWED: BookingContext = { ...CONTEXT, windows: [WINDOW_AT_THREE] };
const WITH_TROUGH: BookingContext = { ...CONTEXT, trafficByHour: QUIET_AT_FOUR };

const at = (text: string): number => Date.parse(text);
const times = (bookings: readonly LeakBooking[]) =>
  bookings.map(({ engine, atMs, reason }) => [engine, new Date(atMs).toISOString().slice(5, 16), reason]);

test('engines with one limit are replaced one after another in the window, the last long before the limit', () => {
  const leaks = ['a', 'b', 'c'].map((name) => leakAt(name, NOW_MS + 30 * HOUR));
  const bookings = bookLeaks(leaks, [], WINDOWED, NOW_MS);
  expect(times(bookings)).toEqual([
    ['a', '03-03T03:00', 'MaintenanceWindow'],
    ['b', '03-03T03:20', 'MaintenanceWindow'],
    ['c', '03-03T03:40', 'MaintenanceWindow'],
  ]);
  const limit = NOW_MS + 30 * HOUR;
  expect(bookings.map(({ latestMs }) => (limit - latestMs) / MINUTE)).toEqual([75, 55, 35]);
  expect(bookings[0]?.message).toBe(
    'a (HostMemoryLeak): at 2026-03-03T03:00Z, in the maintenance window "0 3 * * *" Etc/UTC; at the latest 2026-03-03T14:45Z, its limit may be reached at 2026-03-03T16:00Z',
  );
});

test('one that has no room in the window comes in the next one, or earlier if it does not last so long', () => {
  const leaks = ['a', 'b', 'c', 'd'].map((name) => leakAt(name, NOW_MS + 30 * HOUR));
  const late = leakAt('e', NOW_MS + 60 * HOUR);
  expect(times(bookLeaks([...leaks, late], [], WINDOWED, NOW_MS)).slice(3)).toEqual([
    ['d', '03-03T12:28', 'Earlier'],
    ['e', '03-04T03:00', 'MaintenanceWindow'],
  ]);
});

test('without windows the hour of the least traffic is taken', () => {
  const bookings = bookLeaks([leakAt('a', NOW_MS + 30 * HOUR)], [], WITH_TROUGH, NOW_MS);
  expect(times(bookings)).toEqual([['a', '03-03T04:00', 'Trough']]);
});

test('where that comes too late it is the quietest hour before, and it is said', () => {
  const traffic = QUIET_AT_FOUR.map((requests, hour) => (hour === 13 ? 105 : requests));
  const context = { ...CONTEXT, trafficByHour: traffic };
  const [booking] = bookLeaks([leakAt('a', NOW_MS + 8 * HOUR)], [], context, NOW_MS);
  expect(times(booking === undefined ? [] : [booking])).toEqual([['a', '03-02T13:00', 'Earlier']]);
  expect(booking?.message).toMatch(
    /^a \(HostMemoryLeak\): at 2026-03-02T13:00Z, since the hour with the least traffic is not known, or/,
  );
});

test('where no traffic is known it is late, but not at the very latest', () => {
  const [booking] = bookLeaks([leakAt('a', NOW_MS + 10 * HOUR)], [], CONTEXT, NOW_MS);
  expect(booking?.reason).toBe('Earlier');
  expect(booking?.atMs).toBeLessThan(booking?.latestMs ?? 0);
  expect((booking?.atMs ?? 0) - NOW_MS).toBeGreaterThan(8 * HOUR);
});

test('an engine with two hours left is replaced now, whatever the windows say, and others after it', () => {
  const leaks = [leakAt('a', NOW_MS + 1.9 * HOUR), leakAt('b', NOW_MS + 2 * HOUR)];
  const bookings = bookLeaks(leaks, [], WINDOWED, NOW_MS);
  expect(bookings).toMatchObject([
    { engine: 'a', atMs: NOW_MS, isUrgent: true, reason: 'Now' },
    { engine: 'b', atMs: NOW_MS + 20 * MINUTE, isUrgent: true, reason: 'Now' },
  ]);
  expect(bookings[0]?.message).toBe('a (HostMemoryLeak): now; its limit may be reached at 2026-03-02T11:54Z');
});

test('two hours are four minutes where a signature calls two minutes an hour', () => {
  const context = { ...CONTEXT, secondsPerReplace: 20, windowMinutes: () => 2 };
  const urgent = (minutes: number) =>
    bookLeaks([leakAt('a', NOW_MS + minutes * MINUTE)], [], context, NOW_MS);
  expect(urgent(3.9)).toMatchObject([{ isUrgent: true, reason: 'Now' }]);
  expect(urgent(10)).toMatchObject([{ isUrgent: false, reason: 'Earlier' }]);
});

test('an engine that leaks memory and KV blocks is booked once, by what ends first', () => {
  const leaks = [
    leakAt('a', NOW_MS + 60 * HOUR),
    leakAt('a', NOW_MS + 40 * HOUR, { signature: 'KVBlockLeak' }),
  ];
  expect(bookLeaks(leaks, [], CONTEXT, NOW_MS)).toMatchObject([{ engine: 'a', signature: 'KVBlockLeak' }]);
});

test('what is not proved is not booked', () => {
  const noted = leakAt('a', NOW_MS + HOUR, { state: 'Noted' });
  expect(bookLeaks([noted], [], CONTEXT, NOW_MS)).toEqual([]);
});

describe('what is booked', () => {
  const leak = leakAt('a', NOW_MS + 30 * HOUR);
  const booked = bookLeaks([leak], [], WINDOWED, NOW_MS);

  test('stays while the projection wavers', () => {
    for (const hours of [19, 25, 40, 90]) {
      const again = bookLeaks([leakAt('a', NOW_MS + hours * HOUR)], booked, WINDOWED, NOW_MS + HOUR);
      expect(again[0]?.atMs).toBe(booked[0]?.atMs);
    }
  });

  test('moves earlier when the limit does', () => {
    const again = bookLeaks([leakAt('a', NOW_MS + 12 * HOUR)], booked, WINDOWED, NOW_MS + HOUR);
    expect(again).toMatchObject([{ reason: 'Earlier' }]);
    expect(again[0]?.atMs).toBeLessThan(NOW_MS + 12 * HOUR);
  });

  test('is due as long as its window is open, and then waits for the next one', () => {
    const rebooked = (text: string) =>
      times(bookLeaks([leakAt('a', NOW_MS + 90 * HOUR)], booked, WINDOWED, at(text)));
    expect(rebooked('2026-03-03T03:59:00Z')).toEqual([['a', '03-03T03:00', 'MaintenanceWindow']]);
    expect(rebooked('2026-03-03T04:01:00Z')).toEqual([['a', '03-04T03:00', 'MaintenanceWindow']]);
  });

  test('gives way when somebody sets a window', () => {
    const inTrough = bookLeaks([leak], [], WITH_TROUGH, NOW_MS);
    const windowed = { ...WITH_TROUGH, windows: [WINDOW_AT_THREE] };
    expect(bookLeaks([leak], inTrough, windowed, NOW_MS)).toMatchObject([{ reason: 'MaintenanceWindow' }]);
  });

  test('early for want of a good time gets one that turns up', () => {
    const early = bookLeaks([leak], [], CONTEXT, NOW_MS);
    expect(early).toMatchObject([{ reason: 'Earlier' }]);
    expect(bookLeaks([leak], early, WITH_TROUGH, NOW_MS)).toMatchObject([{ reason: 'Trough' }]);
  });

  test('and due stays due until it is done', () => {
    const due = bookLeaks([leakAt('a', NOW_MS + HOUR)], [], CONTEXT, NOW_MS);
    const later = bookLeaks([leakAt('a', NOW_MS + HOUR)], due, CONTEXT, NOW_MS + 30 * MINUTE);
    expect(later[0]?.atMs).toBe(NOW_MS);
  });
});
