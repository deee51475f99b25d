import { describe, expect, test } from 'vitest';
import { NOW, readyWith } from '../../../test/builders/engines.ts';
import { settings } from '../../../test/builders/scaling.ts';
import { fleetLoad } from '../fleet-load.ts';
import { capacityOf, type CapacityView } from './capacity.ts';
import { NO_FLOW } from './flow.ts';
import { FRESH_DEMAND, workOf, type DemandMemory, type MeanRequest } from './memory.ts';
import { recordLoad, safeLoad } from './safe-load.ts';
import type { PaceLine } from './seats.ts';

/** Of the seats of an engine, before anything was seen. */
const PLANNED = 0.6;
const REQUEST: MeanRequest = { promptTokens: 100, generatedTokens: 212 };
/** An engine of 33 seats, each held for 10.6 s by a request. */
const SETTINGS = settings({ maxNumSeqs: 33 });
const BY_SEATS = (PLANNED * 33) / 10.6;
const PROMISE = 'its promise (first token in 500 ms, 50 ms a token)';

/** Engines that take 50 ms a token whatever they do, or as many as are given. */
const paceOf = (lowestMs: number): PaceLine => ({
  weight: 1,
  running: 10,
  gapMs: lowestMs,
  runningSquared: 100,
  runningGapMs: 10 * lowestMs,
  lowestMs,
  lowestAtRunning: 1,
});
const PACE = paceOf(50);

type Look = readonly [perSecond: number, missed: number];

/** Two thousand requests at each of the rates. */
function seen(...looks: readonly Look[]): Pick<DemandMemory, 'record'> {
  const record = looks.reduce<DemandMemory['record']>((before, [perSecond, missed]) => {
    const served = { ...NO_FLOW, firstTokens: 2000, lateFirstTokens: 2000 * missed };
    return recordLoad(before, perSecond * workOf(REQUEST), served, 0);
  }, new Map());
  return { record };
}

function capacity(memory: Partial<DemandMemory>, from = SETTINGS): CapacityView {
  return capacityOf({ ...FRESH_DEMAND, ...memory }, REQUEST, fleetLoad(readyWith({}), 1800, NOW), from);
}

/** The requests per second that the verdict over what was seen stands for: loads are kept in steps. */
function safeRate(...looks: readonly Look[]): number {
  const safe = safeLoad(seen(...looks).record, true);
  return safe.kind === 'Unknown' ? Number.NaN : safe.load / workOf(REQUEST);
}

describe('what an engine can carry', () => {
  test('is unknown while nothing tells', () => {
    expect(capacity({})).toEqual({});
    expect(capacity({ pace: PACE }, settings())).toEqual({});
  });

  test('is by its seats before it has shown anything', () => {
    expect(capacity({ pace: PACE })).toEqual({
      capacity: {
        rate: expect.closeTo(BY_SEATS, 9),
        text:
          'each holds a seat for 10.6 s (212 tokens, 50 ms each), ' +
          `an engine has 33 (maxNumSeqs) and is planned with ${100 * PLANNED} % of them`,
      },
    });
  });

  test('is by its seats above what was always fine, but relied on for a shrink only a quarter above that', () => {
    const view = capacity({ pace: PACE, ...seen([1, 0]) });
    expect(view.capacity?.rate).toBeCloseTo(BY_SEATS, 9);
    expect(view.capacity?.shown).toBeCloseTo(1.25 * safeRate([1, 0]), 9);
    expect(view.limit).toBeUndefined();
  });

  test('is a tenth more than what was always fine, where that is more than its seats promised', () => {
    const view = capacity({ pace: PACE, ...seen([4, 0.001]) });
    const rate = 1.1 * safeRate([4, 0.001]);
    expect(view.capacity).toEqual({
      rate: expect.closeTo(rate, 9),
      text: `an engine keeps ${PROMISE} for 98 % of them up to ${Number(rate.toPrecision(3))}/s`,
    });
  });

  test('is the load up to which it kept its promise, and that is remembered', () => {
    const looks: readonly Look[] = [
      [2, 0.001],
      [4, 0.4],
    ];
    const view = capacity({ pace: PACE, ...seen(...looks) });
    const rate = safeRate(...looks);
    expect(rate).toBeGreaterThan(2 / 1.25);
    expect(rate).toBeLessThan(4 / 1.25);
    expect(view).toEqual({
      capacity: {
        rate: expect.closeTo(rate, 9),
        text: `an engine keeps ${PROMISE} for 98 % of them up to ${Number(rate.toPrecision(3))}/s`,
      },
      limit: expect.closeTo(rate * workOf(REQUEST), 6),
    });
  });

  test('does not fade with its evidence', () => {
    const limit = 3 * workOf(REQUEST);
    expect(capacity({ pace: PACE, limit }).capacity?.rate).toBeCloseTo(3, 9);
    expect(capacity({ pace: PACE, limit, ...seen([1, 0]) }).capacity?.rate).toBeCloseTo(3, 9);
  });

  test('exceeds a limit of old once more was seen to be fine', () => {
    const view = capacity({ pace: PACE, limit: 3 * workOf(REQUEST), ...seen([5, 0]) });
    expect(view.capacity?.rate).toBeCloseTo(1.1 * safeRate([5, 0]), 9);
    expect(view.limit).toBeCloseTo(1.1 * safeRate([5, 0]) * workOf(REQUEST), 6);
  });

  test('is less than every load at which it missed its promise, and an old limit is void', () => {
    const view = capacity({ ...seen([4, 0.4]), limit: 9 * workOf(REQUEST) });
    const rate = safeRate([4, 0.4]);
    expect(rate).toBeLessThan(4);
    expect(view).toEqual({
      capacity: {
        rate: expect.closeTo(rate, 9),
        shown: expect.closeTo(rate, 9),
        text: `an engine missed ${PROMISE} at every load so far; ${Number(rate.toPrecision(3))}/s are tried`,
      },
      tried: expect.closeTo(rate * workOf(REQUEST), 9),
    });
  });

  test('is no more than its seats after it was overloaded', () => {
    expect(capacity({ pace: PACE, ...seen([8, 0.5]) }).capacity?.rate).toBeCloseTo(BY_SEATS, 9);
  });

  test('is what is tried after it missed its promise by little, whatever its seats', () => {
    expect(capacity({ pace: PACE, ...seen([8, 0.05]) }).capacity?.rate).toBeCloseTo(safeRate([8, 0.05]), 9);
  });

  test('stays what is tried until that load was seen: what is late until then is owed to more', () => {
    const tried = 3 * workOf(REQUEST);
    expect(capacity({ ...seen([4, 0.9]), tried }).capacity?.rate).toBeCloseTo(3, 9);
    expect(capacity({ ...seen([3, 0.9]), tried }).capacity?.rate).toBeCloseTo(safeRate([3, 0.9]), 9);
  });

  test('leaves out what misses the promise at any load, and says so', () => {
    const view = capacity({
      ...seen([1, 0.15], [2, 0.15], [3, 0.15]),
    });
    expect(view.capacity?.text).toMatch(
      /98 % of them up to [\d.]+\/s, not counting 15 % that miss it at any load$/,
    );
  });

  test('is less for longer requests, as they are more work', () => {
    const limit = 3 * workOf(REQUEST);
    const view = capacityOf(
      { ...FRESH_DEMAND, limit },
      { promptTokens: 2 * REQUEST.promptTokens, generatedTokens: 2 * REQUEST.generatedTokens },
      fleetLoad([], 1800, NOW),
      SETTINGS,
    );
    expect(view.capacity?.rate).toBeCloseTo(1.5, 9);
  });
});

describe('a promise out of reach', () => {
  test('is said when most requests miss it however few an engine has; the size is that of the seats', () => {
    const view = capacity({ pace: PACE, ...seen([1, 0.7], [4, 0.7]) });
    expect(view.unreachable).toBe(`70 % of the requests miss ${PROMISE} however few an engine has`);
    expect(view.capacity?.rate).toBeCloseTo(BY_SEATS, 9);
    expect(view.limit).toBeUndefined();
  });

  test('is said when an engine with little to do is slower than promised', () => {
    const view = capacity({ pace: paceOf(80), ...seen([2, 0]) });
    expect(view.unreachable).toBe('an engine with little to do takes 80 ms a token, the target is 50 ms');
    expect(view.capacity).toBeDefined();
    expect(capacity({ pace: PACE }).unreachable).toBeUndefined();
  });
});
