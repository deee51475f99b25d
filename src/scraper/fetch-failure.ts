import { errors } from 'undici';

/** Why a GET brought no body. */
export type FetchFailureReason =
  | 'Aborted'
  | 'BadAddress'
  | 'BadResponse'
  | 'ConnectionCut'
  | 'ConnectionRefused'
  | 'HttpStatus'
  | 'Redirect'
  | 'Timeout'
  | 'TooLarge'
  | 'Unreachable';

export interface FetchFailure {
  readonly ok: false;
  readonly reason: FetchFailureReason;
  readonly message: string;
}

/** Node's and undici's codes for the failures that say something about the engine. */
const BY_CODE: Readonly<Record<string, readonly [FetchFailureReason, string]>> = {
  ECONNREFUSED: [
    'ConnectionRefused',
    'the port refuses connections: the engine is starting, has ended, or listens elsewhere',
  ],
  ECONNRESET: ['ConnectionCut', 'the connection was reset before the answer was complete'],
  EPIPE: ['ConnectionCut', 'the connection was closed before the request was sent'],
  UND_ERR_SOCKET: ['ConnectionCut', 'the connection was closed before the answer was complete'],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: [
    'ConnectionCut',
    'the answer is shorter or longer than its Content-Length',
  ],
  UND_ERR_CONNECT_TIMEOUT: ['Timeout', 'no connection within the time limit'],
  UND_ERR_HEADERS_TIMEOUT: ['Timeout', 'no answer within the time limit'],
  UND_ERR_BODY_TIMEOUT: ['Timeout', 'the answer stopped half way'],
  UND_ERR_HEADERS_OVERFLOW: ['BadResponse', 'the headers of the answer are too large'],
  ENOTFOUND: ['Unreachable', 'the name of the host is not known'],
};

/** Turns what a request threw into a failure with a sentence; other codes are told as they are. */
export function describeFailure(error: unknown, aborted: boolean): FetchFailure {
  if (aborted)
    return { ok: false, reason: 'Aborted', message: 'the request was given up because the scraper stops' };
  const code = codeOf(error);
  const known = code === undefined ? undefined : BY_CODE[code];
  if (known !== undefined) return { ok: false, reason: known[0], message: known[1] };
  const detail = error instanceof Error ? error.message : String(error);
  if (error instanceof errors.HTTPParserError) {
    return { ok: false, reason: 'BadResponse', message: `the answer is not HTTP: ${detail}` };
  }
  return {
    ok: false,
    reason: 'Unreachable',
    message: `the engine cannot be reached: ${detail || code || 'unknown'}`,
  };
}

/** The first code along the chain of causes. */
function codeOf(error: unknown): string | undefined {
  let at = error;
  for (let depth = 0; depth < 4 && at instanceof Error; depth++) {
    if ('code' in at && typeof at.code === 'string' && at.code !== '') return at.code;
    at = at.cause;
  }
  return undefined;
}
