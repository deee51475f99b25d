import { z } from 'zod';
import type { TokenUsage } from '../plan/request-record.ts';
import { createEventStreamReader } from './event-stream.ts';

/** A chunk of `/v1/completions` with `stream: true`, or the error that takes the place of one. */
const Chunk = z.object({
  choices: z.array(z.object({ text: z.string(), finish_reason: z.string().nullish() })).optional(),
  usage: z.object({ prompt_tokens: z.int(), completion_tokens: z.int() }).nullish(),
  error: z.object({ message: z.string() }).optional(),
});

/** What a stream has said so far. */
export interface CompletionProgress {
  readonly firstTokenMs: number | undefined;
  readonly lastTokenMs: number | undefined;
  readonly chunks: number;
  readonly usage: TokenUsage | undefined;
  readonly finishReason: string | undefined;
  /** `[DONE]` was seen. */
  readonly done: boolean;
  /** The message of an error that came inside the stream. */
  readonly error: string | undefined;
}

/**
 * Follows one streamed completion. Only a chunk with text moves the token times: the usage chunk comes with empty
 * `choices` some time after the last token, and an empty first chunk before the first one.
 */
export class CompletionStream {
  readonly #read = createEventStreamReader();
  #progress: CompletionProgress = {
    firstTokenMs: undefined,
    lastTokenMs: undefined,
    chunks: 0,
    usage: undefined,
    finishReason: undefined,
    done: false,
    error: undefined,
  };

  get progress(): CompletionProgress {
    return this.#progress;
  }

  /** Takes the next piece of the body, received at `nowMs`. Throws when it is no stream of completion chunks. */
  push(text: string, nowMs: number): void {
    for (const data of this.#read(text)) {
      if (data === '[DONE]') this.#progress = { ...this.#progress, done: true };
      else this.#chunk(data, nowMs);
    }
  }

  #chunk(data: string, nowMs: number): void {
    const chunk = Chunk.parse(JSON.parse(data));
    const choice = chunk.choices?.[0];
    const seen = this.#progress;
    const hasToken = choice !== undefined && choice.text !== '';
    this.#progress = {
      firstTokenMs: seen.firstTokenMs ?? (hasToken ? nowMs : undefined),
      lastTokenMs: hasToken ? nowMs : seen.lastTokenMs,
      chunks: seen.chunks + (hasToken ? 1 : 0),
      usage: chunk.usage
        ? { promptTokens: chunk.usage.prompt_tokens, completionTokens: chunk.usage.completion_tokens }
        : seen.usage,
      finishReason: choice?.finish_reason ?? seen.finishReason,
      done: seen.done,
      error: seen.error ?? chunk.error?.message,
    };
  }
}
