import type { EngineModel, TokenListener } from './engine-model.ts';

const NO_LISTENER: TokenListener = () => undefined;

/**
 * An engine model with a virtual clock: runs its steps back to back, each starting when the one before ended, and
 * skips those that are all alike. Requests are added and aborted at the time up to which it has run.
 */
export class EngineTimeline {
  readonly model: EngineModel;
  readonly #listener: TokenListener;
  #nowMs: number;
  #stepEndMs: number | undefined;

  /**
   * @param listener hears of the last token of each request only
   * @param startMs virtual time at which the engine begins
   */
  constructor(model: EngineModel, startMs: number, listener: TokenListener = NO_LISTENER) {
    this.model = model;
    this.#nowMs = startMs;
    this.#listener = listener;
  }

  /**
   * Plays all that happens until `untilMs`. A step that ends then has ended; the one that starts then has not, so
   * that it takes along all that is added at that time. With `Infinity` it plays until no request is left, or those
   * left can never run.
   */
  runUntil(untilMs: number): void {
    while (this.#stepEndMs === undefined || this.#stepEndMs <= untilMs) {
      if (this.#stepEndMs !== undefined) {
        this.model.finishStep(this.#listener, 'LastTokens');
        this.#nowMs = this.model.fastForward(this.#stepEndMs, untilMs);
        this.#stepEndMs = undefined;
      }
      if (this.#nowMs >= untilMs) return;
      const durationMs = this.model.startStep(this.#nowMs);
      if (durationMs !== undefined) this.#stepEndMs = this.#nowMs + durationMs;
      else if (!this.#sleep(untilMs)) return;
    }
  }

  /** With nothing to run: sleeps until the next request reaches the scheduler. @returns whether one does */
  #sleep(untilMs: number): boolean {
    const arrivalMs = this.model.nextArrivalMs ?? Infinity;
    if (arrivalMs <= untilMs && arrivalMs < Infinity) this.#nowMs = arrivalMs;
    else if (untilMs < Infinity) this.#nowMs = untilMs;
    return arrivalMs < untilMs;
  }
}
