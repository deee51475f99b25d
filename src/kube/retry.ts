import type { WardenError } from '../errors.ts';
import type { Random } from '../runtime/ports.ts';

const MAX_ATTEMPTS = 4;
const BASE_MS = 200;

/** A server that asks for more is answered by the caller, who may have something better to do meanwhile. */
const MAX_WAIT_MS = 10_000;

/**
 * Milliseconds until the next attempt of a request that failed, or undefined to give up. A refusal
 * before any work (429, connection refused) is retried for every verb; a failure that leaves open
 * whether the request was carried out only for verbs that may run twice. PATCH is one: an apply is
 * idempotent, and a merge-patch carries the resourceVersion it was made for.
 */
export function retryDelayMs(
  error: WardenError,
  method: string,
  attempt: number,
  random: Random,
): number | undefined {
  if (attempt >= MAX_ATTEMPTS || !isRetryable(error)) return undefined;
  if (method === 'POST' && isAmbiguous(error)) return undefined;
  const delayMs = Math.max(BASE_MS * 2 ** (attempt - 1) * (1 + random()), error.retryAfterMs ?? 0);
  return delayMs > MAX_WAIT_MS ? undefined : delayMs;
}

function isRetryable(error: WardenError): boolean {
  return (
    error.code === 'ApiTooManyRequests' ||
    error.code === 'ApiServerError' ||
    error.code === 'ApiUnreachable' ||
    error.code === 'ApiUnauthorized'
  );
}

/** Whether the request may have been carried out although it failed. */
function isAmbiguous(error: WardenError): boolean {
  if (error.code === 'ApiTooManyRequests' || error.code === 'ApiUnauthorized') return false;
  const cause: unknown = error.cause;
  const refused = cause instanceof Error && 'code' in cause && NOT_SENT.has(String(cause.code));
  return !refused;
}

const NOT_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);
