import { performance } from 'node:perf_hooks';
import type { AddOutcome, EngineModel } from '../model/engine-model.ts';
import type { EngineRequest, FinishReason } from '../model/request.ts';

/** Gets the tokens of one request; several at once when several steps ended within one wake-up. */
export type OutputListener = (newTokens: number, finish: FinishReason | undefined) => void;

interface Output {
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
  readonly #outputs = new Map<string, Output>();
  readonly #touched = new Set<Output>();
  #timer: NodeJS.Timeout | undefined;
  #stepEndMs: number | undefined;
  #stopped = false;

  constructor(model: EngineModel) {
    this.model = model;
  }

  submit(request: EngineRequest, listener: OutputListener): AddOutcome {
    const outcome = this.model.add(request, performance.now());
    if (outcome.kind === 'Rejected') return outcome;
    this.#outputs.set(request.id, { listener, tokens: 0, finish: undefined });
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
    this.model.abort(requestId);
    // Its blocks may let a waiting request in although no step is under way.
    this.#arm(this.#stepEndMs ?? performance.now());
  }

  /** No step ends or starts any more, for ever; gauges stay as they are. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** @param dueMs when there is something to do if no step is under way */
  #arm(dueMs = this.#stepEndMs ?? this.model.nextArrivalMs): void {
    if (this.#stopped) return;
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
    let atMs = Math.min(nowMs, this.model.nextArrivalMs ?? nowMs);
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
    if (finish !== undefined) this.#outputs.delete(requestId);
  };
}
