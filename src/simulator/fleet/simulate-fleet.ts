import { createRandom } from '../model/random.ts';
import { FleetClients, type Client } from './clients.ts';
import { FleetMembers } from './members.ts';
import { createRouter, type Router } from './routing.ts';
import type { FleetArrival, FleetConfig, FleetPolicy, FleetResult, FleetTick } from './types.ts';

/**
 * Plays `arrivals` (sorted by time) through a fleet whose size `policy` decides every interval. Engines are only run
 * up to a time when somebody looks at them then. Pure: the same arguments and a policy that answers alike give the
 * same result.
 *
 * @throws RangeError for arrivals out of order, and for a policy that asks for anything but a whole number from 0
 */
export function simulateFleet(
  config: FleetConfig,
  arrivals: readonly FleetArrival[],
  policy: FleetPolicy,
): FleetResult {
  return new FleetRun(config, arrivals, policy).play();
}

class FleetRun {
  readonly #config: FleetConfig;
  readonly #policy: FleetPolicy;
  readonly #clients: FleetClients;
  readonly #members: FleetMembers;
  readonly #route: Router;
  readonly #ticks: FleetTick[] = [];
  /** Clients that came while no engine served. */
  #unrouted: Client[] = [];
  #nextTickMs: number;
  #sizeChanges = 0;

  constructor(config: FleetConfig, arrivals: readonly FleetArrival[], policy: FleetPolicy) {
    this.#config = config;
    this.#policy = policy;
    this.#clients = new FleetClients(arrivals, config.abandonAfterMs);
    this.#members = new FleetMembers(config, this.#clients.onToken);
    this.#route = createRouter(config.routing, createRandom(config.seed));
    this.#nextTickMs = config.intervalMs;
  }

  play(): FleetResult {
    while (this.#playNext());
    const { durationMs } = this.#config;
    const replicaHours = this.#members.replicaHours(durationMs);
    this.#members.runUntil(Infinity);
    return {
      records: this.#clients.records(),
      ticks: this.#ticks,
      replicaHours,
      peakReplicas: this.#members.peakReplicas,
      sizeChanges: this.#sizeChanges,
    };
  }

  /** Plays the earliest event; of those at one time: ready, patience, decision, arrival. @returns whether one was left */
  #playNext(): boolean {
    const readyMs = this.#members.nextReadyMs;
    const deadlineMs = this.#clients.nextDeadlineMs;
    const tickMs = this.#nextTickMs <= this.#config.durationMs ? this.#nextTickMs : Infinity;
    const arrivalMs = this.#clients.nextArrivalMs;
    const nowMs = Math.min(readyMs, deadlineMs, tickMs, arrivalMs);
    if (nowMs === Infinity) return false;
    if (nowMs === readyMs) this.#becomeReady(nowMs);
    else if (nowMs === deadlineMs) this.#clients.endPatience();
    else if (nowMs === tickMs) this.#decide(nowMs);
    else this.#arrive(nowMs);
    return true;
  }

  #becomeReady(nowMs: number): void {
    this.#members.becomeReady();
    const clients = this.#unrouted;
    this.#unrouted = [];
    for (const client of clients) if (!this.#clients.hasEnded(client)) this.#send(client, nowMs);
  }

  #arrive(nowMs: number): void {
    const client = this.#clients.arrive();
    if (client !== undefined) this.#send(client, nowMs);
  }

  #send(client: Client, nowMs: number): void {
    const engine = this.#route(this.#members.serving, nowMs);
    if (engine === undefined) {
      this.#unrouted.push(client);
      return;
    }
    client.engine = engine;
    engine.engine.runUntil(nowMs);
    const request = { ...client.arrival, id: client.id, maxTokens: client.arrival.outputTokens };
    if (engine.engine.add(request, nowMs).kind === 'Rejected') this.#clients.refuse(client);
  }

  #decide(nowMs: number): void {
    this.#nextTickMs = nowMs + this.#config.intervalMs;
    const members = this.#members;
    members.runUntil(nowMs);
    members.removeEmpty(nowMs);
    const before = members.size;
    const size = this.#policy({ nowMs, size: before, engines: members.views(nowMs) });
    if (!Number.isInteger(size) || size < 0)
      throw new RangeError(`the policy asked for a size of ${size}; it must be a whole number from 0`);
    if (size !== before) this.#sizeChanges += 1;
    members.resize(size, nowMs);
    members.removeEmpty(nowMs);
    this.#ticks.push(members.tick(nowMs));
  }
}
