/** The bodies of errors as the API server writes them. */

const REASONS = {
  409: [
    'Conflict',
    'Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest version and try again',
  ],
  410: ['Expired', 'too old resource version'],
  429: ['TooManyRequests', 'the server has received too many requests and has asked us to try again later'],
  500: ['InternalError', 'Internal error occurred: injected by the fault proxy'],
} as const;
export type FaultCode = keyof typeof REASONS;

/** A `Status` object of kind Failure. */
export function statusBody(code: FaultCode, retryAfterSeconds?: number): Readonly<Record<string, unknown>> {
  const [reason, message] = REASONS[code];
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(retryAfterSeconds === undefined ? {} : { details: { retryAfterSeconds } }),
    code,
  };
}

/** The event by which a running watch says that its resource version is too old, as one line of the stream. */
export function expiredEvent(): string {
  return `${JSON.stringify({ type: 'ERROR', object: statusBody(410) })}\n`;
}
