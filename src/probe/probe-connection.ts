import { Agent, ProxyAgent, errors, type Dispatcher } from 'undici';
import type { Clock } from '../runtime/ports.ts';

export interface ProbeRequest {
  readonly method: 'GET' | 'POST';
  /** Begins with a slash. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: object;
  /** From connecting to the last byte. */
  readonly timeoutMs: number;
}

/**
 * What became of a request.
 *
 * - `Answered`: with any status; redirects are not followed.
 * - `TimedOut`: not one byte of an answer in time.
 * - `Refused`: nobody listens, or the connection was cut before the answer.
 * - `Failed`: anything else; it says nothing about the engine.
 */
export type ProbeAnswer =
  | { readonly kind: 'Answered'; readonly status: number; readonly body: string }
  | { readonly kind: 'TimedOut' | 'Refused' | 'Failed'; readonly message: string };

const MAX_BYTES = 64 * 1024;
/** Own limits stand in for undici's, which count each phase by itself. */
const NO_LIMITS = { connectTimeout: 0, headersTimeout: 0, bodyTimeout: 0 };
/** After the time is over, for an answer that has come while this process stood still: timers run before sockets. */
const GRACE_MS = 250;
/** What an HTTP proxy answers to CONNECT when the other side refuses. */
const BAD_GATEWAY = 502;

const REFUSED: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the port refuses connections',
  ECONNRESET: 'the connection was reset before the answer',
  EPIPE: 'the connection was closed before the request was sent',
  UND_ERR_SOCKET: 'the connection was closed before the answer',
};

/**
 * The connections of one probe: new ones, so that a probe meets neither the scraper's nor one that its server has
 * given up. Requests never reject.
 */
export class ProbeConnection {
  readonly #origin: string;
  readonly #clock: Clock;
  readonly #dispatcher: Dispatcher;

  constructor(origin: string, clock: Clock, engineProxyUrl: string | undefined) {
    this.#origin = origin;
    this.#clock = clock;
    this.#dispatcher =
      engineProxyUrl === undefined
        ? new Agent(NO_LIMITS)
        : new ProxyAgent({ ...NO_LIMITS, uri: engineProxyUrl, proxyTunnel: true });
  }

  async request(wanted: ProbeRequest, signal: AbortSignal): Promise<ProbeAnswer> {
    const { method, path, headers, body, timeoutMs } = wanted;
    const cut = new AbortController();
    const give = (): void => cut.abort();
    if (signal.aborted) give();
    let isLate = false;
    let hasBegun = false;
    let cancel = this.#clock.after(timeoutMs, () => {
      cancel = this.#clock.after(GRACE_MS, () => {
        isLate = true;
        give();
      });
    });
    signal.addEventListener('abort', give, { once: true });
    try {
      const response = await this.#dispatcher.request({
        origin: this.#origin,
        path,
        method,
        headers: {
          'user-agent': 'vllm-warden',
          accept: 'application/json',
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        body: body === undefined ? null : JSON.stringify(body),
        signal: cut.signal,
      });
      hasBegun = true;
      return await readAnswer(response);
    } catch (error) {
      if (!isLate) return describeFailure(error);
      const seconds = timeoutMs / 1000;
      return hasBegun
        ? { kind: 'Failed', message: `an answer began and did not end within ${seconds} s` }
        : { kind: 'TimedOut', message: `no answer within ${seconds} s` };
    } finally {
      cancel();
      signal.removeEventListener('abort', give);
    }
  }

  /** Cuts every connection. */
  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }
}

async function readAnswer({ statusCode, body }: Dispatcher.ResponseData): Promise<ProbeAnswer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    if (!(chunk instanceof Uint8Array)) continue;
    chunks.push(chunk);
    size += chunk.length;
    // Leaving the loop destroys the body and with it the connection.
    if (size > MAX_BYTES) return { kind: 'Failed', message: `the answer exceeds ${MAX_BYTES} bytes` };
  }
  return { kind: 'Answered', status: statusCode, body: Buffer.concat(chunks, size).toString('utf8') };
}

function describeFailure(error: unknown): ProbeAnswer {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const refused = REFUSED[code];
  if (refused !== undefined) return { kind: 'Refused', message: refused };
  const detail = error instanceof Error ? error.message : String(error);
  if (proxyStatus(error) === BAD_GATEWAY) {
    return { kind: 'Refused', message: 'the engine proxy answers that the engine refuses connections (502)' };
  }
  return { kind: 'Failed', message: `the engine cannot be asked: ${detail === '' ? code : detail}` };
}

/** undici tells the status that a proxy gave to CONNECT only in the text of its error. */
function proxyStatus(error: unknown): number | undefined {
  if (!(error instanceof errors.RequestAbortedError)) return undefined;
  const status = /^Proxy response \((\d+)\)/.exec(error.message)?.[1];
  return status === undefined ? undefined : Number(status);
}
