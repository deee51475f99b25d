import fc from 'fast-check';
import { expect, test } from 'vitest';
import { History } from './disruption-model/history.ts';
import { histories, settings } from './disruption-model/steps.ts';

const RUNS = 300;

test(`${RUNS} random histories keep every promise about engines that leave, and end`, async () => {
  const result = fc.assert(
    fc.asyncProperty(settings, histories, async (setting, steps) => {
      const history = new History(setting);
      await history.settle();
      await history.play(steps);
      await history.settle();
    }),
    { numRuns: RUNS },
  );
  await expect(result).resolves.toBeUndefined();
});
