import { describe, expect, test } from 'vitest';
import { checkRandomHistories, playHistory } from './disruption-model/check.ts';
import { NAMED_HISTORIES, PLAIN } from './disruption-model/named-histories.ts';

/** With the seed of every run; `npm run test:explore` plays more, with others. */
const RUNS = 200;
/** Ten seconds of work, on a machine that may be busy. */
const SLOW = { timeout: 120_000 };

describe('whatever happens to the operator and around it', () => {
  test.each(NAMED_HISTORIES)('$name', async ({ setting, steps }) => {
    await expect(playHistory({ ...PLAIN, ...setting }, steps)).resolves.toBeUndefined();
  });

  test(`${RUNS} random histories keep every promise about engines that leave, and end`, SLOW, async () => {
    await expect(checkRandomHistories(RUNS)).resolves.toBeUndefined();
  });
});
