import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import type { Clock } from '../runtime/ports.ts';
import { describeFailure, type FetchFailure } from './fetch-failure.ts';

/** What one GET may cost. */
export interface Limits {
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

export type FetchResult = { readonly ok: true; readonly body: Uint8Array } | FetchFailure;

/** Bytes of an unwanted body that are read to keep the connection. */
const DUMPED_BYTES = 16 * 1024;

/**
 * GETs small documents from engines: no redirects, no decompression, one connection per engine, and for every request
 * a time limit and a size limit. Never rejects.
 */
export class PageClient {
  readonly #dispatcher: Dispatcher;
  readonly #clock: Clock;

  /** `engineProxyUrl`: an HTTP proxy that carries every connection by CONNECT, for running outside the pod network. */
  constructor(clock: Clock, engineProxyUrl?: string) {
    this.#clock = clock;
    // undici closes idle connections after 4 s, before vLLM's server does after 5 s: no request meets a socket that
    // its server is just closing.
    const options = { connections: 1 };
    this.#dispatcher =
      engineProxyUrl === undefined
        ? new Agent(options)
        : new ProxyAgent({ ...options, uri: engineProxyUrl, proxyTunnel: true });
  }

  /** The body of a 200 answer. `origin` is `http://host:port`; `path` begins with a slash. */
  async get(origin: string, path: string, limits: Limits, signal: AbortSignal): Promise<FetchResult> {
    if (signal.aborted) return describeFailure(signal.reason, true);
    let late = false;
    const request = new AbortController();
    // Joined by hand: a signal made by AbortSignal.any per request would hang on the long-lived one of its loop.
    const give = (): void => request.abort();
    const cancel = this.#clock.after(limits.timeoutMs, () => {
      late = true;
      give();
    });
    signal.addEventListener('abort', give, { once: true });
    try {
      const response = await this.#dispatcher.request({
        origin,
        path,
        method: 'GET',
        headers: { accept: 'text/plain, */*;q=0.1' },
        signal: request.signal,
      });
      return await readBody(response, limits.maxBytes);
    } catch (error) {
      return late ? timedOut(limits.timeoutMs) : describeFailure(error, signal.aborted);
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

function timedOut(timeoutMs: number): FetchFailure {
  return { ok: false, reason: 'Timeout', message: `no complete answer within ${timeoutMs / 1000} s` };
}

async function readBody(response: Dispatcher.ResponseData, maxBytes: number): Promise<FetchResult> {
  const { statusCode, body } = response;
  if (statusCode !== 200) {
    await body.dump({ limit: DUMPED_BYTES });
    const redirect = statusCode >= 300 && statusCode < 400;
    return redirect
      ? {
          ok: false,
          reason: 'Redirect',
          message: `the answer is a redirect (HTTP ${statusCode}); none is followed`,
        }
      : { ok: false, reason: 'HttpStatus', message: `the answer is HTTP ${statusCode}, not 200` };
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    if (!(chunk instanceof Uint8Array)) continue;
    chunks.push(chunk);
    length += chunk.length;
    // Leaving the loop destroys the body and with it the connection.
    if (length > maxBytes)
      return { ok: false, reason: 'TooLarge', message: `the answer exceeds ${maxBytes} bytes` };
  }
  return {
    ok: true,
    body: chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, length),
  };
}
