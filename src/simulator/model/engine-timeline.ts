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
   * @param listener must not need each token: first and last ones always reach it, others may be skipped
   * @param startMs virtual time at which the engine begins
   */
  constructor(model: EngineModel, startMs: number, listener: TokenListener = NO_LISTENER) {
    this.model = model;
    this.#nowMs = startMs;
    this.#listener = listener;
  }

  /**
   * Plays all that happens until `untilMs`; a step that ends then has ended, and the next one has started. With
   * `Infinity` it plays until no request is left, or those left can never run.
   */
  runUntil(untilMs: number): void {
    while (this.#stepEndMs !== undefined || this.model.inFlight > 0) {
      if (this.#stepEndMs !== undefined) {
        if (this.#stepEndMs > untilMs) break;
        this.model.finishStep(this.#listener);
        this.#nowMs = this.model.fastForward(this.#stepEndMs, untilMs);
      }
      const durationMs = this.model.startStep(this.#nowMs);
      this.#stepEndMs = durationMs === undefined ? undefined : this.#nowMs + durationMs;
      if (durationMs !== undefined) continue;
      const arrivalMs = this.model.nextArrivalMs;
      if (arrivalMs === undefined || arrivalMs > untilMs) break;
      this.#nowMs = arrivalMs;
    }
    if (this.#stepEndMs === undefined && untilMs !== Infinity) this.#nowMs = Math.max(this.#nowMs, untilMs);
  }
}
