import { request, type Agent, type IncomingMessage } from 'node:http';
import type { Clock } from '../../runtime/ports.ts';
import type { FailureReason, RequestOutcome, RequestRecord } from '../plan/request-record.ts';
import type { ScheduledRequest } from '../plan/schedule.ts';
import { CompletionStream } from './completion-stream.ts';
import type { Target } from './target.ts';

/** Enough of an error body to say what was wrong. */
const MAX_ERROR_LENGTH = 500;

export interface SendOptions {
  readonly agent: Agent;
  readonly target: Target;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** From the send to the end of the stream. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** The start of the run on the monotonic clock. */
  readonly startMs: number;
}

/**
 * Sends one streamed completion and follows it to its end. Never rejects: whatever happens becomes the record's
 * outcome. Nothing is retried, since a load test that hides failures measures the wrong thing.
 */
export function sendRequest(scheduled: ScheduledRequest, options: SendOptions): Promise<RequestRecord> {
  return new Promise((resolve) => {
    const exchange = new Exchange(scheduled, options, resolve);
    exchange.start();
  });
}

class Exchange {
  readonly #scheduled: ScheduledRequest;
  readonly #options: SendOptions;
  readonly #resolve: (record: RequestRecord) => void;
  readonly #stream = new CompletionStream();
  readonly #sentMs: number;
  #httpStatus: number | undefined;
  #connected = false;
  #finish: (outcome: RequestOutcome) => void = () => {};

  constructor(scheduled: ScheduledRequest, options: SendOptions, resolve: (record: RequestRecord) => void) {
    this.#scheduled = scheduled;
    this.#options = options;
    this.#resolve = resolve;
    this.#sentMs = this.#nowMs();
  }

  start(): void {
    const { agent, target, headers, body, timeoutMs, signal, clock } = this.#options;
    const outgoing = request({
      agent,
      host: target.host,
      port: target.port,
      path: target.path,
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    });
    const cancelTimeout = clock.after(timeoutMs, () => {
      this.#fail('TimedOut', `no end of the answer within ${timeoutMs} ms`);
    });
    const cancel = (): void => this.#fail('Cancelled', 'the run was stopped while the answer was under way');
    this.#finish = (outcome) => {
      this.#finish = () => {};
      cancelTimeout();
      signal.removeEventListener('abort', cancel);
      if (!outcome.ok) outgoing.destroy();
      this.#resolve(this.#record(outcome));
    };
    signal.addEventListener('abort', cancel, { once: true });
    outgoing.on('socket', (socket) => {
      if (!socket.connecting) this.#connected = true;
      else socket.once('connect', () => (this.#connected = true));
    });
    outgoing.on('error', (error) => this.#connectionFailed(error));
    outgoing.on('response', (response) => this.#receive(response));
    outgoing.end(body);
  }

  #nowMs(): number {
    return this.#options.clock.monotonic() - this.#options.startMs;
  }

  #receive(response: IncomingMessage): void {
    this.#httpStatus = response.statusCode;
    response.setEncoding('utf8');
    response.on('error', (error) => this.#connectionFailed(error));
    if (response.statusCode === 200) this.#follow(response);
    else this.#readError(response);
  }

  #follow(response: IncomingMessage): void {
    response.on('data', (text: string) => {
      try {
        this.#stream.push(text, this.#nowMs());
      } catch (error) {
        this.#fail('BadResponse', `the answer is no stream of completion chunks: ${String(error)}`);
      }
    });
    response.on('end', () => {
      const { done, error, finishReason } = this.#stream.progress;
      if (error !== undefined) this.#fail('StreamError', error);
      else if (!done) this.#fail('StreamCut', 'the stream ended without [DONE]');
      else this.#finish({ ok: true, finishReason });
    });
  }

  #readError(response: IncomingMessage): void {
    let body = '';
    response.on('data', (text: string) => {
      body = (body + text).slice(0, MAX_ERROR_LENGTH);
      if (body.length === MAX_ERROR_LENGTH) this.#httpError(body);
    });
    response.on('end', () => this.#httpError(body));
  }

  #httpError(body: string): void {
    this.#fail('HttpError', `HTTP ${this.#httpStatus}: ${body.trim()}`);
  }

  #connectionFailed(error: Error): void {
    this.#fail(this.#connected ? 'ConnectionLost' : 'ConnectFailed', error.message);
  }

  #fail(reason: FailureReason, message: string): void {
    this.#finish({ ok: false, reason, message });
  }

  #record(outcome: RequestOutcome): RequestRecord {
    const { firstTokenMs, lastTokenMs, chunks, usage } = this.#stream.progress;
    return {
      ...this.#scheduled,
      target: this.#options.target.name,
      sentMs: this.#sentMs,
      firstTokenMs,
      lastTokenMs,
      endMs: this.#nowMs(),
      httpStatus: this.#httpStatus,
      chunks,
      usage,
      outcome,
    };
  }
}
