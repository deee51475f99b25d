import { CLOSE_BRACE, skipBlanks } from './bytes.ts';
import { is, readLabelName, readLabelValue, type Slice } from './labels.ts';

/**
 * The routes whose requests run in the engine until their answer ends (vllm/entrypoints at v0.32.0). Left out are those
 * that generate nothing (render, tokenize, count_tokens, models, administration) and pooling, where one request holds
 * many inputs, each of which the engine counts.
 */
export const GENERATING_ROUTES = [
  '/v1/chat/completions',
  '/v1/chat/completions/batch',
  '/v1/completions',
  '/v1/responses',
  '/v1/messages',
  '/v1/audio/transcriptions',
  '/v1/audio/translations',
  '/v1/systemone',
  '/cohere/v2/chat',
  '/generative_scoring',
  '/generate',
  '/inference/v1/generate',
  '/invocations',
] as const;

const encoder = new TextEncoder();
const ROUTES: readonly Uint8Array[] = GENERATING_ROUTES.map((route) => encoder.encode(route));
const HANDLER = encoder.encode('handler');
const METHOD = encoder.encode('method');
const STATUS = encoder.encode('status');
const POST = encoder.encode('POST');
const SUCCESS = encoder.encode('2xx');
const SERVER_ERROR = encoder.encode('5xx');

/** Each generating route twice: its requests that were answered with success, then those with a server's error. */
export const HTTP_SLOTS = 2 * ROUTES.length;
/** The first slot of requests that were answered with a server's error. */
export const FIRST_FAILED_SLOT = ROUTES.length;

/** Finds out from the labels of `http_requests_total` which answers to generation requests a series counts. */
export class HttpRequestsReader {
  /** One of `HTTP_SLOTS`; -1 if the series counts anything else. */
  slot = -1;
  private readonly value: Slice = { start: 0, end: 0 };

  clear(): void {
    this.slot = -1;
  }

  /** Reads from just after `{` to just after `}`; that position, or -1 if the block is malformed. */
  read(bytes: Uint8Array, start: number): number {
    let route = -1;
    let posted = false;
    let first = -1;
    let at = skipBlanks(bytes, start);
    while (bytes[at] !== CLOSE_BRACE) {
      const nameEnd = readLabelName(bytes, at);
      const next = nameEnd === at ? -1 : readLabelValue(bytes, nameEnd, this.value);
      if (next < 0) return -1;
      const { value } = this;
      if (is(HANDLER, bytes, at, nameEnd)) route = routeOf(bytes, value);
      else if (is(METHOD, bytes, at, nameEnd)) posted = is(POST, bytes, value.start, value.end);
      else if (is(STATUS, bytes, at, nameEnd)) first = firstSlotOf(bytes, value);
      at = next;
    }
    this.slot = posted && first >= 0 && route >= 0 ? first + route : -1;
    return at + 1;
  }
}

/** A route has nothing in it that the format would escape. */
function routeOf(bytes: Uint8Array, { start, end }: Slice): number {
  return ROUTES.findIndex((route) => is(route, bytes, start, end));
}

/** The first slot of a class of status; -1 for one that nobody needs. */
function firstSlotOf(bytes: Uint8Array, { start, end }: Slice): number {
  if (is(SUCCESS, bytes, start, end)) return 0;
  return is(SERVER_ERROR, bytes, start, end) ? FIRST_FAILED_SLOT : -1;
}
