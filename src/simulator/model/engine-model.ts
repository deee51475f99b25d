import { ANY_ADAPTERS, batchAdapters, type BatchAdapters } from './batch-adapters.ts';
import type { EngineModelConfig } from './engine-config.ts';
import { EngineStats } from './engine-stats.ts';
import { KvBlocks } from './kv-blocks.ts';
import { stepDurationMs, type StepCost, type StepLoad } from './profiles.ts';
import { RequestState, type EngineRequest, type FinishReason, type RequestProgress } from './request.ts';
import { repeatDecodeStep } from './repeat-step.ts';
import { WaitingLine } from './waiting-line.ts';

export type AddOutcome =
  | { readonly kind: 'Queued' }
  | {
      readonly kind: 'Rejected';
      readonly reason: 'QueueFull' | 'QueuedTokensFull';
      readonly message: string;
    };

const QUEUED: AddOutcome = { kind: 'Queued' };

/**
 * Called once for each token of a finished step; `finish` with the last one of its request. `progress` holds only
 * during the call. It must not call the engine, but for `add`.
 */
export type TokenListener = (
  requestId: string,
  finish: FinishReason | undefined,
  progress: RequestProgress,
) => void;

/**
 * One vLLM engine, step by step, in virtual time: continuous batching with chunked prefill, first come first
 * served, a KV cache in blocks, preemption by recompute. It knows no clock: its caller says when a step starts,
 * learns how long it takes, and says when it has ended:
 *
 *     const ms = engine.startStep(now);   // undefined: nothing can run; see nextArrivalMs
 *     …at now + ms: engine.finishStep(onToken);
 *
 * A caller that needs no single token may skip steps that are all alike with `fastForward` (see `EngineTimeline`).
 * Same calls, same results; nothing is random.
 */
export class EngineModel {
  readonly stats: EngineStats;
  readonly kv: KvBlocks;
  /** Of the steps that start from now on; a fault makes them dearer than usual. */
  stepCost: StepCost;
  readonly usualStepCost: StepCost;
  readonly #config: EngineModelConfig;
  readonly #live = new Map<string, RequestState>();
  readonly #line = new WaitingLine();
  readonly #running: RequestState[] = [];
  readonly #load: StepLoad = { computedTokens: 0, decodingSequences: 0, contextTokens: 0 };
  /** Blocks that the next decode steps take, by step modulo the block size. */
  readonly #blocksTaken: Uint32Array;
  #stepEndMs: number | undefined;
  #added = 0;
  /** Steps until the first sequence of the batch ends, at least; the last one included. */
  #stepsToEnd = 0;
  /** Those who wait were found to have no place, and nothing has changed that since. */
  #blocked = false;

  constructor(config: EngineModelConfig) {
    this.#config = config;
    this.usualStepCost = config.stepCost;
    this.stepCost = config.stepCost;
    this.kv = new KvBlocks(config.numGpuBlocks, config.blockSize, config.prefixCaching ?? false);
    this.stats = new EngineStats(config.maxModelLen);
    this.#blocksTaken = new Uint32Array(config.blockSize);
  }

  /** Requests in the engine in any phase. */
  get inFlight(): number {
    return this.#live.size;
  }

  /** Where a request stands; `undefined` once it has ended. The object goes on changing as the engine runs. */
  progress(requestId: string): RequestProgress | undefined {
    return this.#live.get(requestId);
  }

  /** When the earliest request still in the front end reaches the scheduler. */
  get nextArrivalMs(): number | undefined {
    return this.#line.nextArrivalMs;
  }

  add(request: EngineRequest, nowMs: number): AddOutcome {
    const rejection = this.#rejection();
    if (rejection !== undefined) return rejection;
    this.#requireWholeBlocks(request);
    const state = new RequestState(request, this.#added, nowMs, nowMs + this.#config.requestOverheadMs);
    this.#added += 1;
    this.#live.set(request.id, state);
    this.#line.add(state);
    return QUEUED;
  }

  /** Forgets a request. vLLM counts no finished request for it, `abort` included. @returns whether it was there */
  abort(requestId: string): boolean {
    const state = this.#live.get(requestId);
    if (state === undefined) return false;
    this.#live.delete(requestId);
    if (state.phase === 'Running') this.#running.splice(this.#running.indexOf(state), 1);
    else this.#line.remove(state);
    state.phase = 'Gone';
    this.kv.release(state);
    this.stats.aborted += 1;
    this.#blocked = false;
    this.#publishGauges();
    return true;
  }

  /**
   * Schedules a batch and starts to compute it.
   * @returns the step's duration in ms, or `undefined` when nothing can run at `nowMs`
   */
  startStep(nowMs: number): number | undefined {
    this.#line.admitArrivals(nowMs);
    const load = this.#load;
    load.computedTokens = 0;
    load.decodingSequences = 0;
    load.contextTokens = 0;
    this.#blocked = false;
    if (this.#scheduleRunning()) this.#scheduleWaiting(nowMs);
    this.#publishGauges();
    if (load.computedTokens === 0) return undefined;
    const durationMs = stepDurationMs(this.stepCost, load);
    this.#stepEndMs = nowMs + durationMs;
    return durationMs;
  }

  /** The step under way ends so much later. */
  lengthenStep(ms: number): void {
    if (this.#stepEndMs !== undefined) this.#stepEndMs += ms;
  }

  /**
   * Ends the step under way: each sequence whose tokens are all computed gets its next token.
   * @param tell which tokens the listener hears of
   */
  finishStep(onToken: TokenListener, tell: 'EachToken' | 'LastTokens' = 'EachToken'): void {
    const nowMs = this.#stepEndMs;
    if (nowMs === undefined) return;
    this.#stepEndMs = undefined;
    const running = this.#running;
    const batch = running.length;
    const before = this.stats.generationTokens + this.stats.promptTokens;
    let kept = 0;
    let stepsToEnd = Infinity;
    for (const state of running) {
      const hasToken = this.#advance(state, nowMs);
      const finish = hasToken ? finishOf(state) : undefined;
      if (finish === undefined) {
        running[kept] = state;
        kept += 1;
        stepsToEnd = Math.min(stepsToEnd, state.outputTokens - state.generatedTokens);
      } else {
        this.#finish(state, finish, nowMs);
      }
      if (finish !== undefined || (hasToken && tell === 'EachToken'))
        onToken(state.request.id, finish, state);
    }
    running.length = kept;
    this.#stepsToEnd = stepsToEnd;
    if (kept !== batch) this.#blocked = false;
    this.stats.flushLatencies();
    // vLLM makes an iteration record only for steps with output (AsyncLLM's output handler).
    const counted = this.stats.generationTokens + this.stats.promptTokens - before;
    if (counted > 0) this.stats.iterationTokens.observe(counted);
    this.#publishGauges();
  }

  /**
   * Between two steps: plays those that follow for as long as it is certain that they are alike, one token for each
   * sequence, none joining, leaving or preempted, and that they end by `untilMs`. It leaves exactly what the same
   * steps by `startStep` and `finishStep` would, but tells no listener.
   * @param nowMs when the last step ended
   * @returns when the last of these steps ended; `nowMs` when there was none
   */
  fastForward(nowMs: number, untilMs: number): number {
    const beforeMs = this.nextArrivalMs ?? Infinity;
    if (this.#stepsToEnd <= 1 || beforeMs <= nowMs) return nowMs;
    if (this.#line.waiting > 0 && !this.#blocked) return nowMs;
    const contextTokens = this.#decodingContext(nowMs);
    if (contextTokens === undefined) return nowMs;
    const run = repeatDecodeStep(
      {
        stepCost: this.stepCost,
        batch: this.#running.length,
        contextTokens,
        steps: this.#stepsToEnd - 1,
        blocksTaken: this.#blocksTaken,
        freeBlocks: this.kv.capacity - this.kv.used,
        fromMs: nowMs,
        untilMs,
        beforeMs,
      },
      this.stats.interTokenLatency,
    );
    if (run.steps > 0) this.#applyRun(run.steps, run.endMs);
    return run.endMs;
  }

  /**
   * Context tokens of the batch if the last step, which ended at `nowMs`, gave each sequence a token, so that the next
   * one will too. Counts the blocks that the next steps take.
   */
  #decodingContext(nowMs: number): number | undefined {
    const { blockSize } = this.kv;
    this.#blocksTaken.fill(0);
    let contextTokens = 0;
    // The youngest first: they are the ones that may still have a prompt to compute.
    for (let i = this.#running.length - 1; i >= 0; i -= 1) {
      const state = this.#running[i];
      if (state === undefined || state.lastTokenMs !== nowMs) return undefined;
      contextTokens += state.tokens;
      const room = state.heldBlocks * blockSize - state.computedTokens;
      this.#blocksTaken[room] = (this.#blocksTaken[room] ?? 0) + 1;
    }
    return this.#running.length === 0 ? undefined : contextTokens;
  }

  #applyRun(steps: number, endMs: number): void {
    const batch = this.#running.length;
    for (const state of this.#running) {
      state.tokens += steps;
      state.generatedTokens += steps;
      state.computedTokens += steps;
      state.lastTokenMs = endMs;
      this.kv.grow(state, state.computedTokens);
    }
    this.#stepsToEnd -= steps;
    this.stats.generationTokens += steps * batch;
    this.stats.iterationTokens.observe(batch, steps);
    this.#publishGauges();
  }

  /**
   * What is queued already decides, not the request itself: seen in vLLM 0.32 for the limit of requests, assumed for
   * that of tokens.
   */
  #rejection(): AddOutcome | undefined {
    const { maxNumQueuedReqs, maxNumQueuedTokens } = this.#config;
    const { size, promptTokens } = this.#line;
    if (maxNumQueuedReqs !== undefined && size >= maxNumQueuedReqs) {
      this.stats.rejectedByQueueLimit += 1;
      const message = `${size} requests are queued, and the limit is ${maxNumQueuedReqs}.`;
      return { kind: 'Rejected', reason: 'QueueFull', message };
    }
    if (maxNumQueuedTokens !== undefined && promptTokens >= maxNumQueuedTokens) {
      this.stats.rejectedByTokenLimit += 1;
      const message = `${promptTokens} prompt tokens are queued, and the limit is ${maxNumQueuedTokens}.`;
      return { kind: 'Rejected', reason: 'QueuedTokensFull', message };
    }
    return undefined;
  }

  /**
   * Sequences in the batch go first, oldest first; when blocks run out, the youngest makes room.
   * @returns whether all kept their place; if not, nobody may join in this step
   */
  #scheduleRunning(): boolean {
    const load = this.#load;
    const { maxNumBatchedTokens } = this.#config;
    const running = this.#running;
    const before = running.length;
    for (let i = 0; i < running.length; i += 1) {
      const state = running[i];
      if (state === undefined) break;
      state.stepTokens = 0;
      const missing = state.tokens - state.computedTokens;
      const wanted = Math.min(missing, maxNumBatchedTokens - load.computedTokens);
      if (wanted === 0 || !this.#growOrPreempt(state, state.computedTokens + wanted)) continue;
      state.stepTokens = wanted;
      load.computedTokens += wanted;
      if (state.generatedTokens === 0 || wanted > 1) continue;
      load.decodingSequences += 1;
      load.contextTokens += state.tokens;
    }
    return this.#running.length === before;
  }

  /** @returns whether `state` has its blocks; if not, it was itself the youngest and is waiting again */
  #growOrPreempt(state: RequestState, tokens: number): boolean {
    for (;;) {
      if (this.kv.grow(state, tokens)) return true;
      const victim = this.#running.pop();
      if (victim === undefined) return false;
      this.#preempt(victim);
      if (victim === state) return false;
    }
  }

  /** By recompute: its blocks are lost, and it goes to the head of the queue. */
  #preempt(state: RequestState): void {
    this.kv.release(state);
    state.computedTokens = 0;
    state.stepTokens = 0;
    state.preemptions += 1;
    this.stats.preemptions += 1;
    this.#line.putBack(state);
  }

  /** Admits from the head of the line while there are slots, tokens and blocks; passes over adapters without a place. */
  #scheduleWaiting(nowMs: number): void {
    if (this.#line.waiting === 0) return;
    const { maxNumBatchedTokens, maxNumSeqs } = this.#config;
    const adapters = this.#adapters();
    while (this.#load.computedTokens < maxNumBatchedTokens && this.#running.length < maxNumSeqs) {
      const state = this.#line.next(adapters.hasPlaceFor);
      if (state === undefined) break;
      const cached = this.kv.admit(state);
      if (cached === undefined) break;
      this.#line.take();
      adapters.add(state);
      this.#admit(state, cached, nowMs);
    }
    this.#line.endRound();
    this.#blocked = this.#load.computedTokens < maxNumBatchedTokens || this.#running.length === maxNumSeqs;
  }

  #admit(state: RequestState, cached: number, nowMs: number): void {
    const wanted = Math.min(
      state.tokens - cached,
      this.#config.maxNumBatchedTokens - this.#load.computedTokens,
    );
    state.phase = 'Running';
    state.computedTokens = cached;
    this.kv.grow(state, cached + wanted);
    state.stepTokens = wanted;
    this.#load.computedTokens += wanted;
    if (state.scheduledMs === undefined) {
      state.scheduledMs = nowMs;
      state.cachedTokens = cached;
      this.stats.prefixCacheQueries += state.request.promptTokens;
      this.stats.prefixCacheHits += cached;
    }
    this.#running.push(state);
  }

  #adapters(): BatchAdapters {
    const { maxLoras } = this.#config;
    return maxLoras === undefined ? ANY_ADAPTERS : batchAdapters(this.#running, maxLoras);
  }

  /** @returns whether the sequence has all its tokens computed, and so got one more */
  #advance(state: RequestState, nowMs: number): boolean {
    if (state.stepTokens === 0) return false;
    state.computedTokens += state.stepTokens;
    state.stepTokens = 0;
    if (state.computedTokens < state.tokens) return false;
    state.generatedTokens += 1;
    state.tokens += 1;
    this.stats.generationTokens += 1;
    if (state.generatedTokens === 1) {
      state.firstTokenMs = nowMs;
      this.stats.observeFirstToken(state, nowMs);
    } else {
      this.stats.observeLatency(nowMs - state.lastTokenMs);
    }
    state.lastTokenMs = nowMs;
    return true;
  }

  #finish(state: RequestState, reason: FinishReason, nowMs: number): void {
    this.stats.observeFinish(state, reason, nowMs);
    this.#live.delete(state.request.id);
    this.kv.release(state);
    state.phase = 'Gone';
  }

  #requireWholeBlocks({ id, prefix }: EngineRequest): void {
    const { blockSize } = this.kv;
    if (prefix === undefined || prefix.tokensPerId % blockSize === 0) return;
    throw new RangeError(
      `request ${id} has ${prefix.tokensPerId} tokens an id; it must be a multiple of the block size, ${blockSize}`,
    );
  }

  #publishGauges(): void {
    this.stats.running = this.#running.length;
    this.stats.waiting = this.#line.waiting;
    this.stats.waitingDeferred = this.#line.deferred;
    this.stats.kvCacheUsage = this.kv.usage;
  }
}

function finishOf({ request, outputTokens, generatedTokens }: RequestState): FinishReason | undefined {
  if (generatedTokens < outputTokens) return undefined;
  if (request.fails === true) return 'error';
  return generatedTokens >= request.maxTokens ? 'length' : 'stop';
}
