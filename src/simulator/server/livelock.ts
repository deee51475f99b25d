import type { EngineModel } from '../model/engine-model.ts';
import { stepDurationMs } from '../model/profiles.ts';
import type { EngineRequest } from '../model/request.ts';
import { performance } from 'node:perf_hooks';

const TICK_MS = 50;

/** Counts the steps of a scheduler that computes one prompt over and over. */
export class Livelock {
  readonly #model: EngineModel;
  readonly #head: () => EngineRequest | undefined;
  #timer: NodeJS.Timeout | undefined;
  #countedMs = 0;

  /** @param head the request at the head of the queue */
  constructor(model: EngineModel, head: () => EngineRequest | undefined) {
    this.#model = model;
    this.#head = head;
  }

  start(): void {
    this.stop();
    this.#countedMs = performance.now();
    this.#timer = setInterval(() => this.#count(performance.now()), TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #count(nowMs: number): void {
    const tokens = this.#head()?.promptTokens;
    if (tokens === undefined) {
      this.#countedMs = nowMs;
      return;
    }
    const load = { computedTokens: tokens, decodingSequences: 0, contextTokens: 0 };
    const stepMs = stepDurationMs(this.#model.stepCost, load);
    const steps = Math.floor((nowMs - this.#countedMs) / stepMs);
    if (steps === 0) return;
    this.#countedMs += steps * stepMs;
    this.#model.stats.promptTokens += steps * tokens;
    this.#model.stats.iterationTokens.observe(tokens, steps);
  }
}
