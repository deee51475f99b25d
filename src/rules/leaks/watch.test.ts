import { describe, expect, test } from 'vitest';
import { GIB, MIB, START_MS } from '../../../test/builders/leaking-engine.ts';
import {
  engineAt,
  everyFourMinutes,
  everyTwentySeconds,
  leakingBytes,
  WATCH_SETTINGS,
  watchOver,
} from '../../../test/builders/watched-fleet.ts';
import { foundLeak } from './watch.ts';

const HOUR = 60;
const SEVEN_HOURS = everyFourMinutes(0, 7 * HOUR);
const minutesAfterStart = (atMs: number): number => (atMs - START_MS) / 60_000;

test('an engine that leaks is proved to, with the moment of its limit, and the one beside it is not', () => {
  const { watch, verdicts, unseen } = watchOver(SEVEN_HOURS, (minute) => [
    engineAt('flat', minute, 6 * GIB),
    engineAt('leaky', minute, leakingBytes(minute)),
  ]);
  expect(verdicts).toMatchObject([
    { signature: 'HostMemoryLeak', engine: 'leaky', state: 'Proved', confidence: 'Medium' },
  ]);
  const [verdict] = verdicts;
  const limit = verdict?.limit;
  expect(minutesAfterStart(limit?.expectedMs ?? 0)).toBeCloseTo(1024, -2);
  expect(limit?.earliestMs).toBeLessThan(limit?.expectedMs ?? 0);
  expect(limit?.latestMs).toBeGreaterThan(limit?.expectedMs ?? 0);
  expect(foundLeak(watch, 'uid-leaky', 'HostMemoryLeak')?.perRequest).toBeCloseTo(0.1 * MIB, -4);
  expect(unseen.map(({ reason }) => reason)).toEqual(['NeverIdle']);
});

test('hours of two minutes find the same in a thirtieth of the time, and tell real times', () => {
  const settings = {
    ...WATCH_SETTINGS,
    hostMemory: { isWatched: true, windowMinutes: 2 },
    kvBlocks: { isWatched: false, windowMinutes: 60 },
  };
  const passes = SEVEN_HOURS.map((minute) => minute / 30);
  const { verdicts } = watchOver(
    passes,
    (minute) => [engineAt('leaky', minute, leakingBytes(30 * minute))],
    settings,
  );
  expect(verdicts).toHaveLength(1);
  expect(verdicts[0]?.message).toMatch(
    /^memory grew by 17\.\d GiB an hour \(3 MiB a request\) over 1\d min, .* is reached in 2\d min/,
  );
  expect(minutesAfterStart(verdicts[0]?.limit?.expectedMs ?? 0)).toBeCloseTo(1024 / 30, -1);
});

test('a signature that is off is not watched', () => {
  const off = { isWatched: false, windowMinutes: 60 };
  const settings = { ...WATCH_SETTINGS, hostMemory: off, kvBlocks: off };
  const fleet = (minute: number) => [engineAt('leaky', minute, leakingBytes(minute))];
  expect(watchOver(SEVEN_HOURS, fleet, settings)).toMatchObject({ verdicts: [], unseen: [] });
});

test('a page or a measurement that is shown twice counts once', () => {
  const once = watchOver(everyTwentySeconds(0, 10), (minute) => [
    engineAt('a', minute, leakingBytes(minute)),
  ]);
  const twice = watchOver(
    everyTwentySeconds(0, 10).flatMap((minute) => [minute, minute + 0.01]),
    (minute) => {
      const shown = Math.floor(minute * 3 + 0.001) / 3;
      return [engineAt('a', shown, leakingBytes(shown))];
    },
  );
  expect(twice.watch.engines.get('uid-a')?.tracks).toEqual(once.watch.engines.get('uid-a')?.tracks);
});

test('memory that is told hardly once a minute gives each minute its sample', () => {
  const { watch } = watchOver(everyTwentySeconds(0, 31), (minute) => {
    const told = Math.floor(minute / 1.1) * 1.1;
    return [engineAt('a', minute, undefined, { memory: { atMs: told, workingSetBytes: 6 * GIB } })];
  });
  const minutes = watch.engines.get('uid-a')?.tracks[0]?.history.minutes ?? [];
  expect(minutes).toHaveLength(30);
  expect(minutes.every(({ workingSetBytes }) => workingSetBytes === 6 * GIB)).toBe(true);
});

test('short minutes between two pages have the load that the last one told', () => {
  const settings = { ...WATCH_SETTINGS, hostMemory: { isWatched: true, windowMinutes: 1 } };
  const passes = Array.from({ length: 60 }, (_, second) => second / 60);
  const { watch } = watchOver(
    passes,
    (minute) => {
      const paged = Math.floor((minute * 60) / 5) / 12;
      const { page } = engineAt('a', paged, undefined);
      return [engineAt('a', minute, 6 * GIB, { page })];
    },
    settings,
  );
  const track = watch.engines.get('uid-a')?.tracks.find(({ windowMinutes }) => windowMinutes === 1);
  expect(track?.history.minutes).toHaveLength(30);
  expect(track?.history.minutes.every(({ inFlight }) => inFlight === 20)).toBe(true);
});

test('an engine is watched from its readiness on, and forgotten when it goes', () => {
  const { readyAtMs: _, ...loading } = engineAt('a', 0, GIB);
  expect(watchOver([0], () => [{ ...loading, lifecycle: 'Loading' }]).watch.engines.size).toBe(0);
  const known = watchOver([0], () => [engineAt('a', 0, GIB)]).watch;
  expect(known.engines.size).toBe(1);
  const leaving = engineAt('a', 1, GIB, { lifecycle: 'Terminating' });
  expect(watchOver([1], () => [leaving], WATCH_SETTINGS, known).watch.engines.size).toBe(0);
  expect(watchOver([1], () => [], WATCH_SETTINGS, known).watch.engines.size).toBe(0);
});

test('a container that restarts begins anew, and its end for want of memory makes the next finding sure', () => {
  const restartsAt = 5 * HOUR;
  const fleet = (minute: number) => {
    const age = minute < restartsAt ? minute : minute - restartsAt;
    if (minute < restartsAt) return [engineAt('a', minute, leakingBytes(age))];
    return [
      engineAt('a', minute, leakingBytes(age), {
        readyAtMs: START_MS + restartsAt * 60_000,
        restarts: 1,
        container: {
          isRunning: true,
          hasStarted: true,
          startedAtMs: START_MS + restartsAt * 60_000 - 30_000,
          memoryLimitBytes: 16 * GIB,
          lastEnd: { reason: 'OOMKilled', exitCode: 137, atMs: START_MS + restartsAt * 60_000 - 60_000 },
        },
      }),
    ];
  };
  const at = (hours: number) => watchOver(everyFourMinutes(0, hours * HOUR), fleet).verdicts;
  expect(at(7)).toEqual([]);
  expect(at(12)).toMatchObject([{ engine: 'a', confidence: 'High' }]);
});

describe('a gap in which nobody looked', () => {
  const steps = (minute: number): number => 6 * GIB + (minute < 4 * HOUR ? 0 : 6 * GIB) + 2 * MIB * minute;
  const gapped = (toMinute: number): readonly number[] => [
    ...everyFourMinutes(0, 3 * HOUR),
    ...everyFourMinutes(6 * HOUR, toMinute),
  ];

  test('is not read as growth', () => {
    for (const hours of [7, 8, 9]) {
      const { verdicts } = watchOver(gapped(hours * HOUR), (minute) => [
        engineAt('a', minute, steps(minute)),
      ]);
      expect(verdicts).toEqual([]);
    }
  });

  test('leaves what was seen before it: a wave that comes back up has been there', () => {
    const fleet = (minute: number) => [
      engineAt('a', minute, 8 * GIB + 5 * GIB * Math.sin((2 * Math.PI * minute) / (24 * HOUR))),
    ];
    let { watch } = watchOver(everyFourMinutes(0, 10 * HOUR), fleet);
    for (let hour = 18; hour < 28; hour++) {
      const passes = everyFourMinutes(hour * HOUR, (hour + 1) * HOUR);
      const watched = watchOver(passes, fleet, WATCH_SETTINGS, watch);
      expect(watched.verdicts).toEqual([]);
      ({ watch } = watched);
    }
  });

  test('delays a finding until what came after it is enough', () => {
    const leaky = (minute: number) => [engineAt('a', minute, leakingBytes(minute))];
    expect(watchOver(gapped(6.5 * HOUR), leaky).verdicts).toEqual([]);
    expect(watchOver(gapped(11 * HOUR), leaky).verdicts).toMatchObject([{ state: 'Proved' }]);
  });
});

test('a proof outlasts an odd hour, and no more', () => {
  const stopped = (minute: number) => [engineAt('a', minute, leakingBytes(Math.min(minute, 7 * HOUR)))];
  const found = watchOver(SEVEN_HOURS, stopped);
  expect(found.verdicts).toHaveLength(1);
  const later = (minutes: number) =>
    watchOver(everyFourMinutes(7 * HOUR, 7 * HOUR + minutes), stopped, WATCH_SETTINGS, found.watch).verdicts;
  expect(later(30)).toHaveLength(1);
  expect(later(12 * HOUR)).toEqual([]);
});

test('why nothing can be seen is said once for all engines, and not before they had time to tell', () => {
  const fleet = (minute: number) => [
    engineAt('a', minute, undefined),
    engineAt('b', minute, undefined),
    engineAt('c', minute, GIB, { container: { isRunning: true, hasStarted: true } }),
  ];
  expect(watchOver(everyTwentySeconds(0, 4), fleet).unseen).toEqual([]);
  expect(watchOver(everyTwentySeconds(0, 30), fleet).unseen).toMatchObject([
    { engine: 'c', reason: 'NoLimit', message: expect.stringMatching(/^1 engine: neither a memory limit/) },
    { engine: 'a', reason: 'NoWorkingSet', message: expect.stringMatching(/^2 engines: nothing tells/) },
  ]);
});
