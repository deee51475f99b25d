import { describe, expect, test } from 'vitest';
import { GIB, START_MS } from '../../../test/builders/leaking-engine.ts';
import { HOUR, leakAt, restartOf } from '../../../test/builders/leaks.ts';
import { engineAt, everyFourMinutes, leakingBytes, watchOver } from '../../../test/builders/watched-fleet.ts';
import { NO_LEAK_WATCH, type LeakWatch } from '../../rules/leaks/watch.ts';
import { NO_TRAFFIC } from '../../rules/leaks/traffic-by-hour.ts';
import { bookLeaks } from '../booking/book-leaks.ts';
import { decodeHistory } from './decode.ts';
import { encodeHistory } from './encode.ts';
import { MOST_BYTES, type RemediationHistory } from './history.ts';

const NOW_MS = START_MS + 8 * HOUR;
const EMPTY: RemediationHistory = { watch: NO_LEAK_WATCH, traffic: NO_TRAFFIC, restarts: [], bookings: [] };

const fleetOf = (engines: number) => (minute: number) =>
  Array.from({ length: engines }, (_, i) =>
    engineAt(`chat-7c9-${i}`, minute, i === 0 ? leakingBytes(minute) : 6 * GIB),
  );

function readAgain(history: RemediationHistory, nowMs = NOW_MS): RemediationHistory {
  const decoded = decodeHistory(encodeHistory(history, nowMs), nowMs);
  if (decoded.kind === 'Corrupt') throw new Error(decoded.message);
  return decoded.history;
}

/** A watch of many engines without the time that it takes to watch them. */
function manyOf(watch: LeakWatch, engines: number): LeakWatch {
  const [one] = [...watch.engines.values()].slice(-1);
  if (one === undefined) throw new Error('no engine is watched');
  const names = Array.from({ length: engines }, (_, i) => `chat-7c9-${i}-${'x'.repeat(20)}`);
  return {
    ...watch,
    engines: new Map([
      ...watch.engines,
      ...names.map((name) => [`uid-${name}`, { ...one, uid: `uid-${name}`, engine: name }] as const),
    ]),
  };
}

describe('a history that was written', () => {
  const { watch } = watchOver(everyFourMinutes(0, 480), fleetOf(2));
  const leaks = [leakAt('a', NOW_MS + 20 * HOUR), leakAt('b', NOW_MS + HOUR)];
  const context = { windows: [], secondsPerReplace: 600, windowMinutes: () => 60 };
  const history: RemediationHistory = {
    watch: { ...watch, killedForMemoryAtMs: new Map([['7c9', NOW_MS - HOUR]]) },
    traffic: {
      hours: [{ hour: 400_000, requests: 12, watchedMs: 3_600_000 }],
      finished: new Map([['a', 4]]),
    },
    restarts: [
      restartOf('x', NOW_MS - 2 * HOUR, { perRequest: 90, perHour: 48_600_000, foundAfterMs: 9 * HOUR }),
      restartOf('y', NOW_MS - HOUR, { outcome: 'Helped', successor: { uid: 'uid-z', engine: 'z' } }),
    ],
    bookings: bookLeaks(leaks, [], context, NOW_MS),
  };
  const again = readAgain(history);

  test('is read again, but for what follows from the rest', () => {
    expect(again.restarts).toEqual(history.restarts);
    expect(again.traffic).toEqual({ ...history.traffic, finished: new Map() });
    expect(again.watch.killedForMemoryAtMs).toEqual(history.watch.killedForMemoryAtMs);
    expect(again.bookings.map((booking) => ({ ...booking, message: '' }))).toEqual(
      history.bookings
        .toSorted((a, b) => a.latestMs - b.latestMs)
        .map((booking) => ({ ...booking, message: '' })),
    );
    expect(bookLeaks(leaks, again.bookings, context, NOW_MS)).toEqual(history.bookings);
  });

  test('has what was found, and the points to a 64 KiB', () => {
    const [before] = watch.engines.values();
    const [after] = again.watch.engines.values();
    expect(after?.found.map(({ verdict }) => verdict)).toEqual(before?.found.map(({ verdict }) => verdict));
    const points = (engine: typeof before) => engine?.tracks[0]?.history.fiveMinutes ?? [];
    expect(points(after)).toHaveLength(points(before).length);
    for (const [i, point] of points(after).entries()) {
      const was = points(before)[i];
      expect(Math.abs((point.workingSetBytes ?? 0) - (was?.workingSetBytes ?? 0))).toBeLessThanOrEqual(
        32_768,
      );
      expect(point.inFlight).toBe(20);
      expect(point.idleKvCacheUsage).toBeUndefined();
      expect(Math.abs(point.atMs - (was?.atMs ?? 0))).toBeLessThanOrEqual(500);
    }
  });

  test.each([1, 10, 40, 110, 1000])('of %i engines has room, the one that leaks included', (engines) => {
    const many = { ...history, watch: manyOf(watch, engines) };
    const text = encodeHistory(many, NOW_MS);
    expect(new TextEncoder().encode(text).length).toBeLessThanOrEqual(MOST_BYTES);
    const read = readAgain(many);
    expect(read.watch.engines.get('uid-chat-7c9-0')?.found).toHaveLength(1);
    expect(read.watch.engines.size).toBeGreaterThan(Math.min(engines, 50));
  });

  test('of long names and many restarts and bookings has room as well', () => {
    const long = 'n'.repeat(253);
    const restarts = Array.from({ length: 20 }, (_, i) =>
      restartOf(`${long.slice(2)}${10 + i}`.slice(-50), NOW_MS, {
        image: 'i'.repeat(512),
        engine: long,
        successor: { uid: 'u'.repeat(64), engine: long },
      }),
    );
    const bookings = bookLeaks(
      Array.from({ length: 300 }, (_, i) =>
        leakAt(`${long.slice(10)}${i}`, NOW_MS + 500 * HOUR, { uid: `u${i}` }),
      ),
      [],
      context,
      NOW_MS,
    );
    const full = { ...history, watch: manyOf(watch, 300), restarts, bookings };
    expect(encodeHistory(full, NOW_MS).length).toBeLessThanOrEqual(MOST_BYTES);
    const read = readAgain(full);
    expect(read.restarts.at(-1)?.uid).toBe(restarts.at(-1)?.uid);
    expect(read.bookings[0]?.uid).toBe(bookings[0]?.uid);
  });
});

test('an empty history is written and read', () => {
  expect(readAgain(EMPTY)).toEqual(EMPTY);
});
