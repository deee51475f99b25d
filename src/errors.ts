/**
 * The error catalogue. Every error that leaves a module carries one of these codes; the code alone
 * decides how a controller answers it (log level, event, when to look again), so no caller needs its
 * own table. docs/errors.md documents each code for people; a test keeps the two equal.
 */

/**
 * - `Stalled`: only a person can end it; tell them and look again rarely.
 * - `Waiting`: expected and temporary, with a known time to look again.
 * - `Conflict`: somebody wrote first; read again and plan anew. Never worth an error line.
 * - `Transient`: an outage or a refusal that retrying may end; back off.
 * - `Aborted`: we were told to stop.
 * - `Bug`: should not happen; back off, and log as an error.
 */
export type Handling = 'Stalled' | 'Waiting' | 'Conflict' | 'Transient' | 'Aborted' | 'Bug';

export const ERROR_CATALOGUE = {
  ConfigInvalid: 'Stalled',
  KubeconfigInvalid: 'Stalled',
  Stalled: 'Stalled',
  Waiting: 'Waiting',
  Transient: 'Transient',
  Aborted: 'Aborted',
  Unexpected: 'Bug',
  ReconcileTimeout: 'Transient',
  CacheSyncTimeout: 'Transient',
  LeadershipLost: 'Aborted',
  ApiBadRequest: 'Bug',
  ApiUnauthorized: 'Transient',
  ApiForbidden: 'Transient',
  ApiNotFound: 'Conflict',
  ApiAlreadyExists: 'Conflict',
  ApiConflict: 'Conflict',
  ApiExpired: 'Transient',
  ApiInvalid: 'Stalled',
  ApiTooManyRequests: 'Waiting',
  ApiServerError: 'Transient',
  ApiUnreachable: 'Transient',
  ApiTimeout: 'Transient',
  ApiResponseTooLarge: 'Transient',
  ApiBadResponse: 'Transient',
} as const satisfies Record<string, Handling>;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;

export interface ErrorDetails {
  /** What a person can do about it, as an imperative sentence. */
  readonly remedy?: string;
  readonly cause?: unknown;
  /** Earliest useful time to try again, in milliseconds from now. */
  readonly retryAfterMs?: number | undefined;
}

/** An error with a stable code. `message` names the field or object, its value and the figures. */
export class WardenError extends Error {
  override readonly name: string = 'WardenError';
  readonly code: ErrorCode;
  readonly remedy: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.remedy = details.remedy;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** Thrown by a reconciler when only the user can help. `reason` becomes the reason of a condition. */
export class StalledError extends WardenError {
  override readonly name = 'StalledError';
  readonly reason: string;

  constructor(reason: string, message: string, details: ErrorDetails = {}) {
    super('Stalled', message, details);
    this.reason = reason;
  }
}

/** Thrown by a reconciler to look again after a known time; not a failure. */
export class WaitingError extends WardenError {
  override readonly name = 'WaitingError';
  readonly reason: string;

  constructor(reason: string, message: string, retryAfterMs: number) {
    super('Waiting', message, { retryAfterMs });
    this.reason = reason;
  }
}

/** Thrown when a thing outside failed in a way that retrying may end. */
export class TransientError extends WardenError {
  override readonly name = 'TransientError';
  readonly reason: string;

  constructor(reason: string, message: string, details: ErrorDetails = {}) {
    super('Transient', message, details);
    this.reason = reason;
  }
}

/** What a controller does about an error. */
export interface Failure {
  readonly handling: Handling;
  readonly code: ErrorCode;
  /** CamelCase: the thrower's own reason where it gave one, otherwise the code. */
  readonly reason: string;
  readonly message: string;
  readonly log: 'debug' | 'info' | 'warn' | 'error';
  /** Look again after exactly this many milliseconds; absent: the controller's back-off decides. */
  readonly requeueAfterMs?: number;
}

/** What the user mends (a Secret, RBAC, a foreign object) may lie outside what we watch. */
const STALLED_RECHECK_MS = 5 * 60_000;
const WAITING_DEFAULT_MS = 5_000;

const LOG_LEVEL: Readonly<Record<Handling, Failure['log']>> = {
  Stalled: 'warn',
  Waiting: 'info',
  Conflict: 'debug',
  Transient: 'warn',
  Aborted: 'debug',
  Bug: 'error',
};

/** Turns anything thrown (an Error of any kind, a string, undefined) into what to do about it. */
export function classify(thrown: unknown): Failure {
  const error = asWardenError(thrown);
  const handling = ERROR_CATALOGUE[error.code];
  const reason = 'reason' in error && typeof error.reason === 'string' ? error.reason : error.code;
  const requeueAfterMs = error.retryAfterMs ?? defaultRequeue(handling);
  return {
    handling,
    code: error.code,
    reason,
    message: error.remedy === undefined ? error.message : `${error.message} ${error.remedy}`,
    log: LOG_LEVEL[handling],
    ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }),
  };
}

/** Any thrown value as a `WardenError`; one that already is passes through unchanged. */
export function asWardenError(thrown: unknown): WardenError {
  if (thrown instanceof WardenError) return thrown;
  if (thrown instanceof Error) {
    const code = thrown.name === 'AbortError' ? 'Aborted' : 'Unexpected';
    return new WardenError(code, thrown.message === '' ? thrown.name : thrown.message, { cause: thrown });
  }
  return new WardenError('Unexpected', `something that is not an Error was thrown: ${String(thrown)}`, {
    cause: thrown,
  });
}

function defaultRequeue(handling: Handling): number | undefined {
  if (handling === 'Stalled') return STALLED_RECHECK_MS;
  if (handling === 'Waiting') return WAITING_DEFAULT_MS;
  return undefined;
}
