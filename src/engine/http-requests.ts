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

/** Finds out from the labels of `http_requests_total` whether a series counts answered generation requests. */
export class HttpRequestsReader {
  /** Index of its route in `GENERATING_ROUTES`; -1 if the series counts anything else. */
  route = -1;
  private readonly value: Slice = { start: 0, end: 0 };

  clear(): void {
    this.route = -1;
  }

  /** Reads from just after `{` to just after `}`; that position, or -1 if the block is malformed. */
  read(bytes: Uint8Array, start: number): number {
    let route = -1;
    let posted = false;
    let succeeded = false;
    let at = skipBlanks(bytes, start);
    while (bytes[at] !== CLOSE_BRACE) {
      const nameEnd = readLabelName(bytes, at);
      const next = nameEnd === at ? -1 : readLabelValue(bytes, nameEnd, this.value);
      if (next < 0) return -1;
      const { value } = this;
      if (is(HANDLER, bytes, at, nameEnd)) route = routeOf(bytes, value);
      else if (is(METHOD, bytes, at, nameEnd)) posted = is(POST, bytes, value.start, value.end);
      else if (is(STATUS, bytes, at, nameEnd)) succeeded = is(SUCCESS, bytes, value.start, value.end);
      at = next;
    }
    this.route = posted && succeeded ? route : -1;
    return at + 1;
  }
}

/** A route has nothing in it that the format would escape. */
function routeOf(bytes: Uint8Array, { start, end }: Slice): number {
  return ROUTES.findIndex((route) => is(route, bytes, start, end));
}
