import type { Readable } from 'node:stream';
import { request, type Dispatcher } from 'undici';
import { asWardenError, WardenError } from '../errors.ts';
import type { Clock, Log, Random } from '../runtime/ports.ts';
import { errorOfResponse, parseJson } from './api-error.ts';
import type { PooledKubeConfig } from './config.ts';
import { retryDelayMs } from './retry.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface RestRequest {
  readonly method: Method;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: object | undefined;
  /** Default `application/json`. */
  readonly contentType?: string;
  readonly signal: AbortSignal;
}

/** Telemetry of requests: HTTP status, or the error's code where there was no answer. */
export type OnRequest = (method: Method, outcome: string, seconds: number) => void;

export interface RestOptions {
  readonly config: PooledKubeConfig;
  readonly userAgent: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly onRequest: OnRequest;
  /** For one attempt of a request, from connecting to the last byte, in ms. */
  readonly timeoutMs: number;
}

/** 500 objects of a page at 130 KB each; the largest pods seen have 50. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** JSON requests to the API server: authenticated, pooled, bounded in time and size, retried where that is safe. */
export class RestClient {
  readonly #options: RestOptions;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  /**
   * The JSON value of a 2xx answer.
   * @throws ApiError for any other status; WardenError `ApiTimeout`, `ApiUnreachable`,
   *   `ApiResponseTooLarge`, `ApiBadResponse`, or `Aborted` when the signal did it
   */
  async request(rest: RestRequest): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(rest);
      } catch (thrown) {
        const error = asWardenError(thrown);
        const delayMs = retryDelayMs(error, rest.method, attempt, this.#options.random);
        if (delayMs === undefined || rest.signal.aborted) throw error;
        this.#options.log.debug(
          { code: error.code, attempt, delayMs: Math.round(delayMs) },
          `retrying: ${error.message}`,
        );
        await this.#options.clock.sleep(delayMs, rest.signal);
      }
    }
  }

  /**
   * The body of a 2xx answer as it arrives. The stream fails when nothing comes for `silenceMs`; a
   * reader that is slow does not count as silence. The caller destroys it.
   */
  async stream(rest: RestRequest, silenceMs: number): Promise<Readable> {
    const response = await this.#send(rest, rest.signal, 'watches', silenceMs);
    if (response.statusCode < 300) return response.body;
    throw await this.#refused(rest, response);
  }

  async #attempt(rest: RestRequest): Promise<unknown> {
    const startedAt = this.#options.clock.monotonic();
    const report = (outcome: string): void =>
      this.#options.onRequest(rest.method, outcome, (this.#options.clock.monotonic() - startedAt) / 1000);
    const deadline = AbortSignal.any([rest.signal, AbortSignal.timeout(this.#options.timeoutMs)]);
    try {
      const response = await this.#send(rest, deadline, 'requests', this.#options.timeoutMs);
      if (response.statusCode >= 300) throw await this.#refused(rest, response);
      const value = parseJson(await readText(rest, response.body));
      if (value === undefined)
        throw new WardenError('ApiBadResponse', `${describe(rest)}: the answer is not JSON`);
      report(String(response.statusCode));
      return value;
    } catch (thrown) {
      const error = errorOfTransport(rest, thrown);
      report('status' in error ? String(error.status) : error.code);
      throw error;
    }
  }

  async #send(
    rest: RestRequest,
    signal: AbortSignal,
    pool: 'requests' | 'watches',
    bodyTimeout: number,
  ): Promise<Dispatcher.ResponseData> {
    try {
      const authorized = await this.#options.config.authorize();
      return await request(this.#url(rest), {
        method: rest.method,
        dispatcher: authorized[pool],
        headers: {
          ...authorized.headers,
          accept: 'application/json',
          'user-agent': this.#options.userAgent,
          ...(rest.body === undefined ? {} : { 'content-type': rest.contentType ?? 'application/json' }),
        },
        body: rest.body === undefined ? null : JSON.stringify(rest.body),
        signal,
        headersTimeout: this.#options.timeoutMs,
        bodyTimeout,
      });
    } catch (thrown) {
      throw errorOfTransport(rest, thrown);
    }
  }

  async #refused(rest: RestRequest, response: Dispatcher.ResponseData): Promise<WardenError> {
    if (response.statusCode === 401) this.#options.config.forgetCredentials();
    const retryAfter = response.headers['retry-after'];
    const body = await readText(rest, response.body);
    return errorOfResponse(
      describe(rest),
      response.statusCode,
      body,
      Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
    );
  }

  #url(rest: RestRequest): URL {
    const url = new URL(this.#options.config.server);
    // Some clusters are served below a path (Rancher's /k8s/clusters/…).
    url.pathname = url.pathname.replace(/\/$/, '') + rest.path;
    for (const [name, value] of Object.entries(rest.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    return url;
  }
}

/** The request for people: without its query, which may be long. */
export function describe(rest: Pick<RestRequest, 'method' | 'path'>): string {
  return `${rest.method} ${rest.path}`;
}

/** Whatever undici threw, as an error with a code. */
export function errorOfTransport(rest: RestRequest, thrown: unknown): WardenError {
  if (thrown instanceof WardenError) return thrown;
  const what = describe(rest);
  if (rest.signal.aborted) return new WardenError('Aborted', `${what}: cancelled`, { cause: thrown });
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const isTimeout = thrown instanceof Error && /Timeout/.test(thrown.name);
  return new WardenError(isTimeout ? 'ApiTimeout' : 'ApiUnreachable', `${what}: ${message}`, {
    cause: thrown,
  });
}

async function readText(rest: RestRequest, body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes: Buffer = chunk;
    size += bytes.length;
    if (size > MAX_BODY_BYTES) {
      throw new WardenError(
        'ApiResponseTooLarge',
        `${describe(rest)}: the answer is larger than ${MAX_BODY_BYTES} bytes`,
      );
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
