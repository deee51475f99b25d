/** A request as the engine gets it. */
export interface EngineRequest {
  readonly id: string;
  /** At least 1. */
  readonly promptTokens: number;
  /** What the client allowed (`max_tokens`); at least 1. */
  readonly maxTokens: number;
  /** What the model will produce: fewer than `maxTokens` means it stops by itself. At least 1. */
  readonly outputTokens: number;
}

/** The finish reasons that a client sees. */
export type FinishReason = 'stop' | 'length';

export type RequestPhase = 'Arriving' | 'Waiting' | 'Running' | 'Gone';

/** What a listener may see of a request. */
export type RequestProgress = Readonly<
  Pick<
    RequestState,
    'request' | 'arrivalMs' | 'firstTokenMs' | 'lastTokenMs' | 'generatedTokens' | 'preemptions'
  >
>;

/** One request's way through the engine. All times are virtual milliseconds; `undefined` = not yet. */
export class RequestState {
  readonly request: EngineRequest;
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
  preemptions = 0;

  constructor(request: EngineRequest, arrivalMs: number, queuedMs: number) {
    this.request = request;
    this.arrivalMs = arrivalMs;
    this.queuedMs = queuedMs;
    this.tokens = request.promptTokens;
  }
}
