import { Agent, request } from 'undici';
import { z } from 'zod';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface ApiResponse {
  readonly status: number;
  /** The parsed JSON body; the text itself where it is not JSON. */
  readonly body: unknown;
}

const watchEventSchema = z.object({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: z.unknown(),
});
export type WatchEvent = z.infer<typeof watchEventSchema>;

/** An answer that is not 2xx where the caller counted on one. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  constructor(method: Method, path: string, response: ApiResponse) {
    super(`${method} ${path}: ${response.status} ${JSON.stringify(response.body)}`);
    this.status = response.status;
  }
}

const TIMEOUT_MS = 30_000;

/** A plain client of the API server over a pool of its own: JSON in, JSON out, no cache, no retries. */
export class ApiClient {
  readonly #url: string;
  readonly #token: string;
  readonly #agent: Agent;

  /** @param ca the API server's certificate authority, PEM */
  constructor(url: string, token: string, ca: string) {
    this.#url = url;
    this.#token = token;
    this.#agent = new Agent({ connect: { ca }, connections: 64 });
  }

  async request(
    method: Method,
    path: string,
    body?: unknown,
    contentType = 'application/json',
    signal?: AbortSignal,
  ): Promise<ApiResponse> {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const response = await request(`${this.#url}${path}`, {
      method,
      dispatcher: this.#agent,
      headers: {
        authorization: `Bearer ${this.#token}`,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': contentType }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    const text = await response.body.text();
    const type = response.headers['content-type'];
    const isJson = typeof type === 'string' && type.startsWith('application/json');
    return { status: response.statusCode, body: isJson ? (JSON.parse(text) as unknown) : text };
  }

  /** Like `request`, but an answer that is not 2xx is thrown as ApiError, and the body is parsed. */
  async call<T>(
    schema: z.ZodType<T>,
    method: Method,
    path: string,
    body?: unknown,
    contentType?: string,
  ): Promise<T> {
    const response = await this.request(method, path, body, contentType);
    if (response.status < 200 || response.status > 299) throw new ApiError(method, path, response);
    return schema.parse(response.body);
  }

  /**
   * Follows a watch until the server ends it or `signal` fires (which ends the iteration without an error).
   *
   * @param path a list path, with any selectors; `watch=true` is added
   */
  async *watch(path: string, signal?: AbortSignal): AsyncGenerator<WatchEvent, void, void> {
    const response = await request(`${this.#url}${path}${path.includes('?') ? '&' : '?'}watch=true`, {
      dispatcher: this.#agent,
      headers: { authorization: `Bearer ${this.#token}`, accept: 'application/json' },
      bodyTimeout: 0,
      signal: signal ?? null,
    });
    if (response.statusCode !== 200) {
      throw new ApiError('GET', path, { status: response.statusCode, body: await response.body.text() });
    }
    let rest = '';
    response.body.setEncoding('utf8');
    try {
      for await (const chunk of response.body) {
        const lines = (rest + z.string().parse(chunk)).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) yield watchEventSchema.parse(JSON.parse(line));
      }
    } catch (error) {
      if (signal?.aborted !== true) throw error;
    } finally {
      response.body.destroy();
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}
