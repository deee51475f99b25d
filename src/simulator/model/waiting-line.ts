import { RequestQueue } from './request-queue.ts';
import type { RequestState } from './request.ts';

/**
 * The requests that an engine has but does not run: on their way through the front end, waiting for capacity, or
 * deferred (passed over, since their adapter has no place in the batch). As in vLLM's scheduler, deferred ones are
 * looked at first, and keep their order.
 */
export class WaitingLine {
  readonly #arriving = new RequestQueue('Arriving');
  readonly #waiting = new RequestQueue('Waiting');
  readonly #deferred = new RequestQueue('Deferred');
  /** Passed over in the round under way. */
  readonly #passedOver: RequestState[] = [];
  #promptTokens = 0;

  /** Requests of all three kinds. */
  get size(): number {
    return this.#arriving.size + this.waiting;
  }

  /** Prompt tokens of all of them. */
  get promptTokens(): number {
    return this.#promptTokens;
  }

  /** Requests that the scheduler knows, deferred ones included. */
  get waiting(): number {
    return this.#waiting.size + this.#deferred.size;
  }

  get deferred(): number {
    return this.#deferred.size;
  }

  /** When the earliest request still in the front end reaches the scheduler. */
  get nextArrivalMs(): number | undefined {
    return this.#arriving.peek()?.queuedMs;
  }

  add(state: RequestState): void {
    this.#arriving.pushBack(state);
    this.#promptTokens += state.request.promptTokens;
  }

  admitArrivals(nowMs: number): void {
    for (let next = this.#arriving.peek(); next !== undefined && next.queuedMs <= nowMs;) {
      this.#arriving.shift();
      this.#waiting.pushBack(next);
      next = this.#arriving.peek();
    }
  }

  /** Takes a preempted request back, before all others. */
  putBack(state: RequestState): void {
    this.#waiting.pushFront(state);
    this.#promptTokens += state.request.promptTokens;
  }

  remove(state: RequestState): void {
    const queue = { Arriving: this.#arriving, Waiting: this.#waiting, Deferred: this.#deferred };
    if (state.phase === 'Running' || state.phase === 'Gone') return;
    queue[state.phase].remove(state);
    this.#promptTokens -= state.request.promptTokens;
  }

  /** The next request that may run; those before it that may not are passed over for this round. */
  next(mayRun: (state: RequestState) => boolean): RequestState | undefined {
    for (;;) {
      const queue = this.#first();
      const state = queue.peek();
      if (state === undefined || mayRun(state)) return state;
      queue.shift();
      this.#passedOver.push(state);
    }
  }

  /** Takes out the request that `next` has just given. */
  take(): void {
    const state = this.#first().shift();
    if (state !== undefined) this.#promptTokens -= state.request.promptTokens;
  }

  /** Those that were passed over are deferred. */
  endRound(): void {
    for (let state = this.#passedOver.pop(); state !== undefined; state = this.#passedOver.pop())
      this.#deferred.pushFront(state);
  }

  #first(): RequestQueue {
    return this.#deferred.size > 0 ? this.#deferred : this.#waiting;
  }
}
