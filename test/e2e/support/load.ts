import { systemClock } from '../../../src/kube/system-clock.ts';
import { runLoad } from '../../../src/loadtest/client/run-load.ts';
import { scheduleStages, type RequestSize, type Stage } from '../../../src/loadtest/plan/arrivals.ts';
import type { RequestRecord } from '../../../src/loadtest/plan/request-record.ts';
import type { Playground } from '../../../playground/playground.ts';
import { ServiceEndpoints } from '../../../playground/warden/service-endpoints.ts';
import { eventually } from '../../integration/playground/eventually.ts';
import { MODEL } from './fleets.ts';

const REQUEST_TIMEOUT_MS = 60_000;

/** Streaming requests at constant rates through a fleet's Service; disposing of it cuts what is under way. */
export class Load implements AsyncDisposable {
  readonly records: RequestRecord[] = [];
  readonly #endpoints: ServiceEndpoints;
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  private constructor(endpoints: ServiceEndpoints) {
    this.#endpoints = endpoints;
  }

  /** Starts once the Service has an endpoint. */
  static async start(
    pg: Playground,
    fleet: string,
    stages: readonly Stage[],
    size: RequestSize,
  ): Promise<Load> {
    const load = new Load(new ServiceEndpoints(pg, fleet));
    await eventually(() => {
      if (load.#endpoints.size === 0) throw new Error(`the Service ${fleet} has no ready endpoint`);
    });
    load.#running = runLoad({
      schedule: scheduleStages(stages, { kind: 'Constant' }, size),
      model: MODEL,
      pickTarget: load.#endpoints.pick,
      clock: systemClock,
      signal: load.#stop.signal,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      engineProxyUrl: pg.engineProxyUrl,
      seed: 1,
      onRecord: (record) => load.records.push(record),
    });
    return load;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#endpoints.stop();
  }
}
