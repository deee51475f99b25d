import { systemClock } from '../../src/kube/system-clock.ts';
import { runLoad } from '../../src/loadtest/client/run-load.ts';
import type { RequestRecord } from '../../src/loadtest/plan/request-record.ts';
import type { Schedule } from '../../src/loadtest/plan/schedule.ts';
import { createRandom } from '../../src/simulator/model/random.ts';
import { eventually } from '../../playground/eventually.ts';
import type { Playground } from '../../playground/playground.ts';
import { KeepAlivePool } from '../../playground/warden/keep-alive-pool.ts';
import { ServiceEndpoints } from '../../playground/warden/service-endpoints.ts';
import { MODEL } from './drained-fleet.ts';

export type ClientKind = 'AtOnce' | 'Lagging' | 'KeepAlive';
export const CLIENT_KINDS: readonly ClientKind[] = ['AtOnce', 'Lagging', 'KeepAlive'];

/** Half of the default `drain.settleSeconds`, as a proxy lags that polls or is behind a slow control plane. */
export const LAG_MS = 5000;

export interface Traffic {
  /** Of the client that follows at once, and of the one that lags, each. */
  readonly requestsPerSecond: number;
  /** Of the pool that keeps them. */
  readonly connections: number;
  readonly seed: number;
}

/** One request; `sentAtMs` in epoch milliseconds. */
export interface SentRequest {
  readonly kind: ClientKind;
  readonly sentAtMs: number;
  readonly record: RequestRecord;
}

/** Longer than any run: clients send until they are stopped. */
const HORIZON_MS = 50 * 60_000;
/** Well above the drain's time-out: what is still without an end then hangs. */
const REQUEST_TIMEOUT_MS = 60_000;
const PROMPT_TOKENS = 64;
/** At 11 tokens a second, which is what `SIM_FLAGS` leave of an engine, streams of 2 to 5 seconds. */
const FEWEST_TOKENS = 20;
const MOST_TOKENS = 50;
const POOL_PAUSE_MS = 500;

/** Streams through a fleet's Service by three kinds of client at once, until it is disposed of. */
export class FleetClients implements AsyncDisposable {
  readonly requests: SentRequest[] = [];
  readonly #stop = new AbortController();
  readonly #endpoints: readonly ServiceEndpoints[];
  readonly #running: Promise<unknown>;
  readonly #pool: KeepAlivePool;

  private constructor(
    playground: Playground,
    traffic: Traffic,
    atOnce: ServiceEndpoints,
    lagging: ServiceEndpoints,
  ) {
    this.#endpoints = [atOnce, lagging];
    const { engineProxyUrl } = playground;
    const follow = (kind: ClientKind, endpoints: ServiceEndpoints, seed: number): Promise<unknown> =>
      runLoad({
        schedule: mixedStreams(traffic.requestsPerSecond, seed),
        model: MODEL,
        pickTarget: endpoints.pick,
        clock: systemClock,
        signal: this.#stop.signal,
        requestTimeoutMs: REQUEST_TIMEOUT_MS,
        engineProxyUrl,
        seed,
        onRecord: this.#keeper(kind),
      });
    const { seed } = traffic;
    this.#running = Promise.all([follow('AtOnce', atOnce, seed + 1), follow('Lagging', lagging, seed + 2)]);
    this.#pool = new KeepAlivePool({
      connections: traffic.connections,
      pickTarget: atOnce.pick,
      model: MODEL,
      promptTokens: PROMPT_TOKENS,
      outputTokens: lengthsOf(seed + 3),
      pauseMs: POOL_PAUSE_MS,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      engineProxyUrl,
      seed: seed + 3,
      onRecord: this.#keeper('KeepAlive'),
    });
  }

  /** Starts once both data planes know as many engines. */
  static async start(
    playground: Playground,
    fleet: string,
    engines: number,
    traffic: Traffic,
  ): Promise<FleetClients> {
    const atOnce = new ServiceEndpoints(playground, fleet);
    const lagging = new ServiceEndpoints(playground, fleet, { lagMs: LAG_MS });
    await eventually(() => {
      const known = Math.min(atOnce.size, lagging.size);
      if (known < engines) throw new Error(`the Service ${fleet} has ${known} of ${engines} endpoints`);
    });
    return new FleetClients(playground, traffic, atOnce, lagging);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#running, this.#pool[Symbol.asyncDispose]()]);
    await Promise.all(this.#endpoints.map((endpoints) => endpoints.stop()));
  }

  /** Records count from the start of their run, which is now. */
  #keeper(kind: ClientKind): (record: RequestRecord) => void {
    const startedAtMs = Date.now();
    return (record) =>
      void this.requests.push({ kind, sentAtMs: startedAtMs + (record.sentMs ?? record.atMs), record });
  }
}

/** Draws the lengths of streams, in tokens. */
function lengthsOf(seed: number): () => number {
  const random = createRandom(seed);
  return () => FEWEST_TOKENS + Math.floor(random() * (MOST_TOKENS - FEWEST_TOKENS + 1));
}

/** Streams of many lengths at a constant rate. */
function mixedStreams(requestsPerSecond: number, seed: number): Schedule {
  const outputTokens = lengthsOf(seed);
  const gapMs = 1000 / requestsPerSecond;
  const requests = Array.from({ length: Math.floor(HORIZON_MS / gapMs) }, (_, id) => ({
    id,
    atMs: id * gapMs,
    promptTokens: PROMPT_TOKENS,
    outputTokens: outputTokens(),
  }));
  return { requests, durationMs: HORIZON_MS };
}
