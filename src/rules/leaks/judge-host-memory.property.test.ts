import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  CONTEXT,
  GIB,
  historyOf,
  MIB,
  MINUTE_MS,
  minuteAt,
  START_MS,
} from '../../../test/builders/leaking-engine.ts';
import { judgeHostMemory } from './judge-host-memory.ts';
import type { MinuteSample } from './minute-sample.ts';

const RUNS = { numRuns: 12 };
const MINUTES = 400;
const LIMIT = 16 * GIB;

/** Memory that leaks, levels off or does neither, with noise, and a load that changes. */
const samples: fc.Arbitrary<readonly MinuteSample[]> = fc
  .record({
    perMinute: fc.constantFrom(0, 4, 10, 20),
    plateau: fc.integer({ min: 0, max: 4 }),
    tau: fc.integer({ min: 20, max: 400 }),
    noise: fc.array(fc.integer({ min: -30, max: 30 }), { minLength: 7, maxLength: 31 }),
  })
  .map(({ perMinute, plateau, tau, noise }) =>
    Array.from({ length: MINUTES }, (_, minute) => {
      const grown = perMinute * minute + (noise[minute % noise.length] ?? 0);
      const levelled = plateau * GIB * (1 - Math.exp(-minute / tau));
      const workingSetBytes = Math.round(4 * GIB + grown * MIB + levelled);
      return minuteAt(minute, { workingSetBytes, inFlight: 20 + (noise[minute % noise.length] ?? 0) / 10 });
    }),
  );

const judge = (all: readonly MinuteSample[], shiftMs = 0, limit = LIMIT) =>
  judgeHostMemory(
    historyOf(all),
    {
      ...CONTEXT,
      limit: { bytes: limit, of: 'Container' },
      startedAtMs: START_MS + shiftMs,
      firstTrafficAtMs: START_MS + shiftMs,
    },
    START_MS + shiftMs + MINUTES * MINUTE_MS,
  );

test('the same samples at another time get the same verdict', () => {
  fc.assert(
    fc.property(samples, fc.integer({ min: -1e9, max: 1e9 }), (all, shiftMs) => {
      const later = all.map((sample) => ({ ...sample, atMs: sample.atMs + shiftMs }));
      const { evidence, ...verdict } = judge(later, shiftMs);
      const { evidence: before, ...same } = judge(all);
      expect(verdict).toEqual(same);
      expect(evidence?.fromMs).toBe(before && before.fromMs + shiftMs);
    }),
    RUNS,
  );
});

test('a constant that all samples and the limit have more changes no verdict', () => {
  fc.assert(
    fc.property(samples, fc.integer({ min: -3 * GIB, max: 40 * GIB }), (all, more) => {
      const raised = all.map((sample) => ({
        ...sample,
        workingSetBytes: (sample.workingSetBytes ?? 0) + more,
      }));
      const { state, reason } = judge(raised, 0, LIMIT + more);
      expect({ state, reason }).toEqual({ state: judge(all).state, reason: judge(all).reason });
    }),
    RUNS,
  );
});

test('growth that ends at seven tenths of the way or before is never a leak', () => {
  const plateaus = fc.record({
    share: fc.double({ min: 0.05, max: 0.7, noNaN: true }),
    tau: fc.integer({ min: 5, max: 1000 }),
    minutes: fc.integer({ min: 30, max: 2880 }),
  });
  fc.assert(
    fc.property(plateaus, ({ share, tau, minutes }) => {
      const all = Array.from({ length: minutes }, (_, minute) =>
        minuteAt(minute, {
          workingSetBytes: 4 * GIB + share * 12 * GIB * (1 - Math.exp(-minute / tau)),
        }),
      );
      const nowMs = START_MS + minutes * MINUTE_MS;
      expect(judgeHostMemory(historyOf(all), CONTEXT, nowMs).state).not.toBe('Leaking');
    }),
    RUNS,
  );
});

test('samples that are missing make no leak of memory that is flat', () => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.nat(9)), (dice) => {
      const all = Array.from({ length: MINUTES }, (_, minute) => {
        const lost = (dice.next().value ?? 0) < 4;
        return minuteAt(minute, lost ? { inFlight: undefined } : { workingSetBytes: 12 * GIB });
      });
      expect(['Quiet', 'NotObservable']).toContain(judge(all).state);
    }),
    RUNS,
  );
});

test('more samples never make a history larger than its bound', () => {
  const { minutes, fiveMinutes, halfHours } = historyOf(
    Array.from({ length: 5000 }, (_, minute) => minuteAt(minute, { workingSetBytes: GIB })),
  );
  expect([minutes.length, fiveMinutes.length, halfHours.length]).toEqual([30, 96, 96]);
});
