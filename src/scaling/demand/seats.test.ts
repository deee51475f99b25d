import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NOW, readyWith, type Load } from '../../../test/builders/engines.ts';
import { settings } from '../../../test/builders/scaling.ts';
import { fleetLoad, type FleetLoad } from '../fleet-load.ts';
import { NO_FLOW } from './flow.ts';
import { learnPace, NO_PACE, seatsOf, type PaceLine } from './seats.ts';
import type { Span } from './traffic.ts';

const fleet = (...loads: readonly Load[]): FleetLoad => fleetLoad(readyWith(...loads), 1800, NOW);
const gaps = (count: number, gapMs: number): Span => ({
  seconds: 30,
  flow: { ...NO_FLOW, gaps: count, gapSeconds: (count * gapMs) / 1000 },
});

/** What engines show that take 20 ms a token, and half a millisecond more for each running request. */
const LINE = (running: number): number => 20 + running / 2;
function learned(runs: readonly number[], gapOf = LINE): PaceLine {
  return runs.reduce(
    (line, running) => learnPace(line, fleet({ running }, { running }), gaps(1000, gapOf(running)), 0),
    NO_PACE,
  );
}

const UNLIMITED = fleet({});

describe('the pace of an engine', () => {
  test('is a line over its running requests, found again from what was seen', () => {
    // 20.5 ms is the quickest seen: 29.5 ms of 50 are left, at half a millisecond each.
    const seats = seatsOf(learned([1, 10, 20, 35, 15]), UNLIMITED, settings());
    expect(seats?.count).toBeCloseTo(59, 6);
    expect(seats?.gapMs).toBeCloseTo(50, 6);
  });

  test('rises from the quickest seen to the mean where engines always ran alike', () => {
    let line = learned([20], () => 20);
    for (let look = 0; look < 3; look++) line = learnPace(line, fleet({ running: 20 }), gaps(1000, 30), 0);
    expect(seatsOf(line, UNLIMITED, settings())?.count).toBeCloseTo((50 - 20) / ((27.5 - 20) / 20), 6);
  });

  test.each([
    ['too few tokens', fleet({ running: 10 }), gaps(99, 30)],
    ['no page tells how many run', fleet({ waiting: 3 }), gaps(1000, 30)],
    ['no engine tells', fleet(), gaps(1000, 30)],
    ['a page tells what cannot be', fleet({ running: 1e200 }), gaps(1000, 30)],
  ])('learns nothing when %s', (_, load, recent) => {
    const line = learned([5, 10]);
    expect(learnPace(line, load, recent, 5)).toBe(line);
  });

  test('forgets by half in half an hour, but not how quick an idle engine was', () => {
    const old = learned([1, 10, 20]);
    const line = learnPace(old, fleet({ running: 10 }), gaps(1000, 40), 1800);
    expect(line.weight).toBe(old.weight / 2 + 1);
    expect(line.lowestMs).toBe(20.5);
  });
});

describe('the seats of an engine', () => {
  const line = learned([1, 10, 20, 30]);
  const kv = fleet({ running: 40, kvCacheUsage: 0.6 }, { running: 20, kvCacheUsage: 0.2 });

  test.each([
    ['the promised time between tokens', UNLIMITED, {}, '50 ms a token', 59, 50],
    [
      'a promise that leaves less room',
      UNLIMITED,
      { promise: { ttftMs: 500, interTokenMs: 30 } },
      '30 ms a token',
      19,
      30,
    ],
    [
      'the KV cache at its target',
      kv,
      { targets: { queueDepth: 5, kvCacheUsage: 0.4 } },
      'KV cache',
      30,
      35.5,
    ],
    ['maxNumSeqs', kv, { maxNumSeqs: 16 }, 'maxNumSeqs', 16, 28.5],
  ] as const)('are bound by %s', (_, load, overrides, boundBy, count, gapMs) => {
    const seats = seatsOf(line, load, settings(overrides));
    expect(seats?.boundBy).toBe(boundBy);
    expect(seats?.count).toBeCloseTo(count, 6);
    expect(seats?.gapMs).toBeCloseTo(gapMs, 6);
  });

  test('are not told by a cache that is hardly used', () => {
    const idle = fleet({ running: 1, kvCacheUsage: 0.0199 });
    expect(seatsOf(line, idle, settings())?.boundBy).toBe('50 ms a token');
    expect(seatsOf(line, fleet({ running: 1, kvCacheUsage: 0.02 }), settings())?.boundBy).toBe('KV cache');
  });

  test('are unknown while nothing was seen, and while nothing limits them', () => {
    expect(seatsOf(NO_PACE, kv, settings({ maxNumSeqs: 16 }))).toBeUndefined();
    expect(seatsOf(learned([5]), UNLIMITED, settings())).toBeUndefined();
  });

  test('are not limited by a pace that a broken page shows to be next to nothing', () => {
    const none = learned([1, 10, 20], (running) => running * 1e-310);
    expect(seatsOf(none, UNLIMITED, settings())).toBeUndefined();
    expect(seatsOf(none, UNLIMITED, settings({ maxNumSeqs: 16 }))).toMatchObject({ count: 16 });
  });

  test('are few, not none, where even an idle engine is slower than the promise', () => {
    const seats = seatsOf(line, UNLIMITED, settings({ promise: { ttftMs: 500, interTokenMs: 15 } }));
    expect(seats).toMatchObject({ gapMs: 20.5, boundBy: '15 ms a token' });
    expect(seats?.count).toBeCloseTo(3, 6);
  });
});

test('whatever pages say, seats are at least one, and finite like their pace', () => {
  const flow = fc.double({ min: 0, max: 1e10, noNaN: true });
  const page = fc.record(
    {
      running: fc.oneof(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), fc.nat(300)),
      kvCacheUsage: fc.double({ min: 0, max: 1, noNaN: true }),
      count: fc.oneof(flow, fc.integer({ min: 100, max: 5000 })),
      gapSeconds: fc.oneof(flow, fc.double({ min: 0, max: 100, noNaN: true })),
    },
    { requiredKeys: ['count', 'gapSeconds'] },
  );
  const maxNumSeqs = fc.option(fc.integer({ min: 1, max: 1024 }), { nil: undefined });
  fc.assert(
    fc.property(fc.array(page, { maxLength: 8 }), maxNumSeqs, (pages, most) => {
      let line = NO_PACE;
      for (const { count, gapSeconds, ...told } of pages) {
        const load = fleet(told, {});
        line = learnPace(line, load, { seconds: 30, flow: { ...NO_FLOW, gaps: count, gapSeconds } }, 5);
        const seats = seatsOf(line, load, settings(most === undefined ? {} : { maxNumSeqs: most }));
        if (seats === undefined) continue;
        expect(seats.count).toBeGreaterThanOrEqual(1);
        expect([seats.count, seats.gapMs].every(Number.isFinite)).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});
