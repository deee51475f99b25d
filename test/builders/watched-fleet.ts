import type { EngineSnapshot } from '../../src/snapshot/engine-snapshot.ts';
import { NO_LEAK_WATCH, watchLeaks, type LeakWatch, type Watched } from '../../src/rules/leaks/watch.ts';
import type { LeakSettings } from '../../src/rules/leaks/settings.ts';
import { ready } from './engines.ts';
import { GIB, MIB, START_MS, wavering } from './leaking-engine.ts';

export const WATCH_SETTINGS: LeakSettings = {
  hostMemory: { isWatched: true, windowMinutes: 60 },
  kvBlocks: { isWatched: true, windowMinutes: 60 },
  allowedGrowthBytes: 0,
};

/** An engine at a minute of its life: 100 requests a minute, 20 at a time, 16 GiB of memory; no page is told twice. */
export function engineAt(
  name: string,
  minute: number,
  workingSetBytes: number | undefined,
  overrides: Partial<EngineSnapshot> = {},
): EngineSnapshot {
  const atMs = START_MS + minute * 60_000;
  const sample = {
    running: 15,
    waiting: 5,
    requests: { stop: 90 * minute, length: 10 * minute },
    steps: 1800 * minute,
    kvCacheUsage: 0.4,
    histograms: {},
    ranks: [],
    dialect: 'v1-0.32',
    models: [],
    notObservable: {},
  };
  return ready(
    name,
    {},
    {
      readyAtMs: START_MS,
      container: {
        isRunning: true,
        hasStarted: true,
        startedAtMs: START_MS - 60_000,
        memoryLimitBytes: 16 * GIB,
      },
      page: { state: 'Fresh', load: { atMs, sample } },
      ...(workingSetBytes !== undefined && {
        memory: { atMs, workingSetBytes: Math.round(workingSetBytes) },
      }),
      ...overrides,
    },
  );
}

/** 6 GiB at the start, and 10 MiB more each minute. */
export function leakingBytes(minute: number): number {
  return 6 * GIB + 10 * MIB * minute + wavering(minute);
}

/** What a fleet's watch says after passes at the given minutes of its life. */
export function watchOver(
  minutes: readonly number[],
  fleet: (minute: number) => readonly EngineSnapshot[],
  settings: LeakSettings = WATCH_SETTINGS,
  before: LeakWatch = NO_LEAK_WATCH,
): Watched {
  let watched: Watched = { watch: before, verdicts: [], unseen: [] };
  for (const minute of minutes) {
    watched = watchLeaks(watched.watch, fleet(minute), settings, START_MS + minute * 60_000);
  }
  return watched;
}

/** Three passes a minute. */
export function everyTwentySeconds(fromMinute: number, toMinute: number): readonly number[] {
  return Array.from({ length: 3 * (toMinute - fromMinute) }, (_, i) => fromMinute + i / 3);
}

/** One pass in four minutes: enough for all but the fast path, and cheap. */
export function everyFourMinutes(fromMinute: number, toMinute: number): readonly number[] {
  return Array.from({ length: Math.ceil((toMinute - fromMinute) / 4) }, (_, i) => fromMinute + 4 * i);
}
