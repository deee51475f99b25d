import type { FinishReason, RequestProgress } from '../model/request.ts';
import type { SimulatedEngine } from './simulated-engine.ts';
import type { FleetArrival, RequestRecord } from './types.ts';

/** One client and its request. */
export interface Client {
  readonly id: string;
  readonly index: number;
  readonly arrival: FleetArrival;
  /** Absent while no engine serves. */
  engine?: SimulatedEngine;
}

/** The clients of a fleet: who waits for how long, and what each of them got. */
export class FleetClients {
  readonly #arrivals: readonly FleetArrival[];
  readonly #abandonAfterMs: number;
  readonly #records: (RequestRecord | undefined)[];
  /** In the order of their deadlines, which is that of arrival. */
  readonly #patient: Client[] = [];
  #nextPatient = 0;
  #nextArrival = 0;

  /** @throws RangeError naming the first arrival that comes before the one in front of it */
  constructor(arrivals: readonly FleetArrival[], abandonAfterMs: number) {
    requireSorted(arrivals);
    this.#arrivals = arrivals;
    this.#abandonAfterMs = abandonAfterMs;
    this.#records = Array.from({ length: arrivals.length }, () => undefined);
  }

  get nextArrivalMs(): number {
    return this.#arrivals[this.#nextArrival]?.atMs ?? Infinity;
  }

  /** When the next client that has not ended loses its patience, unless it has a first token by then. */
  get nextDeadlineMs(): number {
    for (let next = this.#patient[this.#nextPatient]; next !== undefined;) {
      if (this.#records[next.index] === undefined) return next.arrival.atMs + this.#abandonAfterMs;
      this.#nextPatient += 1;
      next = this.#patient[this.#nextPatient];
    }
    return Infinity;
  }

  arrive(): Client | undefined {
    const index = this.#nextArrival;
    const arrival = this.#arrivals[index];
    if (arrival === undefined) return undefined;
    this.#nextArrival += 1;
    const client = { id: String(index), index, arrival };
    this.#patient.push(client);
    return client;
  }

  /** Ends the wait of the client whose deadline is next: it leaves unless its first token has come. */
  endPatience(): void {
    const client = this.#patient[this.#nextPatient];
    if (client === undefined) return;
    this.#nextPatient += 1;
    const { engine, id, arrival } = client;
    engine?.engine.runUntil(arrival.atMs + this.#abandonAfterMs);
    if (this.#records[client.index] !== undefined) return;
    if (engine?.engine.progress(id)?.firstTokenMs !== undefined) return;
    engine?.engine.abort(id);
    this.#records[client.index] = { outcome: 'Abandoned', arrival };
  }

  hasEnded({ index }: Client): boolean {
    return this.#records[index] !== undefined;
  }

  refuse({ index, arrival }: Client): void {
    this.#records[index] = { outcome: 'Refused', arrival };
  }

  /** Listens to the tokens of all engines. */
  readonly onToken = (id: string, finish: FinishReason | undefined, progress: RequestProgress): void => {
    if (finish === undefined) return;
    const index = Number(id);
    const arrival = this.#arrivals[index];
    if (arrival !== undefined) this.#records[index] = finished(arrival, progress);
  };

  /** @returns one record a request; those that never end (too large for the cache) count as abandoned */
  records(): readonly RequestRecord[] {
    return this.#arrivals.map(
      (arrival, index) => this.#records[index] ?? { outcome: 'Abandoned' as const, arrival },
    );
  }
}

function finished(arrival: FleetArrival, progress: RequestProgress): RequestRecord {
  const { firstTokenMs = progress.lastTokenMs, lastTokenMs, generatedTokens } = progress;
  return {
    outcome: 'Finished',
    arrival,
    ttftMs: firstTokenMs - arrival.atMs,
    ...(generatedTokens > 1 && { tpotMs: (lastTokenMs - firstTokenMs) / (generatedTokens - 1) }),
    e2eMs: lastTokenMs - arrival.atMs,
    preemptions: progress.preemptions,
    cachedTokens: progress.cachedTokens,
  };
}

function requireSorted(arrivals: readonly FleetArrival[]): void {
  let before = 0;
  for (const [index, { atMs }] of arrivals.entries()) {
    if (atMs < before)
      throw new RangeError(
        `arrival ${index} is at ${atMs} ms, before ${before} ms; sort arrivals by atMs, from 0`,
      );
    before = atMs;
  }
}
