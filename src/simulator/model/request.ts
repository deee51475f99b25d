/** A request as the engine gets it. */
export interface EngineRequest {
  readonly id: string;
  /** At least 1. */
  readonly promptTokens: number;
  /** What the client allowed (`max_tokens`); at least 1. */
  readonly maxTokens: number;
  /** What the model will produce: fewer than `maxTokens` means it stops by itself. At least 1. */
  readonly outputTokens: number;
  /** The LoRA adapter that it asks for; absent: the model itself. */
  readonly adapter?: string;
  /** What its prompt shares with others; absent: nothing. */
  readonly prefix?: PromptPrefix;
  /** A fault: the engine computes all its tokens, but ends it with `error`. */
  readonly fails?: boolean;
}

/**
 * A prompt as hashes of its prefixes: two requests with the same n-th id have the same first n * `tokensPerId`
 * tokens, as in the Mooncake traces (512 tokens an id).
 */
export interface PromptPrefix {
  /** A multiple of the engine's block size. */
  readonly tokensPerId: number;
  /** Whole numbers from 0. */
  readonly ids: readonly number[];
}

/** How a request ended; `error` with a fault only. */
export type FinishReason = 'stop' | 'length' | 'error';

export type RequestPhase = 'Arriving' | 'Waiting' | 'Deferred' | 'Running' | 'Gone';

/** What a listener may see of a request. */
export type RequestProgress = Readonly<
  Pick<
    RequestState,
    | 'request'
    | 'arrivalMs'
    | 'firstTokenMs'
    | 'lastTokenMs'
    | 'generatedTokens'
    | 'cachedTokens'
    | 'preemptions'
  >
>;

/** One request's way through the engine. All times are virtual milliseconds; `undefined` = not yet. */
export class RequestState {
  readonly request: EngineRequest;
  /** How many requests the engine had before it. */
  readonly serial: number;
  /** The request's: it is looked at for every token. */
  readonly outputTokens: number;
  readonly arrivalMs: number;
  /** When it reaches the scheduler: arrival plus the front end's overhead. */
  readonly queuedMs: number;
  phase: RequestPhase = 'Arriving';
  /** First time in a batch; a preemption does not reset it (vLLM, `IterationStats.update_from_events`). */
  scheduledMs: number | undefined;
  firstTokenMs: number | undefined;
  lastTokenMs = 0;
  /** Tokens known so far, prompt and generated; the next token comes once all of them are computed. */
  tokens: number;
  /** Tokens whose KV stands in the cache. */
  computedTokens = 0;
  /** Tokens that the step under way computes for it. */
  stepTokens = 0;
  generatedTokens = 0;
  heldBlocks = 0;
  /** The KV blocks it holds, in order; kept with prefix caching only. */
  readonly blocks: number[] = [];
  /** How many of them, from the first, others can find. */
  cachedBlocks = 0;
  /** Prompt tokens that stood in the cache when it was first scheduled. */
  cachedTokens = 0;
  preemptions = 0;

  constructor(request: EngineRequest, serial: number, arrivalMs: number, queuedMs: number) {
    this.request = request;
    this.serial = serial;
    this.outputTokens = request.outputTokens;
    this.arrivalMs = arrivalMs;
    this.queuedMs = queuedMs;
    this.tokens = request.promptTokens;
  }
}
