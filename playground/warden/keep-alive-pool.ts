import type { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../src/kube/system-clock.ts';
import { createAgent } from '../../src/loadtest/client/connect-agent.ts';
import { createPrompts } from '../../src/loadtest/client/prompts.ts';
import { sendRequest } from '../../src/loadtest/client/send-request.ts';
import type { PickTarget, Target } from '../../src/loadtest/client/target.ts';
import type { RequestRecord } from '../../src/loadtest/plan/request-record.ts';

export interface KeepAliveOptions {
  readonly connections: number;
  /** Where a connection is opened to; it stays there. */
  readonly pickTarget: PickTarget;
  readonly model: string;
  readonly promptTokens: number;
  /** Drawn anew for each request. */
  readonly outputTokens: () => number;
  /** Between the end of one answer and the next request on the same connection; below the server's idle time-out. */
  readonly pauseMs: number;
  readonly requestTimeoutMs: number;
  readonly engineProxyUrl?: string;
  readonly seed: number;
  readonly onRecord: (record: RequestRecord) => void;
}

/**
 * A client that keeps connections and does not care who is listed: each goes on being used, whatever the server answers
 * on it, until the server closes it. So do connection pools of SDKs, and proxies whose upstream connections outlive a
 * change of endpoints.
 */
export class KeepAlivePool implements AsyncDisposable {
  readonly #options: KeepAliveOptions;
  readonly #stop = new AbortController();
  readonly #prompt: (id: number, tokens: number) => string;
  readonly #startMs = systemClock.monotonic();
  readonly #running: readonly Promise<void>[];
  #sent = 0;

  constructor(options: KeepAliveOptions) {
    this.#options = options;
    this.#prompt = createPrompts(options.promptTokens, options.seed);
    this.#running = Array.from({ length: options.connections }, () => this.#use());
  }

  /** Ends what is under way; those requests are recorded as `Cancelled`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  /** One connection after the other. */
  async #use(): Promise<void> {
    const { signal } = this.#stop;
    const agent = createAgent(this.#options.engineProxyUrl);
    agent.maxSockets = 1;
    let target: Target | undefined;
    while (!signal.aborted) {
      if (!isOpen(agent)) target = this.#options.pickTarget();
      if (target !== undefined) this.#options.onRecord(await this.#send(agent, target));
      await sleep(this.#options.pauseMs, undefined, { signal }).catch(() => undefined);
    }
    agent.destroy();
  }

  #send(agent: Agent, target: Target): Promise<RequestRecord> {
    const { model, promptTokens, requestTimeoutMs } = this.#options;
    const outputTokens = this.#options.outputTokens();
    this.#sent += 1;
    const id = this.#sent;
    const rest = { model, max_tokens: outputTokens, ignore_eos: true, stream: true };
    const atMs = systemClock.monotonic() - this.#startMs;
    return sendRequest(
      { id, atMs, promptTokens, outputTokens },
      {
        agent,
        target,
        headers: {},
        body: `{"prompt":${this.#prompt(id, promptTokens)},${JSON.stringify(rest).slice(1)}`,
        timeoutMs: requestTimeoutMs,
        signal: this.#stop.signal,
        clock: systemClock,
        startMs: this.#startMs,
      },
    );
  }
}

/** Between two requests the agent holds the connection, unless the server has closed it. */
function isOpen({ freeSockets }: Agent): boolean {
  return Object.values(freeSockets).some((sockets) => sockets !== undefined && sockets.length > 0);
}
