import type { FinishReason } from '../model/request.ts';
import type { GenerationRequest } from './openai-request.ts';

/** Who answers what; the same for every chunk of a request. */
export interface AnswerContext {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  readonly model: string;
  readonly systemFingerprint: string;
}

export interface AnswerWriter {
  /** What comes before the first token; empty for completions. */
  opening(): string;
  tokens(text: string, generated: number, finish: FinishReason | undefined): string;
  /** The closing usage chunk, if asked for, and `[DONE]`. */
  closing(generated: number): string;
  /** The whole answer to a request that does not stream. */
  whole(text: string, generated: number, finish: FinishReason): string;
}

/**
 * Writes the answers of vLLM 0.32 to one request, field for field as its streams were captured. Every chunk of
 * a stream is one `data:` event.
 */
export function createAnswerWriter(request: GenerationRequest, context: AnswerContext): AnswerWriter {
  const chat = request.endpoint === 'chat';
  const head = (object: string): string =>
    `{"id":${JSON.stringify(context.id)},"object":"${object}","created":${context.created},"model":${JSON.stringify(context.model)},"choices":[`;
  const chunkHead = `data: ${head(chat ? 'chat.completion.chunk' : 'text_completion')}`;
  const continuous = request.includeUsage && request.continuousUsage;
  const fingerprint = `"system_fingerprint":${JSON.stringify(context.systemFingerprint)}`;

  const usage = (generated: number, details = ''): string =>
    `"usage":{"prompt_tokens":${request.promptTokens},"total_tokens":${request.promptTokens + generated},"completion_tokens":${generated}${details}}`;
  const runningUsage = (generated: number): string =>
    continuous ? `,${usage(generated, ',"completion_tokens_details":null')}` : '';

  return {
    opening: () =>
      chat
        ? `${chunkHead}{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]${runningUsage(0)},"prompt_token_ids":null,"prompt_text":null}\n\n`
        : '',
    tokens: (text, generated, finish) => {
      const reason = `"logprobs":null,"finish_reason":${finish === undefined ? 'null' : `"${finish}"`}`;
      const choice = chat
        ? `"delta":{"content":${JSON.stringify(text)}},${reason}${finish === undefined ? '' : ',"stop_reason":null'},"token_ids":null`
        : `"text":${JSON.stringify(text)},${reason},"stop_reason":null,"prompt_token_ids":null,"token_ids":null`;
      return `${chunkHead}{"index":0,${choice}}]${runningUsage(generated)}}\n\n`;
    },
    closing: (generated) => {
      const last = request.includeUsage ? `${chunkHead}],${usage(generated)},${fingerprint}}\n\n` : '';
      return `${last}data: [DONE]\n\n`;
    },
    whole: (text, generated, finish) => {
      const content = JSON.stringify(text);
      const tail = `"service_tier":null,${fingerprint},${usage(generated, ',"prompt_tokens_details":null,"completion_tokens_details":null')}`;
      const transfer = '"kv_transfer_params":null,"ec_transfer_params":null,"metrics":null';
      if (chat) {
        return `${head('chat.completion')}{"index":0,"message":{"role":"assistant","content":${content},"refusal":null,"annotations":null,"audio":null,"function_call":null,"reasoning":null},"logprobs":null,"finish_reason":"${finish}","stop_reason":null,"token_ids":null,"routed_experts":null}],${tail},"prompt_logprobs":null,"prompt_token_ids":null,"prompt_text":null,${transfer}}`;
      }
      return `${head('text_completion')}{"index":0,"text":${content},"logprobs":null,"finish_reason":"${finish}","stop_reason":null,"token_ids":null,"prompt_logprobs":null,"prompt_token_ids":null,"routed_experts":null}],${tail},${transfer}}`;
    },
  };
}
