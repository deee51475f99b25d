import type { EngineModelConfig } from './engine-config.ts';
import { EngineModel, type AddOutcome, type TokenListener } from './engine-model.ts';
import { EngineTimeline } from './engine-timeline.ts';
import type { EngineRequest, RequestProgress } from './request.ts';

/**
 * One engine of one or more data-parallel ranks in virtual time. Each rank has weights, cache and queue of its own;
 * a request stays on the rank that it was given to.
 */
export class DataParallelEngine {
  readonly ranks: readonly EngineTimeline[];
  readonly #rankOf = new Map<string, EngineTimeline>();

  /** @param config of each rank */
  constructor(config: EngineModelConfig, size: number, startMs: number, listener: TokenListener) {
    const onToken: TokenListener =
      size === 1
        ? listener
        : (id, finish, progress) => {
            if (finish !== undefined) this.#rankOf.delete(id);
            listener(id, finish, progress);
          };
    this.ranks = Array.from(
      { length: size },
      () => new EngineTimeline(new EngineModel(config), startMs, onToken),
    );
  }

  /** Requests in the engine in any phase. */
  get inFlight(): number {
    let sum = 0;
    for (const { model } of this.ranks) sum += model.inFlight;
    return sum;
  }

  runUntil(untilMs: number): void {
    for (const rank of this.ranks) rank.runUntil(untilMs);
  }

  add(request: EngineRequest, nowMs: number): AddOutcome {
    const rank = leastLoaded(this.ranks);
    if (rank === undefined) throw new RangeError('an engine has at least 1 rank, got 0');
    const outcome = rank.model.add(request, nowMs);
    if (this.ranks.length > 1 && outcome.kind === 'Queued') this.#rankOf.set(request.id, rank);
    return outcome;
  }

  abort(requestId: string): boolean {
    const rank = this.#find(requestId);
    this.#rankOf.delete(requestId);
    return rank?.model.abort(requestId) ?? false;
  }

  progress(requestId: string): RequestProgress | undefined {
    return this.#find(requestId)?.model.progress(requestId);
  }

  #find(requestId: string): EngineTimeline | undefined {
    return this.ranks.length === 1 ? this.ranks[0] : this.#rankOf.get(requestId);
  }
}

/** vLLM's own choice: the least of 4 x waiting + running (v1/engine/core_client.py, DPLBAsyncMPClient). */
function leastLoaded(ranks: readonly EngineTimeline[]): EngineTimeline | undefined {
  let best: EngineTimeline | undefined;
  let lowest = Infinity;
  for (const rank of ranks) {
    const { running } = rank.model.stats;
    const score = 4 * (rank.model.inFlight - running) + running;
    if (score >= lowest) continue;
    lowest = score;
    best = rank;
  }
  return best;
}
