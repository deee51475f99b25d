import { describe, expect, test } from 'vitest';
import {
  CONTEXT,
  GIB,
  MIB,
  MINUTE_MS,
  START_MS,
  verdictAfter,
  verdictsOver,
  wavering,
} from '../../../test/builders/leaking-engine.ts';
import type { MinuteSample } from './minute-sample.ts';

const HOUR = 60;
/** Of 6 GiB at the start, so that the limit of 16 GiB is 17 hours off. */
const leaking = (minute: number): number => 6 * GIB + 10 * MIB * minute + wavering(minute);
const flat = (minute: number): number => 6 * GIB + wavering(minute);
const levelling = (minute: number): number => flat(minute) + 6 * GIB * (1 - Math.exp(-minute / (4 * HOUR)));

const nothingElse = (): Partial<MinuteSample> => ({});

test('a steady leak is found by a third of its way, with its rate, its price by request and the time left', () => {
  const verdict = verdictAfter(7 * HOUR, leaking);
  expect(verdict).toMatchObject({ state: 'Leaking', reason: 'SteadyLeak', confidence: 'Medium' });
  expect(verdict.evidence?.perHour).toBeCloseTo(600 * MIB, -7);
  expect(verdict.evidence?.perRequest).toBeCloseTo(0.1 * MIB, -4);
  const left = (16 * GIB - leaking(7 * HOUR)) / (10 * MIB);
  expect((verdict.evidence?.timeToLimit.expectedMs ?? 0) / MINUTE_MS).toBeCloseTo(left, -2);
  expect(verdict.message).toMatch(
    /^memory grew by 60\d MiB an hour \(10\d KiB a request\) over .* without levelling off; its limit of 16 GiB is reached in 10 h/,
  );
});

test('growth that is still small beside what is left is only suspected', () => {
  expect(verdictAfter(4.5 * HOUR, leaking)).toMatchObject({ state: 'Suspected', reason: 'TooEarly' });
});

test('a leak that has two hours left is found half an hour after its warm-up, and not before', () => {
  const fast = (minute: number): number => flat(minute) + 80 * MIB * minute;
  const states = [15, 25, 50].map((minutes) => verdictAfter(minutes, fast).state);
  expect(states).toEqual(['WarmingUp', 'WarmingUp', 'Leaking']);
  expect(verdictAfter(50, fast).reason).toBe('FastLeak');
});

test('a quarter of an hour is enough for a leak that has little left', () => {
  const late = (minute: number): number => flat(minute) + 300 * MIB * Math.max(0, minute - 120);
  expect(verdictAfter(120, late).state).toBe('Quiet');
  expect(verdictAfter(136, late)).toMatchObject({ state: 'Leaking', reason: 'FastLeak' });
});

test('memory of the API server that climbs as well confirms; that it is flat says nothing', () => {
  const own = (atMinute: (minute: number) => number) =>
    verdictAfter(7 * HOUR, leaking, CONTEXT, (minute) => ({ apiServerResidentBytes: atMinute(minute) }));
  expect(own((minute) => 300 * MIB + 9 * MIB * minute)).toMatchObject({ confidence: 'High' });
  expect(own(() => 300 * MIB)).toMatchObject({ state: 'Leaking', confidence: 'Medium' });
});

test('without a limit nothing is projected, and the reason is said', () => {
  expect(verdictAfter(7 * HOUR, leaking, { ...CONTEXT, limit: undefined })).toMatchObject({
    state: 'NotObservable',
    reason: 'NoLimit',
  });
});

test('a node’s memory is called so', () => {
  const node = { ...CONTEXT, limit: { bytes: 16 * GIB, of: 'Node' } } as const;
  expect(verdictAfter(7 * HOUR, leaking, node).message).toContain("its node's 16 GiB is reached");
});

test('a working set that nobody tells is not observable, nor one that has not been told for long', () => {
  expect(verdictAfter(7 * HOUR, () => undefined)).toMatchObject({
    state: 'NotObservable',
    reason: 'NoWorkingSet',
  });
  const ended = (minute: number): number | undefined => (minute < 6 * HOUR ? leaking(minute) : undefined);
  expect(verdictAfter(7 * HOUR, ended)).toMatchObject({ state: 'NotObservable', reason: 'NoWorkingSet' });
});

test('an engine without a request is still to warm up, however long', () => {
  const idle = { ...CONTEXT, firstTrafficAtMs: undefined };
  expect(verdictAfter(9 * HOUR, flat, idle, () => ({ inFlight: 0, finishedRequests: 0 }))).toMatchObject({
    state: 'WarmingUp',
    reason: 'NoTrafficYet',
  });
});

test('samples from before the container that runs now do not count', () => {
  const restarted = { ...CONTEXT, startedAtMs: START_MS + 6.5 * HOUR * MINUTE_MS };
  expect(verdictAfter(7 * HOUR, leaking, restarted).state).toBe('WarmingUp');
});

describe('innocent growth', () => {
  const cases: readonly (readonly [
    what: string,
    workingSet: (minute: number) => number,
    told: (minute: number) => Partial<MinuteSample>,
  ])[] = [
    ['none at all', flat, nothingElse],
    ['to a plateau at six tenths of the way', levelling, nothingElse],
    ['a step', (minute) => flat(minute) + (minute > 5 * HOUR ? 6 * GIB : 0), nothingElse],
    ['in the warm-up alone', (minute) => flat(minute) + 5 * GIB * (1 - Math.exp(-minute / 10)), nothingElse],
    [
      'with the requests in flight',
      (minute) => flat(minute) + 8 * MIB * minute,
      (minute) => ({ inFlight: 20 + minute }),
    ],
    [
      'of arenas that keep the most of a wave',
      (minute) => flat(minute) + 5 * GIB * Math.sin((Math.PI / 2) * Math.min(1, minute / (6 * HOUR))),
      (minute) => ({ inFlight: 20 + 80 * Math.sin(((Math.PI / 2) * minute) / (6 * HOUR)) }),
    ],
    [
      'and back, again and again',
      (minute) => flat(minute) + 4 * GIB * Math.abs(Math.sin(minute / 200)),
      nothingElse,
    ],
  ];
  test.each(cases)('%s', (_what, workingSet, told) => {
    const states = verdictsOver(24 * HOUR, 10, workingSet, told).map(({ state }) => state);
    expect(states).toHaveLength(144);
    expect(states).not.toContain('Leaking');
  });

  describe('to a plateau at two thirds of the way, straightened by a day’s wave of traffic', () => {
    const DAY = 2 * Math.PI * (1 / (24 * HOUR));
    /** Requests in a wave that is three times as high at noon as at night, in minutes of the mean traffic. */
    const requestsBy = (minute: number, phase: number): number =>
      minute + (0.5 / DAY) * (Math.cos(phase) - Math.cos(DAY * minute + phase));
    const waved =
      (phase: number) =>
      (minute: number): Partial<MinuteSample> => ({
        finishedRequests: Math.round(100 * requestsBy(minute, phase)),
        inFlight: 20 + 10 * Math.sin(DAY * minute + phase),
      });
    const end = 6.8 * GIB;

    test.each([
      [-1.6, 4],
      [-1.2, 8],
      [-0.8, 12],
      [-1.6, 18],
    ])('by request while traffic rises, from phase %d on, over %d h', (phase, hours) => {
      const memory = (minute: number): number =>
        flat(minute) + end * (1 - Math.exp(-requestsBy(minute, phase) / (hours * HOUR)));
      const states = verdictsOver(18 * HOUR, 30, memory, waved(phase)).map(({ state }) => state);
      expect(states).not.toContain('Leaking');
    });

    test.each([
      [0.8, 18],
      [1.6, 12],
      [2.4, 8],
    ])('by time while traffic falls, from phase %d on, over %d h', (phase, hours) => {
      const memory = (minute: number): number =>
        flat(minute) + end * (1 - Math.exp(-minute / (hours * HOUR)));
      const states = verdictsOver(18 * HOUR, 30, memory, waved(phase)).map(({ state }) => state);
      expect(states).not.toContain('Leaking');
    });

    test.each([-1.6, 0, 1.6, 3.1])('and a leak by request under it is found, from phase %d on', (phase) => {
      const memory = (minute: number): number => flat(minute) + 10 * MIB * requestsBy(minute, phase);
      const found = verdictsOver(12 * HOUR, 60, memory, waved(phase)).some(
        ({ state }) => state === 'Leaking',
      );
      expect(found).toBe(true);
    });
  });

  test('an offload cache that fills for hours is allowed for, and a leak beyond it is not', () => {
    const filling = (minute: number): number => flat(minute) + Math.min(5 * GIB, 8 * MIB * minute);
    const context = { ...CONTEXT, allowedGrowthBytes: 5 * GIB };
    const states = [3, 6, 9, 12, 15].map((hours) => verdictAfter(hours * HOUR, filling, context).state);
    expect(new Set(states)).toEqual(new Set(['Quiet']));
    expect(verdictAfter(8 * HOUR, filling).state).toBe('Leaking');
    const both = (minute: number): number => filling(minute) + 5 * MIB * minute;
    expect(verdictAfter(11 * HOUR, both, context).state).toBe('Leaking');
  });

  test('a cache that fills fast is allowed for too', () => {
    const filling = (minute: number): number =>
      flat(minute) + Math.min(5 * GIB, 120 * MIB * Math.max(0, minute - 60));
    const context = { ...CONTEXT, allowedGrowthBytes: 5 * GIB };
    const at = [75, 85, 95, 105, 115].map((minutes) => verdictAfter(minutes, filling, context).state);
    expect(at).not.toContain('Leaking');
    expect(verdictAfter(100, filling).state).toBe('Leaking');
  });
});

test('load that is not known leaves a suspicion', () => {
  const verdict = verdictAfter(7 * HOUR, leaking, CONTEXT, () => ({ inFlight: undefined }));
  expect(verdict).toMatchObject({ state: 'Suspected', reason: 'LoadUnknown' });
});
