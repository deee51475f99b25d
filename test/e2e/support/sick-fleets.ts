import { ProxyAgent, request } from 'undici';
import { z } from 'zod';
import type { FaultInput } from '../../../src/simulator/server/fault.ts';
import type { Playground } from '../../../playground/playground.ts';
import { ClaimHistory, type SeenClaim } from '../../../playground/warden/claim-history.ts';
import { startOperator } from '../../../playground/warden/operator-process.ts';
import { PodHistory, podsPath, readPods } from '../../../playground/warden/pod-history.ts';
import { StatusHistory } from '../../../playground/warden/status-history.ts';
import { eventually } from '../../integration/playground/eventually.ts';
import { applyFleet, MODEL, settledAt, type FleetOptions } from './fleets.ts';
import { holdRequests, type HeldRequests } from './held-requests.ts';

/** Two minutes of standing still, half a minute for a token, and what follows on a busy machine. */
export const PROVED_MS = 300_000;

/** Answers last for as long as a test does. */
const SLOW = 0.05;
const STATUS_REFRESH = ['--status-refresh', '1s'];

export interface SickFleetOptions extends FleetOptions {
  readonly engines: number;
  /** Of its engines; default: so slow that answers do not end. */
  readonly speed?: number;
}

const Restarts = z.object({
  items: z.array(
    z.object({
      status: z.object({ containerStatuses: z.array(z.object({ restartCount: z.int() })).default([]) }),
    }),
  ),
});

/** A fleet of engines that have all served, and what happens to it from then on. */
export class SickFleet implements AsyncDisposable {
  readonly name: string;
  /** Names of its engines before any fell sick. */
  readonly engines: readonly string[];
  readonly claims: ClaimHistory;
  readonly pods: PodHistory;
  readonly status: StatusHistory;
  readonly #playground: Playground;
  readonly #end = new AsyncDisposableStack();

  constructor(pg: Playground, name: string, engines: readonly string[]) {
    this.#playground = pg;
    this.name = name;
    this.engines = engines;
    this.claims = this.#end.use(new ClaimHistory(pg, name));
    this.pods = this.#end.use(new PodHistory(pg, name));
    this.status = this.#end.use(new StatusHistory(pg, name));
  }

  /** The n-th engine by name, from 0. */
  engine(index: number): string {
    const engine = this.engines[index];
    if (engine === undefined) throw new Error(`${this.name} has ${this.engines.length} engines`);
    return engine;
  }

  /** Puts requests on the n-th engine that do not end by themselves; returns its name. */
  async hold(index: number, requests: number): Promise<string> {
    this.#end.use(await this.send(index, requests));
    return this.engine(index);
  }

  /** The same, until they are disposed of. */
  send(index: number, requests: number): Promise<HeldRequests> {
    return holdRequests(this.#playground, this.name, this.engine(index), requests);
  }

  /** The fault befalls the n-th engine while it has so many requests; returns its name. */
  async strike(index: number, fault: FaultInput, requests = 2): Promise<string> {
    const engine = requests === 0 ? this.engine(index) : await this.hold(index, requests);
    this.#playground.engineOf(engine).beginFault(fault);
    return engine;
  }

  /** Waits until a claim has taken the engine away, and the fleet is whole again. */
  replaced(engine: string, withinMs = PROVED_MS): Promise<SeenClaim> {
    return eventually(() => {
      const { claims, outcomes } = this.claims;
      const isOver = outcomes.some((one) => one.engine === engine && one.command === 'Replace');
      const seen = claims.findLast(({ claim }) => claim.engine === engine);
      if (!isOver || seen === undefined)
        throw new Error(`${engine} was not replaced: ${JSON.stringify(outcomes)}, ${JSON.stringify(seen)}`);
      return seen;
    }, withinMs);
  }

  /** Of the containers of its pods, in all. */
  async restarts(): Promise<number> {
    const { items } = await this.#playground.call(Restarts, 'GET', podsPath(this.name));
    return items
      .flatMap(({ status }) => status.containerStatuses)
      .reduce((sum, { restartCount }) => sum + restartCount, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end.disposeAsync();
  }
}

/** Fleets whose engines have all served, and their operator. Those that never have are judged with more patience. */
export class SickFleets implements AsyncDisposable {
  readonly #end: AsyncDisposableStack;
  readonly #fleets: ReadonlyMap<string, SickFleet>;

  private constructor(end: AsyncDisposableStack, fleets: ReadonlyMap<string, SickFleet>) {
    this.#end = end;
    this.#fleets = fleets;
  }

  static async start(
    pg: Playground,
    options: Readonly<Record<string, SickFleetOptions>>,
  ): Promise<SickFleets> {
    await using end = new AsyncDisposableStack();
    const operator = await startOperator(pg, { flags: STATUS_REFRESH });
    end.defer(() => operator.stop());
    for (const [name, fleet] of Object.entries(options)) await applySized(pg, name, fleet);
    for (const [name, { engines }] of Object.entries(options)) {
      await settledAt(pg, name, engines);
      await warmUp(pg, name);
    }
    const fleets = new Map<string, SickFleet>();
    for (const name of Object.keys(options)) {
      const engines = (await readPods(pg, name)).map(({ metadata }) => metadata.name);
      fleets.set(name, end.use(new SickFleet(pg, name, engines)));
    }
    return new SickFleets(end.move(), fleets);
  }

  of(name: string): SickFleet {
    const fleet = this.#fleets.get(name);
    if (fleet === undefined) throw new Error(`there is no fleet ${name}`);
    return fleet;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end.disposeAsync();
  }
}

/** A fleet of so many engines, no more and no fewer. */
export function applySized(pg: Playground, name: string, options: SickFleetOptions): Promise<void> {
  const { engines, speed = SLOW, args = [] } = options;
  return applyFleet(pg, name, {
    ...options,
    scaling: { minReplicas: engines, maxReplicas: engines },
    args: [`--sim-speed=${speed}`, ...args],
  });
}

/** One answer of each engine. */
async function warmUp(pg: Playground, fleet: string): Promise<void> {
  const dispatcher = new ProxyAgent({ uri: pg.engineProxyUrl, proxyTunnel: true });
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ model: MODEL, prompt: 'hello', max_tokens: 2, ignore_eos: true });
  for (const { status } of await readPods(pg, fleet)) {
    const url = `http://${status.podIP ?? ''}:8000/v1/completions`;
    const answer = await request(url, { method: 'POST', headers, body, dispatcher });
    await answer.body.dump();
    if (answer.statusCode !== 200) throw new Error(`${url} answered ${answer.statusCode}`);
  }
  await dispatcher.close();
}
