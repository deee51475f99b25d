import { z } from 'zod';
import { badParameter, badRequest, validationError, apiError, type ApiError } from './api-error.ts';
import { countChatTokens, countTextTokens } from './prompt-tokens.ts';

export type Endpoint = 'chat' | 'completions';

/** A generation request, checked and counted. */
export interface GenerationRequest {
  readonly endpoint: Endpoint;
  readonly promptTokens: number;
  readonly maxTokens: number;
  readonly minTokens: number;
  readonly ignoreEos: boolean;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly continuousUsage: boolean;
}

export type RequestOutcome =
  | { readonly kind: 'Accepted'; readonly request: GenerationRequest }
  | { readonly kind: 'Refused'; readonly error: ApiError };

export interface RequestLimits {
  readonly servedModelNames: readonly string[];
  readonly maxModelLen: number;
}

/** vLLM's default of `max_tokens` for completions (OpenAI's); chat goes up to the context limit. */
const DEFAULT_COMPLETION_TOKENS = 16;

const optionalInteger = z.int().nullish();

const common = {
  model: z.string().nullish(),
  max_tokens: optionalInteger,
  min_tokens: optionalInteger,
  n: optionalInteger,
  temperature: z.number().nullish(),
  ignore_eos: z.boolean().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z
    .object({ include_usage: z.boolean().nullish(), continuous_usage_stats: z.boolean().nullish() })
    .nullish(),
};

const textPart = z.object({ type: z.string().optional(), text: z.string().nullish() });
const message = z.object({ content: z.union([z.string(), z.array(textPart)]).nullish() });

const chatBody = z.object({ ...common, messages: z.array(message), max_completion_tokens: optionalInteger });
const tokenIds = z.array(z.int());
const completionBody = z.object({
  ...common,
  prompt: z.union([z.string(), tokenIds, z.array(z.string()), z.array(tokenIds)]).nullish(),
});

type CommonBody = z.infer<z.ZodObject<typeof common>>;

/** Reads a request's body as vLLM does; every refusal is the error body that vLLM answers with. */
export function parseRequest(endpoint: Endpoint, body: string, limits: RequestLimits): RequestOutcome {
  const json = parseJson(body);
  if (json.kind === 'Refused') return json;
  if (endpoint === 'chat') {
    const parsed = chatBody.safeParse(json.value);
    if (!parsed.success) return refused(shapeError(parsed.error, json.value));
    const contents = parsed.data.messages.map(contentOf);
    const budget = parsed.data.max_completion_tokens ?? parsed.data.max_tokens;
    const empty =
      contents.length === 0
        ? badRequest(
            'Cannot apply chat template to an empty conversation. Provide at least one message.',
            null,
          )
        : undefined;
    return check(endpoint, parsed.data, limits, empty ?? countChatTokens(contents), budget ?? undefined);
  }
  const parsed = completionBody.safeParse(json.value);
  if (!parsed.success) return refused(shapeError(parsed.error, json.value));
  const prompt = countPrompt(parsed.data.prompt);
  return check(endpoint, parsed.data, limits, prompt, parsed.data.max_tokens ?? DEFAULT_COMPLETION_TOKENS);
}

function refused(error: ApiError): RequestOutcome & { kind: 'Refused' } {
  return { kind: 'Refused', error };
}

function parseJson(
  body: string,
): { readonly kind: 'Json'; readonly value: unknown } | (RequestOutcome & { kind: 'Refused' }) {
  try {
    const value: unknown = JSON.parse(body);
    return { kind: 'Json', value };
  } catch (error) {
    const at = /position (\d+)/.exec(String(error))?.[1] ?? body.length;
    const issue = `{'type': 'json_invalid', 'loc': 'body.${at}', 'msg': 'JSON decode error', 'input': '<dict of 0 items>', 'ctx': {'error': 'Expecting value'}}`;
    return refused(validationError(issue, `body.${at}`));
  }
}

function shapeError(error: z.ZodError, value: unknown): ApiError {
  const [issue] = error.issues;
  const loc = ['body', ...(issue?.path.map(String) ?? [])].join('.');
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  const missing = issue?.path.length === 1 && !keys.includes(String(issue.path[0]));
  const [type, msg] = missing
    ? ['missing', 'Field required']
    : ['type_error', issue?.message ?? 'Invalid value'];
  return validationError(
    `{'type': '${type}', 'loc': '${loc}', 'msg': '${msg}', 'input': '<dict of ${keys.length} items>'}`,
    loc,
  );
}

function contentOf({ content }: z.infer<typeof message>): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map((part) => part.text ?? '').join('');
}

function countPrompt(prompt: z.infer<typeof completionBody>['prompt']): number | ApiError {
  if (prompt === undefined || prompt === null || prompt === '') {
    return badParameter('Either prompt or prompt_embeds must be provided and non-empty.', 'prompt');
  }
  if (typeof prompt === 'string') return countTextTokens(prompt);
  const [first] = prompt;
  if (first === undefined) return badRequest('You must pass at least one prompt', null);
  if (typeof first === 'number') return prompt.length;
  if (prompt.length > 1)
    return badRequest(`the simulator serves one prompt a request, got ${prompt.length}`, 'prompt');
  return typeof first === 'string' ? countTextTokens(first) : first.length;
}

function check(
  endpoint: Endpoint,
  body: CommonBody,
  limits: RequestLimits,
  prompt: number | ApiError,
  budget: number | undefined,
): RequestOutcome {
  const { maxModelLen, servedModelNames } = limits;
  if (typeof body.model === 'string' && !servedModelNames.includes(body.model)) {
    const text = `The model \`${body.model}\` does not exist. Valid aliases: ${servedModelNames.join(', ')}.`;
    return refused(apiError(404, 'NotFoundError', text, 'model'));
  }
  if (typeof prompt !== 'number') return refused(prompt);
  const complaint = complaintAbout(body, budget, endpoint, maxModelLen) ?? overLong(prompt, maxModelLen);
  if (complaint !== undefined) return refused(complaint);
  const room = maxModelLen - prompt;
  return {
    kind: 'Accepted',
    request: {
      endpoint,
      promptTokens: prompt,
      maxTokens: Math.min(budget ?? room, room),
      minTokens: body.min_tokens ?? 0,
      ignoreEos: body.ignore_eos ?? false,
      stream: body.stream ?? false,
      includeUsage: body.stream_options?.include_usage ?? false,
      continuousUsage: body.stream_options?.continuous_usage_stats ?? false,
    },
  };
}

function complaintAbout(
  body: CommonBody,
  budget: number | undefined,
  endpoint: Endpoint,
  maxModelLen: number,
): ApiError | undefined {
  const temperature = body.temperature ?? 1;
  if (temperature < 0) {
    const shown = Number.isInteger(temperature) ? temperature.toFixed(1) : String(temperature);
    return badParameter(`temperature must be non-negative, got ${shown}.`, 'temperature', shown);
  }
  if ((body.n ?? 1) !== 1) return badRequest(`the simulator serves n=1, got ${String(body.n)}`, 'n');
  if (budget === undefined) return undefined;
  if (budget < 1) return badParameter(`max_tokens must be at least 1, got ${budget}.`, 'max_tokens', budget);
  if (endpoint === 'completions' && budget > maxModelLen) {
    const text = `max_tokens=${budget} cannot be greater than max_model_len=${maxModelLen}. Please request fewer output tokens.`;
    return badParameter(text, 'max_tokens', budget);
  }
  return undefined;
}

/** vLLM counts no further than one token over the limit. A prompt that fills the context leaves no room. */
function overLong(promptTokens: number, maxModelLen: number): ApiError | undefined {
  if (promptTokens < maxModelLen) return undefined;
  const counted = Math.min(promptTokens, maxModelLen + 1);
  return badParameter(
    `This model's maximum context length is ${maxModelLen} tokens. However, your prompt contains at least ${counted} input tokens, which exceeds this limit even without any output tokens. Please reduce the length of the input prompt.`,
    'input_tokens',
    counted,
  );
}
