import type { MinuteSample } from '../../src/rules/leaks/minute-sample.ts';
import { judgeHostMemory, type MemoryContext } from '../../src/rules/leaks/judge-host-memory.ts';
import { NO_LEAK_HISTORY, rememberMinute, type LeakHistory } from '../../src/rules/leaks/leak-history.ts';
import type { LeakVerdict } from '../../src/rules/leaks/verdict.ts';

export const MIB = 2 ** 20;
export const GIB = 2 ** 30;
export const MINUTE_MS = 60_000;
export const START_MS = Date.UTC(2026, 0, 31, 2, 3, 4);

/** An engine with 100 requests a minute, 20 at a time, unless told otherwise. */
export function minuteAt(minute: number, told: Partial<MinuteSample>): MinuteSample {
  return {
    atMs: START_MS + minute * MINUTE_MS,
    finishedRequests: 100 * minute,
    steps: 1800 * minute,
    inFlight: 20,
    ...told,
  };
}

/** A memory that wavers a little, always in the same way: two MiB up or down. */
export function wavering(minute: number): number {
  return 2 * MIB * Math.sin(minute * 12.9898);
}

export function historyOf(samples: readonly MinuteSample[]): LeakHistory {
  return samples.reduce(rememberMinute, NO_LEAK_HISTORY);
}

export const CONTEXT: MemoryContext = {
  limit: { bytes: 16 * GIB, of: 'Container' },
  allowedGrowthBytes: 0,
  startedAtMs: START_MS,
  firstTrafficAtMs: START_MS,
};

/** The verdict after so many minutes of an engine whose working set is as given. */
export function verdictAfter(
  minutes: number,
  workingSet: (minute: number) => number | undefined,
  context: MemoryContext = CONTEXT,
  told: (minute: number) => Partial<MinuteSample> = () => ({}),
): LeakVerdict {
  const samples = Array.from({ length: minutes }, (_, minute) =>
    minuteAt(minute, { workingSetBytes: workingSet(minute), ...told(minute) }),
  );
  return judgeHostMemory(historyOf(samples), context, START_MS + (minutes - 1) * MINUTE_MS);
}

/** The verdicts on such an engine at every so many minutes of its life. */
export function verdictsOver(
  minutes: number,
  every: number,
  workingSet: (minute: number) => number,
  told: (minute: number) => Partial<MinuteSample>,
): readonly LeakVerdict[] {
  const verdicts: LeakVerdict[] = [];
  let history = NO_LEAK_HISTORY;
  for (let minute = 0; minute < minutes; minute++) {
    const sample = minuteAt(minute, { workingSetBytes: workingSet(minute), ...told(minute) });
    history = rememberMinute(history, sample);
    if (minute % every === 0) verdicts.push(judgeHostMemory(history, CONTEXT, sample.atMs));
  }
  return verdicts;
}
