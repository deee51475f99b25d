import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../src/kube/system-clock.ts';
import { runLoad } from '../../src/loadtest/client/run-load.ts';
import type { PickTarget } from '../../src/loadtest/client/target.ts';
import { scheduleStages, type RequestSize } from '../../src/loadtest/plan/arrivals.ts';
import type { RequestRecord } from '../../src/loadtest/plan/request-record.ts';

export interface SteadyLoadOptions {
  readonly requestsPerSecond: number;
  readonly size: RequestSize;
  readonly model: string;
  readonly pickTarget: PickTarget;
  readonly engineProxyUrl: string;
}

/** A load is a schedule of known length; one without an end is made of such parts. */
const PART_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;

/** The same load, open loop, until it is told to end. */
export class SteadyLoad implements AsyncDisposable {
  readonly #options: SteadyLoadOptions;
  readonly #cancel = new AbortController();
  readonly #end = new AbortController();
  readonly #running: Promise<void>;
  /** Of the requests whose outcome is known. */
  readonly records: RequestRecord[] = [];

  constructor(options: SteadyLoadOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Sends no more after the part that is under way, and resolves when every request has its outcome. */
  async end(): Promise<readonly RequestRecord[]> {
    this.#end.abort();
    await this.#running;
    return this.records;
  }

  /** Cuts what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancel.abort();
    await this.end();
  }

  async #run(): Promise<void> {
    const parts: Promise<unknown>[] = [];
    while (!this.#end.signal.aborted) {
      parts.push(this.#part(parts.length));
      await sleep(PART_MS, undefined, { signal: this.#end.signal }).catch(() => undefined);
    }
    await Promise.all(parts);
  }

  #part(seed: number): Promise<unknown> {
    const { requestsPerSecond, size, ...target } = this.#options;
    return runLoad({
      ...target,
      schedule: scheduleStages([{ requestsPerSecond, durationMs: PART_MS }], { kind: 'Constant' }, size),
      clock: systemClock,
      signal: this.#cancel.signal,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      seed,
      onRecord: (record) => this.records.push(record),
    });
  }
}
