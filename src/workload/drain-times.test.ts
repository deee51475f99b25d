import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drainTimes } from './drain-times.ts';

test.each([
  ['nothing is set: 600 s to drain and 30 s of margin', { settleSeconds: 10 }, [10, 600, 640]],
  ['the time-out is set', { settleSeconds: 10, timeoutSeconds: 300 }, [10, 300, 340]],
  [
    'the grace alone is set: the time-out is what fits',
    { settleSeconds: 5, terminationGracePeriodSeconds: 300 },
    [5, 280, 300],
  ],
  [
    'a long grace alone does not lengthen the time-out',
    { settleSeconds: 10, terminationGracePeriodSeconds: 7200 },
    [10, 600, 7200],
  ],
  ['all are set', { settleSeconds: 20, timeoutSeconds: 60, terminationGracePeriodSeconds: 95 }, [20, 60, 95]],
])('%s', (_, drain, [settleSeconds, timeoutSeconds, gracePeriodSeconds]) => {
  expect(drainTimes(drain)).toEqual({ settleSeconds, timeoutSeconds, gracePeriodSeconds });
});

test('whatever the CRD accepts, the grace covers settling and draining with 15 s to spare', () => {
  const accepted = fc
    .record(
      {
        settleSeconds: fc.integer({ min: 0, max: 300 }),
        timeoutSeconds: fc.integer({ min: 1, max: 86_400 }),
        terminationGracePeriodSeconds: fc.integer({ min: 1, max: 90_000 }),
      },
      { requiredKeys: ['settleSeconds'] },
    )
    .filter(
      (drain) =>
        drain.terminationGracePeriodSeconds === undefined ||
        drain.terminationGracePeriodSeconds >= drain.settleSeconds + (drain.timeoutSeconds ?? 1) + 15,
    );
  fc.assert(
    fc.property(accepted, (drain) => {
      const times = drainTimes(drain);
      expect(times.timeoutSeconds).toBeGreaterThanOrEqual(1);
      expect(times.gracePeriodSeconds).toBeGreaterThanOrEqual(
        times.settleSeconds + times.timeoutSeconds + 15,
      );
    }),
  );
});
