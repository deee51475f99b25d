import { expect, test } from 'vitest';
import { blame } from './blame.ts';
import { CHAT } from './scenarios/types.ts';

const tick = (atMs: number, size: number, ready: number) => ({ atMs, size, ready, draining: 0, inFlight: 0 });
const lost = (atMs: number) => ({
  outcome: 'Abandoned' as const,
  arrival: { atMs, promptTokens: 1, outputTokens: 1 },
});

test('a request is held against what was ordered and ready when it came', () => {
  const result = {
    records: [lost(1000), lost(5000), lost(10_000), lost(10_000)],
    ticks: [tick(0, 1, 1), tick(5000, 3, 1), tick(10_000, 3, 3)],
    replicaHours: 0,
    peakReplicas: 0,
    sizeChanges: 0,
  };
  const oracle = [tick(0, 2, 2), tick(7000, 2, 3)];
  expect(blame(result, [true, true, true, false], CHAT, oracle)).toEqual({
    tooFew: 1,
    starting: 1,
    enough: 1,
  });
});
