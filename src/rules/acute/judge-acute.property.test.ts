import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  CONTEXT,
  INTERVAL_SECONDS,
  UNASKABLE,
  watch,
  worked,
  type Life,
  type Sighting,
} from '../../../test/builders/acute.ts';
import { NOW } from '../../../test/builders/engines.ts';
import type { EngineSample } from '../../engine/sample.ts';
import type { ProbeOutcome } from '../../snapshot/probe-record.ts';

const RUNS = { numRuns: 40 };
const SECONDS = 1200;

/** What an engine does for some pages, and what it shows meanwhile. */
interface Chapter {
  readonly pages: number;
  readonly does: 'Works' | 'StandsStill' | 'Restarts';
  readonly running: number;
  readonly waiting: number;
  readonly deferred: number;
  readonly kvCacheUsage: number;
  readonly isMissing: boolean;
}

const chapter: fc.Arbitrary<Chapter> = fc.record({
  pages: fc.integer({ min: 1, max: 60 }),
  does: fc.constantFrom('Works', 'StandsStill', 'StandsStill', 'Restarts'),
  running: fc.constantFrom(0, 1, 30),
  waiting: fc.constantFrom(0, 2),
  deferred: fc.constantFrom(0, 3),
  kvCacheUsage: fc.constantFrom(0, 0.01, 0.6),
  isMissing: fc.boolean(),
});
const chapters = fc.array(chapter, { minLength: 1, maxLength: 12 });
const outcome: fc.Arbitrary<Exclude<ProbeOutcome, 'Pending'>> = fc.constantFrom(
  'Answered',
  'Silent',
  'Refused',
  'Paused',
  'Inconclusive',
);
const context = fc.constantFrom(CONTEXT, UNASKABLE, { ...CONTEXT, hasProfiler: true });

/** Its page every five seconds; after the last chapter all begins anew. */
function pagesOf(told: readonly Chapter[], scale = 1): readonly (EngineSample | string)[] {
  const pages: (EngineSample | string)[] = [];
  let [seconds, starts] = [0, 0];
  while (pages.length * INTERVAL_SECONDS <= SECONDS) {
    for (const { pages: count, does, running, waiting, deferred, kvCacheUsage, isMissing } of told) {
      if (does === 'Restarts') [seconds, starts] = [0, starts + 1];
      for (let i = 0; i < count; i++) {
        if (does === 'Works') seconds += INTERVAL_SECONDS;
        const counted = worked(scale * seconds, {
          running,
          waiting: waiting + deferred,
          waitingByReason: { capacity: waiting, deferred },
          kvCacheUsage,
          processStartTimeSeconds: starts,
        });
        pages.push(isMissing ? 'no answer within 10 s' : counted);
      }
    }
  }
  return pages;
}

const lifeOf = (pages: readonly (EngineSample | string)[]): Life => {
  return (second) => pages[second / INTERVAL_SECONDS] ?? 'no page';
};
const statesOf = (seen: readonly Sighting[]): readonly unknown[] =>
  seen.map(({ verdicts, probes }) => [
    ...verdicts.map(({ signature, state, confidence, reason }) => [signature, state, confidence, reason]),
    probes.length,
  ]);

test('an engine whose heartbeat moved within the last 30 s of its pages is never suspected of standing still', () => {
  fc.assert(
    fc.property(chapters, outcome, context, (told, answer, judgedBy) => {
      const pages = pagesOf(told);
      const seen = watch({ life: lifeOf(pages), answer: () => answer, context: judgedBy, seconds: SECONDS });
      const accused = seen.filter(({ second, verdicts }) => {
        const steps = pages
          .slice(Math.max(0, second / INTERVAL_SECONDS - 6), second / INTERVAL_SECONDS + 1)
          .flatMap((page) => (typeof page === 'string' ? [] : [page.steps]));
        return new Set(steps).size > 1 && verdicts.length > 0;
      });
      expect(accused).toEqual([]);
    }),
    RUNS,
  );
});

test('pages that are missing say nothing of an engine that the kubelet calls Ready', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 2, maxLength: 40 }), outcome, (isMissing, answer) => {
      const life: Life = (second) =>
        isMissing[(second / INTERVAL_SECONDS) % isMissing.length] === true
          ? 'connection refused'
          : worked(second);
      const probe = { sentAtMs: NOW, endedAtMs: NOW, outcome: answer, message: 'whatever' };
      const seen = watch({ life, told: () => ({ probe }), seconds: SECONDS });
      expect(seen.flatMap(({ verdicts }) => verdicts)).toEqual([]);
    }),
    RUNS,
  );
});

test('the same pages at another time, and counters that grow otherwise, get the same verdicts', () => {
  fc.assert(
    fc.property(
      chapters,
      outcome,
      fc.integer({ min: -1e9, max: 1e9 }),
      fc.integer({ min: 1, max: 50 }),
      (...drawn) => {
        const [told, answer, shiftMs, scale] = drawn;
        const trial = { answer: () => answer, seconds: SECONDS };
        const before = watch({ ...trial, life: lifeOf(pagesOf(told)) });
        const after = watch({
          ...trial,
          life: lifeOf(pagesOf(told, scale)),
          clock: (second) => NOW + shiftMs + second * 1000,
          told: () => ({
            container: { isRunning: true, hasStarted: true, startedAtMs: NOW + shiftMs - 3_600_000 },
          }),
        });
        expect(statesOf(after)).toEqual(statesOf(before));
      },
    ),
    RUNS,
  );
});
