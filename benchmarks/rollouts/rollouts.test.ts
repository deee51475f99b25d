import { expect, test } from 'vitest';
import { tryRollouts } from './run-rollouts.ts';

/** Few of those that `main.ts` plays, with other seeds, less traffic and a page in 15 s. */
const FIRST_SEED = 90_001;
const intervalMs = 15_000;

test('roll-outs of the same version go through, though the limits alone would stop some', () => {
  const { stopped, overLimits } = tryRollouts('Identical', 15, FIRST_SEED, { traffic: 0.2, intervalMs });
  expect(stopped).toBe(0);
  expect(overLimits).toBeGreaterThan(0);
});

test('roll-outs of a version with three times the errors are stopped', () => {
  const { stopped, errorRates } = tryRollouts('ThreeTimesTheErrors', 5, FIRST_SEED, {
    traffic: 0.7,
    intervalMs,
  });
  expect(stopped).toBeGreaterThanOrEqual(4);
  expect(errorRates.new).toBeLessThan(0.03);
});

test('roll-outs of a version that takes twice the time to the first token are stopped', () => {
  const { stopped, ttftRatio } = tryRollouts('TwiceTheTimeToFirstToken', 5, FIRST_SEED, {
    traffic: 0.3,
    intervalMs,
  });
  expect(stopped).toBe(5);
  expect(ttftRatio).toBeLessThan(3);
});
