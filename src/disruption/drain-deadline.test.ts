import { expect, test } from 'vitest';
import { drainTimeoutSeconds } from './drain-deadline.ts';

const LEARNED = 'it is twice the 99th percentile of the request times';

test.each<[what: string, stated: number | undefined, p99: number | undefined, seconds: number, why: string]>([
  ['what the spec says', 5, 100, 5, 'drain.timeoutSeconds is 5'],
  ['twice the p99', undefined, 100.2, 201, `${LEARNED}, 100 s`],
  ['a minute for quick requests', undefined, 2.345, 60, `${LEARNED}, 2.35 s, but at least 60 s`],
  ['ten minutes for slow ones', undefined, 7680, 600, `${LEARNED}, 7680 s, but at most 600 s`],
  [
    'two minutes while unknown',
    undefined,
    undefined,
    120,
    'too few requests have ended to know how long they take',
  ],
])('an engine may take %s', (_what, timeoutSeconds, p99, seconds, because) => {
  const drain = timeoutSeconds === undefined ? {} : { timeoutSeconds };
  expect(drainTimeoutSeconds(drain, p99)).toEqual({ seconds, because });
});
