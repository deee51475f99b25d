import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { createRandom, geometric } from '../model/random.ts';
import type { FinishReason } from '../model/request.ts';
import { ENGINE_BUSY } from './api-error.ts';
import type { EngineLoop } from './engine-loop.ts';
import { openStream, sendError, sendJson } from './http-io.ts';
import { createAnswerWriter, type AnswerWriter } from './openai-answer.ts';
import type { GenerationRequest } from './openai-request.ts';
import type { ServeArgs } from './serve-args.ts';

/** What the engine has to say; one word a token. */
const WORDS =
  'engine block queue token batch cache model prompt fleet step page node light river stone paper green'.split(
    ' ',
  );

/** Serves generation requests of one engine: engine tokens in, OpenAI answers out. */
export class GenerationService {
  readonly #args: ServeArgs;
  readonly #loop: EngineLoop;
  readonly #systemFingerprint: string;
  #served = 0;

  constructor(args: ServeArgs, loop: EngineLoop, vllmVersion: string) {
    this.#args = args;
    this.#loop = loop;
    this.#systemFingerprint = `vllm-${vllmVersion}-${(args.seed >>> 0).toString(16).padStart(8, '0')}`;
  }

  /** Answers `request` on `response`, and takes it out of the engine when its client leaves. */
  serve(request: GenerationRequest, response: ServerResponse): void {
    this.#served += 1;
    const random = createRandom(this.#args.seed + this.#served);
    const id = `${request.endpoint === 'chat' ? 'chatcmpl' : 'cmpl'}-${randomBytes(8).toString('hex')}`;
    const writer = createAnswerWriter(request, {
      id,
      created: Math.floor(Date.now() / 1000),
      model: this.#args.servedModelNames[0],
      systemFingerprint: this.#systemFingerprint,
    });
    const deliver = request.stream
      ? streamTo(response, writer, random)
      : collectFor(response, writer, random);
    const outcome = this.#loop.submit(
      {
        id,
        promptTokens: request.promptTokens,
        maxTokens: request.maxTokens,
        outputTokens: this.#outputTokens(request, random),
      },
      deliver,
    );
    if (outcome.kind === 'Rejected') {
      sendError(response, ENGINE_BUSY);
      return;
    }
    if (request.stream) openStream(response);
    response.once('close', () => this.#loop.abort(id));
  }

  #outputTokens(request: GenerationRequest, random: () => number): number {
    const mean = this.#args.meanOutputTokens;
    if (mean === undefined || request.ignoreEos) return request.maxTokens;
    return Math.min(request.maxTokens, Math.max(request.minTokens, geometric(mean, random)));
  }
}

type Deliver = (newTokens: number, finish: FinishReason | undefined) => void;

/** Tokens of one wake-up go into one chunk, as vLLM merges what a slow reader has not taken yet. */
function streamTo(response: ServerResponse, writer: AnswerWriter, random: () => number): Deliver {
  let generated = 0;
  return (newTokens, finish) => {
    let text = generated === 0 ? writer.opening() : '';
    generated += newTokens;
    text += writer.tokens(words(newTokens, random), generated, finish);
    if (finish === undefined) {
      response.write(text);
    } else {
      response.end(text + writer.closing(generated));
    }
  };
}

function collectFor(response: ServerResponse, writer: AnswerWriter, random: () => number): Deliver {
  let generated = 0;
  return (newTokens, finish) => {
    generated += newTokens;
    if (finish === undefined) return;
    sendJson(response, writer.whole(words(generated, random), generated, finish));
  };
}

function words(count: number, random: () => number): string {
  let text = '';
  for (let i = 0; i < count; i += 1) text += ` ${WORDS[Math.floor(random() * WORDS.length)] ?? ''}`;
  return text;
}
