import { describe, expect, test } from 'vitest';
import { WardenError, type ErrorCode } from '../errors.ts';
import { retryDelayMs } from './retry.ts';

const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

function delay(
  code: ErrorCode,
  method: string,
  details: { retryAfterMs?: number; cause?: unknown } = {},
): number | undefined {
  return retryDelayMs(new WardenError(code, 'x', details), method, 1, () => 0);
}

describe('a failed request', () => {
  test.each([
    { name: 'shed load is retried for every verb', code: 'ApiTooManyRequests', method: 'POST', delayMs: 200 },
    {
      name: 'a server error is retried where twice is as good as once',
      code: 'ApiServerError',
      method: 'PATCH',
      delayMs: 200,
    },
    {
      name: 'a POST that may have been carried out is not sent again',
      code: 'ApiServerError',
      method: 'POST',
      delayMs: undefined,
    },
    {
      name: 'a POST whose connection broke is not sent again',
      code: 'ApiUnreachable',
      method: 'POST',
      cause: reset,
      delayMs: undefined,
    },
    {
      name: 'a POST that was never sent is',
      code: 'ApiUnreachable',
      method: 'POST',
      cause: refused,
      delayMs: 200,
    },
    { name: 'a conflict is for the caller', code: 'ApiConflict', method: 'PUT', delayMs: undefined },
    { name: 'a refusal is for the caller', code: 'ApiForbidden', method: 'GET', delayMs: undefined },
    { name: 'a time-out has cost enough time', code: 'ApiTimeout', method: 'GET', delayMs: undefined },
    { name: 'stale credentials are read anew', code: 'ApiUnauthorized', method: 'POST', delayMs: 200 },
  ] as const)('$name', ({ code, method, delayMs, ...details }) => {
    expect(delay(code, method, details)).toBe(delayMs);
  });

  test('waits as long as Retry-After says, but leaves a long wait to the caller', () => {
    expect(delay('ApiTooManyRequests', 'GET', { retryAfterMs: 4_000 })).toBe(4_000);
    expect(delay('ApiTooManyRequests', 'GET', { retryAfterMs: 60_000 })).toBeUndefined();
  });

  test('is tried four times, each wait twice the one before', () => {
    const error = new WardenError('ApiServerError', 'x');
    const waits = [1, 2, 3, 4].map((attempt) => retryDelayMs(error, 'GET', attempt, () => 0));
    expect(waits).toEqual([200, 400, 800, undefined]);
  });
});
