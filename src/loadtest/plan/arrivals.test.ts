import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scheduleStages, type Stage } from './arrivals.ts';

const SIZE = { promptTokens: 8, outputTokens: 4 };

/** A generator of its own (Park and Miller's minimal standard), good enough to check moments. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

const times = (stages: readonly Stage[]) =>
  scheduleStages(stages, { kind: 'Constant' }, SIZE).requests.map((request) => request.atMs);

describe('constant arrivals', () => {
  test('come at equal gaps from the start and number themselves', () => {
    const schedule = scheduleStages([{ requestsPerSecond: 4, durationMs: 1000 }], { kind: 'Constant' }, SIZE);
    expect(schedule.requests).toEqual([0, 250, 500, 750].map((atMs, id) => ({ id, atMs, ...SIZE })));
    expect(schedule.durationMs).toBe(1000);
  });

  test('change their rate at the step', () => {
    const stages = [
      { requestsPerSecond: 2, durationMs: 1000 },
      { requestsPerSecond: 4, durationMs: 500 },
    ];
    expect(times(stages)).toEqual([0, 500, 1000, 1250]);
  });

  test('pause at rate 0 and go on after it', () => {
    const stages = [
      { requestsPerSecond: 2, durationMs: 1000 },
      { requestsPerSecond: 0, durationMs: 5000 },
      { requestsPerSecond: 2, durationMs: 1000 },
    ];
    expect(times(stages)).toEqual([0, 500, 6000, 6500]);
  });

  test('carry a gap that spans a step into the new rate', () => {
    const stages = [
      { requestsPerSecond: 0.5, durationMs: 1000 },
      { requestsPerSecond: 10, durationMs: 200 },
    ];
    expect(times(stages)).toEqual([0, 1050, 1150]);
  });
});

describe('gamma arrivals', () => {
  const gaps = (shape: number): readonly number[] => {
    const stages = [{ requestsPerSecond: 10, durationMs: 2_000_000 }];
    const { requests } = scheduleStages(stages, { kind: 'Gamma', shape, random: seeded(7) }, SIZE);
    return requests.slice(1).map((request, index) => request.atMs - (requests[index]?.atMs ?? 0));
  };

  test.each([
    { shape: 0.25, variation: 2 },
    { shape: 1, variation: 1 },
    { shape: 4, variation: 0.5 },
    { shape: 400, variation: 0.05 },
  ])('of shape $shape keep the rate and vary by 1/√shape = $variation', ({ shape, variation }) => {
    const all = gaps(shape);
    const mean = all.reduce((sum, gap) => sum + gap, 0) / all.length;
    const variance = all.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / all.length;
    expect(mean / 100).toBeCloseTo(1, 1);
    expect(Math.sqrt(variance) / mean / variation).toBeCloseTo(1, 1);
  });

  test('of one seed are always the same, of another not', () => {
    const stages = [{ requestsPerSecond: 10, durationMs: 10_000 }];
    const draw = (seed: number) =>
      scheduleStages(stages, { kind: 'Gamma', shape: 1, random: seeded(seed) }, SIZE);
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
  });

  test('are sorted and inside the run, whatever the stages and the dice', () => {
    const stage = fc.record({
      requestsPerSecond: fc.double({ min: 0, max: 200, noNaN: true }),
      durationMs: fc.integer({ min: 1, max: 2000 }),
    });
    const shape = fc.double({ min: 0.1, max: 50, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(stage, { maxLength: 4 }),
        shape,
        fc.integer({ min: 1, max: 1e6 }),
        (stages, k, seed) => {
          const arrivals = { kind: 'Gamma', shape: k, random: seeded(seed) } as const;
          const { requests, durationMs } = scheduleStages(stages, arrivals, SIZE);
          const at = requests.map((request) => request.atMs);
          expect(at).toEqual(at.toSorted((a, b) => a - b));
          expect(at.every((ms) => ms >= 0 && ms <= durationMs)).toBe(true);
        },
      ),
    );
  });
});

describe('stages that make no sense are refused', () => {
  test.each([
    [{ requestsPerSecond: -1, durationMs: 1000 }, 'stage 0 has a rate of -1 requests/s; give 0 or more'],
    [{ requestsPerSecond: Infinity, durationMs: 1000 }, 'stage 0 has a rate of Infinity requests/s'],
    [{ requestsPerSecond: 1, durationMs: 0 }, 'stage 0 lasts 0 ms; give more than 0'],
  ])('%j', (stage, message) => {
    expect(() => times([stage])).toThrow(message);
  });

  test('a shape of 0', () => {
    const arrivals = { kind: 'Gamma', shape: 0, random: seeded(1) } as const;
    expect(() => scheduleStages([], arrivals, SIZE)).toThrow('the gamma shape is 0; give more than 0');
  });
});
