import { setTimeout as sleep } from 'node:timers/promises';
import { ProxyAgent, request } from 'undici';
import { z } from 'zod';
import type { Playground } from '../../../playground/playground.ts';
import { ServiceEndpoints } from '../../../playground/warden/service-endpoints.ts';

const Completion = z.object({ usage: z.object({ prompt_tokens: z.int(), completion_tokens: z.int() }) });

const PROMPT_TOKENS = 64;
const OUTPUT_TOKENS = 150;
const NO_ENDPOINT_PAUSE_MS = 100;
const REQUEST_TIMEOUT_MS = 120_000;

/** What the answers said. */
export interface Tally {
  readonly answers: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** One sentence for each request that was not answered with tokens. */
  readonly failures: readonly string[];
}

/** Clients that each send the next request through a fleet's Service as soon as the last one was answered. */
export class ClosedLoop {
  readonly #model: string;
  readonly #endpoints: ServiceEndpoints;
  readonly #dispatcher: ProxyAgent;
  readonly #clients: readonly Promise<void>[];
  #stopped = false;
  #sent = 0;
  #tally: Tally = { answers: 0, promptTokens: 0, outputTokens: 0, failures: [] };

  constructor(pg: Playground, fleet: string, model: string, clients: number) {
    this.#model = model;
    this.#endpoints = new ServiceEndpoints(pg, fleet);
    this.#dispatcher = new ProxyAgent({ uri: pg.engineProxyUrl, proxyTunnel: true });
    this.#clients = Array.from({ length: clients }, () => this.#loop());
  }

  /** Resolves when every request that was sent has its answer. */
  async stop(): Promise<Tally> {
    this.#stopped = true;
    await Promise.all(this.#clients);
    await Promise.all([this.#endpoints.stop(), this.#dispatcher.close()]);
    return this.#tally;
  }

  async #loop(): Promise<void> {
    while (!this.#stopped) {
      const target = this.#endpoints.pick();
      if (target === undefined) await sleep(NO_ENDPOINT_PAUSE_MS);
      else await this.#send(`http://${target.host}:${target.port}${target.path}`);
    }
  }

  async #send(url: string): Promise<void> {
    this.#sent += 1;
    const start = this.#sent;
    // No two prompts share their first block, so that the prefix cache stays out of it.
    const prompt = Array.from({ length: PROMPT_TOKENS }, (_, index) => 100 + ((start + index * 7) % 900));
    const body = { model: this.#model, prompt, max_tokens: OUTPUT_TOKENS, ignore_eos: true };
    try {
      const answer = await request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        dispatcher: this.#dispatcher,
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      const { usage } = Completion.parse(await answer.body.json());
      this.#tally = {
        ...this.#tally,
        answers: this.#tally.answers + 1,
        promptTokens: this.#tally.promptTokens + usage.prompt_tokens,
        outputTokens: this.#tally.outputTokens + usage.completion_tokens,
      };
    } catch (error) {
      this.#tally = { ...this.#tally, failures: [...this.#tally.failures, `${url}: ${String(error)}`] };
    }
  }
}
