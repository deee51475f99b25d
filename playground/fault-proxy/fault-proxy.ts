import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as httpsRequest, type Server } from 'node:https';
import { FaultRules, matches, type FaultAction, type FaultRule, type SeenRequest } from './fault-rule.ts';
import { expiredEvent, statusBody, type FaultCode } from './status-body.ts';

/** The API server's certificate, followed by its authority's, and the key; PEM. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

const KEEP_ALIVE_MS = 120_000;

/** A request that was passed on and whose answer is being carried back. */
interface Exchange {
  readonly seen: SeenRequest;
  readonly response: ServerResponse;
  readonly answer: IncomingMessage;
}

/** What has to match for a request to be counted or an open watch to be hit. */
export type RequestMatch = Omit<FaultRule, 'action' | 'times'>;

/**
 * A reverse proxy in front of the API server, with faults by rule. It shows the API server's own certificate (clients
 * send no tokens over plain HTTP) and passes the client's token on, so that a client has the rights that it would have
 * without it.
 */
export class FaultProxy {
  readonly #upstream: URL;
  readonly #agent: Agent;
  readonly #server: Server;
  readonly #rules = new FaultRules();
  readonly #seen: SeenRequest[] = [];
  readonly #open = new Set<Exchange>();

  private constructor(upstream: string, tls: ServerCertificate) {
    this.#upstream = new URL(upstream);
    this.#agent = new Agent({ keepAlive: true, ca: tls.cert });
    this.#server = createServer({ cert: tls.cert, key: tls.key }, (request, response) =>
      this.#serve(request, response),
    );
    // Longer than clients keep idle connections, as the API server does: else some of their requests meet a close.
    this.#server.keepAliveTimeout = KEEP_ALIVE_MS;
  }

  static async start(upstream: string, tls: ServerCertificate): Promise<FaultProxy> {
    const proxy = new FaultProxy(upstream, tls);
    await new Promise<void>((resolve) => {
      proxy.#server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the fault proxy is not listening');
    return `https://127.0.0.1:${address.port}`;
  }

  /** Puts a rule in force, after those already there; the result takes it out again. */
  addRule(rule: FaultRule): () => void {
    return this.#rules.add(rule);
  }

  clearRules(): void {
    this.#rules.clear();
  }

  /** How many requests of this kind have come in, those included that a fault hit. */
  count(match: RequestMatch = {}): number {
    return this.requests(match).length;
  }

  /** The requests of this kind, oldest first. */
  requests(match: RequestMatch = {}): SeenRequest[] {
    return this.#seen.filter((request) => matches(match, request));
  }

  /** How many watches of this kind are open now. */
  openWatches(match: RequestMatch = {}): number {
    return this.#watches(match).length;
  }

  /** Open watches of this kind carry nothing more, and stay open. */
  freezeWatches(match: RequestMatch = {}): void {
    for (const { answer, response } of this.#watches(match)) {
      answer.unpipe(response);
      answer.pause();
    }
  }

  /** Open watches of this kind end with the event ERROR 410 Expired. */
  expireWatches(match: RequestMatch = {}): void {
    for (const { answer, response } of this.#watches(match)) {
      answer.unpipe(response);
      response.end(expiredEvent());
      answer.destroy();
    }
  }

  /** Breaks every connection of clients that is open now. */
  cutConnections(): void {
    this.#server.closeAllConnections();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.#agent.destroy();
  }

  #watches(match: RequestMatch): Exchange[] {
    return [...this.#open].filter(({ seen }) => seen.watch && matches(match, seen));
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '/';
    const query = new URL(path, this.#upstream).searchParams.get('watch');
    const seen: SeenRequest = {
      method: request.method ?? 'GET',
      path,
      watch: query === 'true' || query === '1',
    };
    this.#seen.push(seen);
    const action = this.#rules.take(seen);
    if (action === undefined) this.#forward(seen, request, response, 'carry');
    else this.#fail(action, seen, request, response);
  }

  #fail(action: FaultAction, seen: SeenRequest, request: IncomingMessage, response: ServerResponse): void {
    switch (action.kind) {
      case 'status':
        return answerStatus(
          response,
          action.code,
          action.code === 429 ? action.retryAfterSeconds : undefined,
        );
      case 'watch-expired':
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(expiredEvent());
        return;
      case 'slow': {
        const timer = setTimeout(() => this.#forward(seen, request, response, 'carry'), action.ms);
        response.once('close', () => clearTimeout(timer));
        return;
      }
      case 'half-open':
        return;
      case 'silent':
        response.writeHead(200, { 'content-type': 'application/json' });
        response.flushHeaders();
        return;
      case 'lose-answer':
        return this.#forward(seen, request, response, 'lose');
      case 'cut':
        request.socket.destroy();
        return;
    }
  }

  #forward(
    seen: SeenRequest,
    request: IncomingMessage,
    response: ServerResponse,
    answers: 'carry' | 'lose',
  ): void {
    const upstream = httpsRequest(new URL(seen.path, this.#upstream), {
      agent: this.#agent,
      method: seen.method,
      headers: { ...request.headers, host: this.#upstream.host },
    });
    // The client hears of an API server that is away as it would without us: its connection breaks.
    upstream.on('error', () => response.destroy());
    response.once('close', () => upstream.destroy());
    upstream.on('response', (answer) => {
      if (answers === 'lose') {
        answer.resume();
        answer.once('end', () => response.destroy());
        return;
      }
      this.#carry({ seen, response, answer });
    });
    request.pipe(upstream);
  }

  #carry(exchange: Exchange): void {
    const { response, answer } = exchange;
    this.#open.add(exchange);
    response.once('close', () => this.#open.delete(exchange));
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    // A watch's headers must not wait for its first event.
    response.flushHeaders();
    answer.once('error', () => response.destroy());
    answer.pipe(response);
  }
}

function answerStatus(
  response: ServerResponse,
  code: FaultCode,
  retryAfterSeconds: number | undefined,
): void {
  const retryAfter = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  response.writeHead(code, { 'content-type': 'application/json', ...retryAfter });
  response.end(JSON.stringify(statusBody(code, retryAfterSeconds)));
}
