import { describe, expect, test } from 'vitest';
import { engineConfigOf } from '../../src/simulator/model/engine-config.ts';
import { ENGINE_PROFILES } from '../../src/simulator/model/profiles.ts';
import { oracleSizeAt, seatCurve, smallestFactor } from './oracle.ts';
import { cut, multiply } from './scenarios/trace-file.ts';
import { bursts, sine, through } from './scenarios/synthetic.ts';
import { CHAT } from './scenarios/types.ts';
import { countGood, quantiles, score } from './score.ts';
import { meanRequest, seatsPerEngine } from './seats.ts';

const ENGINE = engineConfigOf(ENGINE_PROFILES['llama3.1-8b/L40Sx1']);
const arrival = (atMs: number, outputTokens = 100) => ({ atMs, promptTokens: 500, outputTokens });

describe('seats', () => {
  test('an engine has as many as keep a step, newcomers included, within the target', () => {
    const request = meanRequest([arrival(0), arrival(0)]);
    const stepMs = (seats: number): number =>
      Math.max(22.6, 0.1 * seats * (1 + 500 / 100)) + 0.035 * seats + 0.00026 * seats * 550;
    const seats = seatsPerEngine(ENGINE, request, 50);
    expect(stepMs(seats)).toBeLessThanOrEqual(50);
    expect(stepMs(seats + 1)).toBeGreaterThan(50);
  });

  test('are bounded by max-num-seqs and by the KV cache', () => {
    const request = { promptTokens: 1, outputTokens: 10 };
    expect(seatsPerEngine({ ...ENGINE, maxNumSeqs: 8 }, request, 50)).toBe(8);
    expect(seatsPerEngine({ ...ENGINE, numGpuBlocks: 2 }, request, 50)).toBe(5);
  });
});

describe('the oracle', () => {
  test('counts the seats held at the target, the most in each interval', () => {
    // Three requests of 100 tokens at 50 ms hold a seat for 5 s each.
    expect(seatCurve([arrival(0), arrival(1000), arrival(7000)], 50, 20_000)).toEqual([2, 2, 1, 0, 0]);
  });

  test('orders for the most seats up to one start-up ahead', () => {
    const setting = { curve: [10, 10, 10, 90, 10], seatsPerEngine: 20, startupMs: 10_000, maxReplicas: 100 };
    expect([0, 5000, 15_000, 20_000].map((ms) => oracleSizeAt(setting, 1, ms))).toEqual([5, 5, 5, 1]);
    expect(oracleSizeAt(setting, 2, 5000)).toBe(9);
  });

  test('takes the smallest factor that is as good as the largest but for 1 %', () => {
    const { factor } = smallestFactor(
      (tried) => (tried >= 1.7 ? 0.9 : 0.5),
      (share) => share,
    );
    expect(factor).toBeGreaterThanOrEqual(1.7);
    expect(factor).toBeLessThan(1.7 * 1.06);
  });
});

describe('a score', () => {
  const finished = (ttftMs: number, tpotMs: number) => ({
    outcome: 'Finished' as const,
    arrival: arrival(0),
    ttftMs,
    tpotMs,
    e2eMs: 0,
    preemptions: 0,
    cachedTokens: 0,
  });
  const records = [
    finished(500, 50),
    finished(501, 20),
    finished(20, 51),
    { outcome: 'Abandoned' as const, arrival: arrival(0) },
  ];

  test('is good only with all targets met, and only of what was attainable', () => {
    expect(countGood(records, [true, true, true, true], CHAT)).toBe(1);
    expect(countGood(records, [false, true, true, true], CHAT)).toBe(0);
  });

  test('counts a client that left with the time it waited', () => {
    const result = { records, ticks: [], replicaHours: 1, peakReplicas: 2, sizeChanges: 3 };
    const all = score(result, [true, true, true, false], CHAT, {
      abandonAfterMs: 30_000,
      durationMs: 1_800_000,
    });
    expect(all).toMatchObject({ attainable: 3, good: 1, abandoned: 1, sizeChangesPerHour: 6 });
    expect(all.ttft.p99).toBe(30_000);
    expect(all.tpot.p99).toBe(51);
  });

  test('takes quantiles by nearest rank', () => {
    expect(quantiles([4, 1, 3, 2])).toEqual({ p50: 2, p95: 4, p99: 4 });
    expect(quantiles([])).toEqual({ p50: 0, p95: 0, p99: 0 });
  });
});

describe('loads', () => {
  test('a window has times of its own', () => {
    expect(cut([arrival(0), arrival(1000), arrival(2000)], 1000, 2000)).toEqual([arrival(0)]);
  });

  test('copies come within their time, sorted, the first where it was', () => {
    const copies = multiply([arrival(0), arrival(10_000)], 6, 2000, 1).map(({ atMs }) => atMs);
    expect(copies).toHaveLength(12);
    expect(copies).toEqual(copies.toSorted((a, b) => a - b));
    expect(copies.filter((atMs) => atMs < 2000)).toHaveLength(6);
    expect(copies.filter((atMs) => atMs === 10_000)).toHaveLength(1);
  });

  test('rates follow their shapes', () => {
    const ramp = through([
      [0, 2],
      [10, 2],
      [30, 24],
    ]);
    expect([0, 5, 20, 30, 60].map((minute) => ramp(minute * 60_000))).toEqual([2, 2, 13, 24, 24]);
    const wave = sine(4, 20, 40);
    expect([0, 10, 20].map((minute) => Math.round(wave(minute * 60_000)))).toEqual([4, 12, 20]);
    const shape = { base: 1, burst: 9, quietSeconds: [10, 10], burstSeconds: [5, 5] } as const;
    const burst = bursts(shape, 60_000, () => 0.5);
    expect([9, 10, 14, 15, 24, 25].map((second) => burst(second * 1000))).toEqual([1, 9, 9, 1, 1, 9]);
  });
});
