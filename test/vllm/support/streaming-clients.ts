import type { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Playground } from '../../../playground/playground.ts';
import { streamOutcome, type StreamOutcome } from '../../../playground/warden/stream-outcome.ts';
import { systemClock } from '../../../src/kube/system-clock.ts';
import { createAgent } from '../../../src/loadtest/client/connect-agent.ts';
import { createPrompts } from '../../../src/loadtest/client/prompts.ts';
import { sendRequest } from '../../../src/loadtest/client/send-request.ts';
import type { PickTarget, Target } from '../../../src/loadtest/client/target.ts';
import type { RequestRecord, TokenUsage } from '../../../src/loadtest/plan/request-record.ts';
import { MODEL } from '../../e2e/support/fleets.ts';

/** Of each stream. */
export const PROMPT_TOKENS = 64;
/** After a request that went nowhere or failed. */
const PAUSE_MS = 100;
const REQUEST_TIMEOUT_MS = 120_000;
const NO_TOKENS: TokenUsage = { promptTokens: 0, completionTokens: 0 };

export interface StreamingOptions {
  readonly clients: number;
  /** Of each stream; the engine is told to go on to the last of them. */
  readonly outputTokens: number;
  readonly pickTarget: PickTarget;
}

/** A stream that has ended; times are epoch milliseconds. */
export interface EndedStream {
  /** The name of the engine. */
  readonly engine: string;
  readonly outcome: StreamOutcome;
  readonly chunks: number;
  /** From the end of the stream; without one nothing is counted. */
  readonly usage: TokenUsage;
  readonly sentAtMs: number;
  readonly endedAtMs: number;
  /** From the last token, or from the start if there was none, to the end. */
  readonly silentMs: number;
  /** How its client was told, in words. */
  readonly end: string;
}

/** Clients that each begin the next stream as soon as the last one has ended. */
export class StreamingClients {
  readonly #options: StreamingOptions;
  readonly #agent: Agent;
  readonly #prompt = createPrompts(PROMPT_TOKENS, 1);
  readonly #startMs = systemClock.monotonic();
  readonly #startedAtMs = Date.now();
  readonly #ended: EndedStream[] = [];
  readonly #clients: readonly Promise<void>[];
  #stopped = false;
  #sent = 0;

  constructor(pg: Playground, options: StreamingOptions) {
    this.#options = options;
    this.#agent = createAgent(pg.engineProxyUrl);
    this.#clients = Array.from({ length: options.clients }, () => this.#loop());
  }

  /** Begins no more streams; resolves when all that were begun have ended. */
  async stop(): Promise<readonly EndedStream[]> {
    this.#stopped = true;
    await Promise.all(this.#clients);
    this.#agent.destroy();
    return this.#ended;
  }

  async #loop(): Promise<void> {
    while (!this.#stopped) {
      const target = this.#options.pickTarget();
      const stream = target === undefined ? undefined : await this.#send(target);
      if (stream !== undefined) this.#ended.push(stream);
      if (stream?.outcome !== 'Ok') await sleep(PAUSE_MS);
    }
  }

  async #send(target: Target): Promise<EndedStream> {
    const { outputTokens } = this.#options;
    this.#sent += 1;
    const id = this.#sent;
    const body = {
      model: MODEL,
      max_tokens: outputTokens,
      ignore_eos: true,
      stream: true,
      stream_options: { include_usage: true },
    };
    const record = await sendRequest(
      { id, atMs: systemClock.monotonic() - this.#startMs, promptTokens: PROMPT_TOKENS, outputTokens },
      {
        agent: this.#agent,
        target,
        headers: {},
        body: `{"prompt":${this.#prompt(id, PROMPT_TOKENS)},${JSON.stringify(body).slice(1)}`,
        timeoutMs: REQUEST_TIMEOUT_MS,
        signal: new AbortController().signal,
        clock: systemClock,
        startMs: this.#startMs,
      },
    );
    return endedStream(target.name, record, this.#startedAtMs);
  }
}

function endedStream(engine: string, record: RequestRecord, startedAtMs: number): EndedStream {
  const { atMs, sentMs = atMs, lastTokenMs, endMs, chunks, usage = NO_TOKENS, outcome } = record;
  return {
    engine,
    outcome: streamOutcome(record),
    chunks,
    usage,
    sentAtMs: startedAtMs + sentMs,
    endedAtMs: startedAtMs + endMs,
    silentMs: endMs - (lastTokenMs ?? sentMs),
    end: outcome.ok
      ? `finish_reason ${outcome.finishReason ?? 'unset'}`
      : `${outcome.reason}: ${outcome.message}`,
  };
}

/** One sentence for each stream that did not bring as many tokens as were asked for, and its end. */
export function losses(streams: readonly EndedStream[], outputTokens: number): readonly string[] {
  return streams
    .filter(({ outcome, usage }) => outcome !== 'Ok' || usage.completionTokens !== outputTokens)
    .map(({ engine, outcome, chunks, end }) => `${engine}: ${outcome} after ${chunks} chunks (${end})`);
}
