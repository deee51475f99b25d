import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Agent } from 'node:http';
import type { Cancel, Clock } from '../../runtime/ports.ts';
import type { FailureReason, RequestRecord } from '../plan/request-record.ts';
import type { Schedule, ScheduledRequest } from '../plan/schedule.ts';
import { createAgent } from './connect-agent.ts';
import { createPrompts } from './prompts.ts';
import { sendRequest } from './send-request.ts';
import type { PickTarget } from './target.ts';

export interface LoadOptions {
  readonly schedule: Schedule;
  /** The served model's name. */
  readonly model: string;
  readonly pickTarget: PickTarget;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** From the send to the end of the answer, and the longest wait for a free slot. */
  readonly requestTimeoutMs: number;
  /** Requests under way at a time; absent: as many as the schedule asks for. */
  readonly maxInFlight?: number;
  /** HTTP CONNECT proxy (`http://host:port`) for use outside the cluster's network. */
  readonly engineProxyUrl?: string;
  /** Such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Prompts of another seed share no prefix with those of this one. */
  readonly seed: number;
  /** Called with each record as soon as it is final. */
  readonly onRecord?: (record: RequestRecord) => void;
}

export interface LoadRun {
  /** One for each request of the schedule, in its order. */
  readonly records: readonly RequestRecord[];
  /** How late this process ran its own timers: the 99th percentile, in milliseconds. */
  readonly eventLoopDelayP99Ms: number;
}

const LOOP_RESOLUTION_MS = 10;

/**
 * Sends the schedule, open loop: each request at its own deadline on the monotonic clock, whether or not earlier ones
 * were answered. One that is late is sent at once and its delay is on record; none is left out.
 *
 * Resolves when every request has its outcome, at the latest twice `requestTimeoutMs` after the schedule's end. When
 * `signal` aborts, what is under way is cut and what is not sent is recorded as `Cancelled`. Rejects only for options
 * that make no sense.
 */
export async function runLoad(options: LoadOptions): Promise<LoadRun> {
  if (options.maxInFlight !== undefined && !(options.maxInFlight >= 1)) {
    throw new RangeError(`maxInFlight is ${options.maxInFlight}; give 1 or more, or leave it out`);
  }
  const agent = createAgent(options.engineProxyUrl);
  const loopDelay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  loopDelay.enable();
  try {
    const records = await new OpenLoop(options, agent).run();
    // The histogram counts the interval of its own timer in.
    const p99Ms = loopDelay.percentile(99) / 1e6 - LOOP_RESOLUTION_MS;
    return { records: records.toSorted((a, b) => a.id - b.id), eventLoopDelayP99Ms: Math.max(0, p99Ms) };
  } finally {
    loopDelay.disable();
    agent.destroy();
  }
}

class OpenLoop {
  readonly #options: LoadOptions;
  readonly #agent: Agent;
  readonly #startMs: number;
  readonly #promptOf: (id: number, tokens: number) => string;
  readonly #records: RequestRecord[] = [];
  #next = 0;
  #inFlight = 0;
  #cancelTimer: Cancel = () => {};
  #done: (records: readonly RequestRecord[]) => void = () => {};

  constructor(options: LoadOptions, agent: Agent) {
    const longest = options.schedule.requests.reduce(
      (most, { promptTokens }) => Math.max(most, promptTokens),
      0,
    );
    this.#options = options;
    this.#agent = agent;
    this.#promptOf = createPrompts(longest, options.seed);
    this.#startMs = options.clock.monotonic();
  }

  run(): Promise<readonly RequestRecord[]> {
    return new Promise((resolve) => {
      this.#done = resolve;
      this.#options.signal.addEventListener('abort', this.#pump, { once: true });
      this.#pump();
    });
  }

  #nowMs(): number {
    return this.#options.clock.monotonic() - this.#startMs;
  }

  /** Sends all that is due and has a free slot, then waits for the next deadline or for an answer. */
  readonly #pump = (): void => {
    this.#cancelTimer();
    for (let due = this.#due(); due !== undefined; due = this.#due()) {
      this.#next += 1;
      this.#start(due);
    }
    const upcoming = this.#options.schedule.requests[this.#next];
    if (upcoming !== undefined && this.#hasSlot()) {
      this.#cancelTimer = this.#options.clock.after(upcoming.atMs - this.#nowMs(), this.#pump);
    } else if (upcoming === undefined && this.#inFlight === 0) {
      this.#options.signal.removeEventListener('abort', this.#pump);
      this.#done(this.#records);
    }
  };

  #due(): ScheduledRequest | undefined {
    const next = this.#options.schedule.requests[this.#next];
    if (next === undefined || this.#options.signal.aborted) return next;
    return this.#hasSlot() && next.atMs <= this.#nowMs() ? next : undefined;
  }

  #hasSlot(): boolean {
    return this.#inFlight < (this.#options.maxInFlight ?? Infinity);
  }

  #start(scheduled: ScheduledRequest): void {
    const { signal, requestTimeoutMs, maxInFlight, pickTarget } = this.#options;
    if (signal.aborted) {
      return this.#notSent(scheduled, 'Cancelled', 'the run was stopped before the request was sent');
    }
    const lateMs = this.#nowMs() - scheduled.atMs;
    if (maxInFlight !== undefined && lateMs > requestTimeoutMs) {
      const message = `no slot of ${maxInFlight} was free for ${Math.round(lateMs)} ms`;
      return this.#notSent(scheduled, 'ClientOverrun', message);
    }
    const target = pickTarget();
    if (target === undefined)
      return this.#notSent(scheduled, 'NoTarget', 'no endpoint to send the request to');
    this.#inFlight += 1;
    const sending = sendRequest(scheduled, {
      agent: this.#agent,
      target,
      headers: this.#options.headers ?? {},
      body: this.#bodyOf(scheduled),
      timeoutMs: requestTimeoutMs,
      signal,
      clock: this.#options.clock,
      startMs: this.#startMs,
    });
    void sending.then((record) => {
      this.#inFlight -= 1;
      this.#keep(record);
      this.#pump();
    });
  }

  #bodyOf({ id, promptTokens, outputTokens }: ScheduledRequest): string {
    const rest = JSON.stringify({
      model: this.#options.model,
      max_tokens: outputTokens,
      ignore_eos: true,
      stream: true,
      stream_options: { include_usage: true },
    });
    return `{"prompt":${this.#promptOf(id, promptTokens)},${rest.slice(1)}`;
  }

  #notSent(scheduled: ScheduledRequest, reason: FailureReason, message: string): void {
    this.#keep({
      ...scheduled,
      target: undefined,
      sentMs: undefined,
      firstTokenMs: undefined,
      lastTokenMs: undefined,
      endMs: this.#nowMs(),
      httpStatus: undefined,
      chunks: 0,
      usage: undefined,
      outcome: { ok: false, reason, message },
    });
  }

  #keep(record: RequestRecord): void {
    this.#records.push(record);
    this.#options.onRecord?.(record);
  }
}
