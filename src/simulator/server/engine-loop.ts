import { performance } from 'node:perf_hooks';
import type { AddOutcome, EngineModel } from '../model/engine-model.ts';
import type { EngineRequest, FinishReason } from '../model/request.ts';
import { Livelock } from './livelock.ts';

/** Gets the tokens of one request; several at once when several steps ended within one wake-up. */
export type OutputListener = (newTokens: number, finish: FinishReason | undefined) => void;

/** Why an engine takes no step. `Deadlock` and `Livelock` show all requests as waiting; the others freeze the gauges. */
export type Hold = 'Wedge' | 'Deadlock' | 'Livelock' | 'Dead' | 'Sleep' | 'Pause';

interface Output {
  readonly request: EngineRequest;
  readonly listener: OutputListener;
  tokens: number;
  finish: FinishReason | undefined;
}

/**
 * Drives an engine model in real time with one timer. A step is computed when it is due; since timers fire late
 * by up to a millisecond, each wake-up runs all steps that are due by then, each starting when the one before
 * ended, so that lateness never adds up. An idle engine has no timer.
 */
export class EngineLoop {
  readonly model: EngineModel;
  /** A fault: KV blocks that each request leaves behind. */
  keptBlocksPerRequest = 0;
  /** A fault: gauges do not hear of aborts, only of steps. */
  keepsGaugesOnAbort = false;
  readonly #outputs = new Map<string, Output>();
  readonly #touched = new Set<Output>();
  #timer: NodeJS.Timeout | undefined;
  #stepEndMs: number | undefined;
  #stopped = false;
  readonly #holds = new Set<Hold>();
  readonly #livelock: Livelock;
  #heldSinceMs = 0;
  /** Requests whose clients have gone while no step was taken. */
  #left: string[] = [];
  /** No step starts before: time that passed while none was taken is not made up for. */
  #notBeforeMs = 0;
  /** By how much the next step is to be longer. */
  #stallMs = 0;

  constructor(model: EngineModel) {
    this.model = model;
    this.#livelock = new Livelock(model, () => this.#outputs.values().next().value?.request);
  }

  submit(request: EngineRequest, listener: OutputListener): AddOutcome {
    const outcome = this.model.add(request, performance.now());
    if (outcome.kind === 'Rejected') return outcome;
    this.#outputs.set(request.id, { request, listener, tokens: 0, finish: undefined });
    this.#showStuck();
    this.#arm();
    return outcome;
  }

  /** Forgets a request whose client has gone. A stopped engine does not hear of it. */
  abort(requestId: string): void {
    const output = this.#outputs.get(requestId);
    if (output === undefined) return;
    this.#outputs.delete(requestId);
    this.#touched.delete(output);
    if (this.#stopped) return;
    if (this.#holds.size > 0) {
      this.#left.push(requestId);
      this.#showStuck();
      return;
    }
    this.#forget(requestId);
    // Its blocks may let a waiting request in although no step is under way.
    this.#arm(this.#stepEndMs ?? performance.now());
  }

  /** No step ends or starts any more, for ever; gauges stay as they are. */
  stop(): void {
    this.#stopped = true;
    this.#livelock.stop();
    clearTimeout(this.#timer);
  }

  /** No step ends or starts until all holds are released. */
  hold(reason: Hold): void {
    if (this.#stopped) return;
    if (this.#holds.size === 0) this.#heldSinceMs = performance.now();
    this.#holds.add(reason);
    clearTimeout(this.#timer);
    if (reason === 'Livelock') this.#livelock.start();
    this.#showStuck();
  }

  /** Goes on where it stopped. */
  release(reason: Hold): void {
    if (!this.#holds.delete(reason) || this.#stopped) return;
    if (reason === 'Livelock') this.#livelock.stop();
    if (this.#holds.size > 0) return this.#showStuck();
    const nowMs = performance.now();
    this.#lengthenStep(nowMs - this.#heldSinceMs);
    this.#notBeforeMs = nowMs;
    for (const requestId of this.#left) this.#forget(requestId);
    this.#left = [];
    this.#arm(this.#stepEndMs ?? nowMs);
  }

  /** The step under way, or else the next one, takes so much longer. */
  stall(ms: number): void {
    if (this.#stepEndMs === undefined) this.#stallMs += ms;
    else this.#lengthenStep(ms);
    this.#arm();
  }

  #forget(requestId: string): void {
    const { stats } = this.model;
    const { running, waiting, kvCacheUsage } = stats;
    this.model.abort(requestId);
    if (!this.keepsGaugesOnAbort) return;
    Object.assign(stats, { running, waiting, kvCacheUsage });
    if (this.model.inFlight === 0) this.#stepEndMs = undefined;
  }

  #lengthenStep(ms: number): void {
    if (this.#stepEndMs === undefined) return;
    this.#stepEndMs += ms;
    this.model.lengthenStep(ms);
  }

  /** What a scheduler that places nobody says. */
  #showStuck(): void {
    if (!this.#holds.has('Deadlock') && !this.#holds.has('Livelock')) return;
    const waiting = this.#outputs.size;
    Object.assign(this.model.stats, { running: 0, waiting, waitingDeferred: 0, kvCacheUsage: 0 });
  }

  /** @param dueMs when there is something to do if no step is under way */
  #arm(dueMs = this.#stepEndMs ?? this.model.nextArrivalMs): void {
    if (this.#stopped || this.#holds.size > 0) return;
    clearTimeout(this.#timer);
    if (dueMs === undefined) return;
    this.#timer = setTimeout(() => this.#wake(), Math.max(0, Math.ceil(dueMs - performance.now())));
  }

  #wake(): void {
    this.#runDueSteps(performance.now());
    this.#arm();
    for (const output of this.#touched) {
      const { tokens, finish } = output;
      output.tokens = 0;
      output.listener(tokens, finish);
    }
    this.#touched.clear();
  }

  #runDueSteps(nowMs: number): void {
    // A step without requests would tell the gauges.
    if (this.keepsGaugesOnAbort && this.model.inFlight === 0) return;
    let atMs = Math.max(this.#notBeforeMs, Math.min(nowMs, this.model.nextArrivalMs ?? nowMs));
    for (;;) {
      if (this.#stepEndMs !== undefined) {
        if (this.#stepEndMs > nowMs) return;
        atMs = this.#stepEndMs;
        this.#stepEndMs = undefined;
        this.model.finishStep(this.#collect);
      }
      const durationMs = this.model.startStep(atMs);
      if (durationMs !== undefined) {
        this.#stepEndMs = atMs + durationMs;
        this.#lengthenStep(this.#stallMs);
        this.#stallMs = 0;
        continue;
      }
      const arrivalMs = this.model.nextArrivalMs;
      if (arrivalMs === undefined || arrivalMs > nowMs) return;
      atMs = arrivalMs;
    }
  }

  readonly #collect = (requestId: string, finish: FinishReason | undefined): void => {
    const output = this.#outputs.get(requestId);
    if (output === undefined) return;
    output.tokens += 1;
    output.finish = finish;
    this.#touched.add(output);
    if (finish === undefined) return;
    this.#outputs.delete(requestId);
    this.model.kv.keep(this.keptBlocksPerRequest);
  };
}
