import { describe, expect, test } from 'vitest';
import { errorOfResponse, errorOfWatchEvent } from './api-error.ts';

const status = (code: number, reason: string, more: object = {}): string =>
  JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    message: 'said so',
    reason,
    code,
    ...more,
  });

describe('an answer that is no success', () => {
  test.each([
    { http: 409, body: status(409, 'Conflict'), code: 'ApiConflict' },
    { http: 409, body: status(409, 'AlreadyExists'), code: 'ApiAlreadyExists' },
    { http: 410, body: status(410, 'Expired'), code: 'ApiExpired' },
    { http: 410, body: status(410, 'Gone'), code: 'ApiExpired' },
    { http: 404, body: status(404, 'NotFound'), code: 'ApiNotFound' },
    { http: 422, body: status(422, 'Invalid'), code: 'ApiInvalid' },
    { http: 503, body: '<html>bad gateway</html>', code: 'ApiServerError' },
    { http: 302, body: '', code: 'ApiBadRequest' },
  ])('$http $body is $code', ({ http, body, code }) => {
    expect(errorOfResponse('GET /x', http, body)).toMatchObject({ code, status: http });
  });

  test('names the request, the status and what the server said', () => {
    expect(errorOfResponse('GET /x', 403, status(403, 'Forbidden')).message).toBe('GET /x: 403, said so');
    expect(errorOfResponse('GET /x', 502, '').message).toBe('GET /x: 502');
  });

  test('takes the wait from the Retry-After header, else from the Status', () => {
    const body = status(429, 'TooManyRequests', { details: { retryAfterSeconds: 3 } });
    expect(errorOfResponse('GET /x', 429, body, '7').retryAfterMs).toBe(7_000);
    expect(errorOfResponse('GET /x', 429, body).retryAfterMs).toBe(3_000);
    expect(
      errorOfResponse('GET /x', 429, body, 'Wed, 21 Oct 2026 07:28:00 GMT').retryAfterMs,
    ).toBeUndefined();
  });
});

test('410 inside a watch that was answered with 200 is the same as 410 before it (kubernetes-monitor #1506)', () => {
  const event: unknown = JSON.parse(status(410, 'Expired'));
  expect(errorOfWatchEvent('watch', event)).toMatchObject({ code: 'ApiExpired', status: 410 });
});
