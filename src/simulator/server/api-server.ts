import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import {
  badRequest,
  ENGINE_DEAD,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  UNAUTHORIZED,
  validationError,
} from './api-error.ts';
import type { GenerationService } from './generation.ts';
import { endWithError, readBody, send, sendError, sendJson } from './http-io.ts';
import type { HttpMetrics } from './http-metrics.ts';
import type { MetricsPage } from './metrics-page.ts';
import { parseRequest, type Endpoint } from './openai-request.ts';
import type { ServeArgs } from './serve-args.ts';

/** With prometheus_client 0.23 and later, whatever the client accepts. */
const PAGE_CONTENT_TYPE = 'text/plain; version=1.0.0; charset=utf-8';

/** uvicorn's default. */
const KEEP_ALIVE_MS = 5000;

/** Routes that the instrumentator of vLLM leaves out of the `http_` families. */
const UNCOUNTED = new Set(['/metrics', '/health', '/load', '/ping', '/version']);

export interface ApiServerParts {
  readonly args: ServeArgs;
  readonly vllmVersion: string;
  readonly generation: GenerationService;
  readonly page: MetricsPage;
  readonly http: HttpMetrics;
  /** Called whenever a request has left. */
  readonly onRequestEnd: () => void;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;
/** By path, then by method. */
export type Routes = Readonly<Record<string, Readonly<Record<string, Handler>>>>;

/** The HTTP front of one engine. */
export class ApiServer {
  /** Refuse new generation requests: the engine is shutting down. */
  draining = false;
  pageDelayMs = 0;
  readonly #parts: ApiServerParts;
  readonly #routes: Map<string, Routes[string]>;
  readonly #server: Server;
  /** Open connections, and whether each has a request that is not answered to the end. */
  readonly #connections = new Map<Socket, { busy: boolean }>();
  /** Generation requests that have not been answered to the end. */
  readonly #answering = new Set<ServerResponse>();
  #engineDead = false;
  #closing = false;

  constructor(parts: ApiServerParts) {
    this.#parts = parts;
    this.#routes = this.#createRoutes();
    this.#server = createServer((request, response) => this.#handle(request, response));
    this.#server.keepAliveTimeout = KEEP_ALIVE_MS;
    this.#server.on('connection', (socket: Socket) => {
      this.#connections.set(socket, { busy: false });
      socket.once('close', () => this.#connections.delete(socket));
    });
  }

  /** Generation requests that have not been answered to the end. */
  get inFlight(): number {
    return this.#answering.size;
  }

  /** Serves more than vLLM does by default. */
  addRoutes(routes: Routes): void {
    for (const [path, handlers] of Object.entries(routes)) this.#routes.set(path, handlers);
  }

  /** The engine behind it has died: `/health` is 503 from now on, and every request ends with an error. */
  loseEngine(): void {
    this.#engineDead = true;
    for (const response of this.#answering) endWithError(response, ENGINE_DEAD);
  }

  async listen(host: string, port: number, signal: AbortSignal): Promise<void> {
    this.#server.listen({ host, port, exclusive: true });
    await once(this.#server, 'listening', { signal });
  }

  /**
   * Refuses new connections and ends idle ones. Those with a request stay open for as long as their client does.
   * @param onClosed called when the last connection has gone
   */
  close(onClosed: () => void): void {
    this.#closing = true;
    this.#server.close(onClosed);
    for (const [socket, { busy }] of this.#connections) {
      if (!busy) socket.destroySoon();
    }
  }

  /** Refuses new connections and cuts all. */
  destroy(): void {
    this.#server.close();
    for (const socket of this.#connections.keys()) socket.destroy();
  }

  #createRoutes(): Map<string, Routes[string]> {
    const { args, vllmVersion } = this.#parts;
    const healthy: Handler = (_request, response) => {
      send(response, this.#engineDead ? 503 : 200, 'text/plain', '');
    };
    const version = JSON.stringify({ version: vllmVersion });
    const models = modelsBody(args);
    return new Map<string, Routes[string]>([
      ['/health', { GET: healthy }],
      ['/ping', { GET: healthy, POST: healthy }],
      ['/version', { GET: (_request, response) => sendJson(response, version) }],
      ['/load', { GET: (_request, response) => sendJson(response, this.#loadBody()) }],
      ['/metrics', { GET: (_request, response) => this.#sendPage(response) }],
      ['/v1/models', { GET: (_request, response) => sendJson(response, models) }],
      ['/v1/chat/completions', { POST: (request, response) => this.#generate('chat', request, response) }],
      ['/v1/completions', { POST: (request, response) => this.#generate('completions', request, response) }],
    ]);
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    this.#trackConnection(request.socket, response);
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const route = this.#routes.get(path);
    const handler = route?.[request.method ?? ''];
    this.#count(handler === undefined ? 'none' : path, request, response);
    if (route === undefined) return sendError(response, NOT_FOUND);
    if (handler === undefined) return sendError(response, METHOD_NOT_ALLOWED);
    if (!this.#authorized(path, request)) return sendError(response, UNAUTHORIZED);
    void handler(request, response);
  }

  #trackConnection(socket: Socket, response: ServerResponse): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return;
    connection.busy = true;
    response.once('close', () => {
      connection.busy = false;
      if (this.#closing) socket.destroySoon();
    });
  }

  #count(handler: string, request: IncomingMessage, response: ServerResponse): void {
    if (UNCOUNTED.has(handler) || handler.startsWith('/sim/')) return;
    const startedMs = performance.now();
    response.once('close', () => {
      const exchange = {
        handler,
        method: request.method ?? '',
        status: response.statusCode,
        requestBytes: Number(request.headers['content-length'] ?? 0),
        responseBytes: Number(response.getHeader('content-length') ?? 0),
        durationSeconds: (performance.now() - startedMs) / 1000,
      };
      this.#parts.http.record(exchange, Date.now() / 1000);
    });
  }

  #authorized(path: string, request: IncomingMessage): boolean {
    const { apiKeys } = this.#parts.args;
    if (apiKeys.length === 0 || !path.startsWith('/v1')) return true;
    return apiKeys.some((key) => request.headers.authorization === `Bearer ${key}`);
  }

  async #generate(endpoint: Endpoint, request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#answering.add(response);
    response.once('close', () => {
      this.#answering.delete(response);
      this.#parts.onRequestEnd();
    });
    const body = await readBody(request);
    if (response.destroyed || response.writableEnded) return;
    if (body === undefined) return sendError(response, badRequest('The body is too large.', null));
    if (this.draining || this.#engineDead) return sendError(response, ENGINE_DEAD);
    if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
      const issue = `Unsupported Media Type: Only 'application/json' is allowed`;
      return sendError(response, validationError(issue, null));
    }
    const { servedModelNames, engine } = this.#parts.args;
    const outcome = parseRequest(endpoint, body, { servedModelNames, maxModelLen: engine.maxModelLen });
    if (outcome.kind === 'Refused') return sendError(response, outcome.error);
    this.#parts.generation.serve(outcome.request, response);
  }

  #sendPage(response: ServerResponse): void {
    const answer = (): void => send(response, 200, PAGE_CONTENT_TYPE, this.#parts.page.render());
    if (this.pageDelayMs === 0) return answer();
    const timer = setTimeout(answer, this.pageDelayMs);
    response.once('close', () => clearTimeout(timer));
  }

  /** 0 unless `--enable-server-load-tracking`, as in vLLM. */
  #loadBody(): string {
    return JSON.stringify({ server_load: this.#parts.args.serverLoadTracking ? this.inFlight : 0 });
  }
}

function modelsBody(args: ServeArgs): string {
  const created = Math.floor(Date.now() / 1000);
  const data = args.servedModelNames.map((id) => ({
    id,
    object: 'model',
    created,
    owned_by: 'vllm',
    root: args.model,
    parent: null,
    max_model_len: args.engine.maxModelLen,
  }));
  return JSON.stringify({ object: 'list', data });
}
