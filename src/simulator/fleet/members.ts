import type { TokenListener } from '../model/engine-model.ts';
import { SimulatedEngine } from './simulated-engine.ts';
import type { EngineView, FleetConfig, FleetTick } from './types.ts';

/** The engines of a simulated fleet over time: who starts, serves, drains, and what all of them cost. */
export class FleetMembers {
  /** Ready and not draining: what the router may choose from. */
  readonly serving: SimulatedEngine[] = [];
  peakReplicas = 0;
  readonly #config: FleetConfig;
  readonly #listener: TokenListener;
  /** Oldest first; all take equally long to start. */
  readonly #starting: SimulatedEngine[] = [];
  readonly #draining: SimulatedEngine[] = [];
  #created = 0;
  #engineMs = 0;

  constructor(config: FleetConfig, listener: TokenListener) {
    this.#config = config;
    this.#listener = listener;
    for (let i = 0; i < config.initialSize; i += 1) this.serving.push(this.#create(-config.startupMs));
    this.peakReplicas = config.initialSize;
  }

  /** Engines ordered: starting and serving. */
  get size(): number {
    return this.#starting.length + this.serving.length;
  }

  get nextReadyMs(): number {
    return this.#starting[0]?.readyAtMs ?? Infinity;
  }

  becomeReady(): void {
    const engine = this.#starting.shift();
    if (engine !== undefined) this.serving.push(engine);
  }

  /** Runs every engine up to `nowMs`. */
  runUntil(nowMs: number): void {
    for (const { engine } of this.serving) engine.runUntil(nowMs);
    for (const { engine } of this.#draining) engine.runUntil(nowMs);
  }

  views(nowMs: number): readonly EngineView[] {
    return [...this.serving, ...this.#draining, ...this.#starting].map((engine) => engine.view(nowMs));
  }

  tick(atMs: number): FleetTick {
    const engines = [...this.serving, ...this.#draining];
    return {
      atMs,
      size: this.size,
      ready: this.serving.length,
      draining: this.#draining.length,
      inFlight: engines.reduce((sum, engine) => sum + engine.inFlight, 0),
    };
  }

  /**
   * Grows by taking draining engines back, the busiest first, then by starting new ones. Shrinks by the youngest
   * that still start, then drains the emptiest. All engines must have been run up to `nowMs`.
   */
  resize(size: number, nowMs: number): void {
    while (this.size < size) {
      const back = takeBest(this.#draining, (engine) => engine.inFlight);
      if (back === undefined) this.#starting.push(this.#create(nowMs));
      else this.#serveAgain(back);
    }
    while (this.size > size) {
      const unborn = this.#starting.pop();
      if (unborn === undefined) this.#drainEmptiest();
      else this.#pay(unborn, nowMs);
    }
    this.peakReplicas = Math.max(this.peakReplicas, this.size + this.#draining.length);
  }

  /** Takes away the drained engines that have nothing left at `nowMs`. */
  removeEmpty(nowMs: number): void {
    for (let i = this.#draining.length - 1; i >= 0; i -= 1) {
      const engine = this.#draining[i];
      if (engine === undefined || engine.inFlight > 0) continue;
      this.#draining.splice(i, 1);
      this.#pay(engine, nowMs);
    }
  }

  /** @returns hours of all engines up to `nowMs`, those that still exist included */
  replicaHours(nowMs: number): number {
    let engineMs = this.#engineMs;
    for (const engine of [...this.#starting, ...this.serving, ...this.#draining])
      engineMs += lifeMs(engine, nowMs);
    return engineMs / 3_600_000;
  }

  #create(atMs: number): SimulatedEngine {
    this.#created += 1;
    return new SimulatedEngine(this.#config, this.#created, atMs, this.#listener);
  }

  #serveAgain(engine: SimulatedEngine): void {
    engine.draining = false;
    this.serving.push(engine);
  }

  #drainEmptiest(): void {
    const engine = takeBest(this.serving, ({ inFlight }) => -inFlight);
    if (engine === undefined) return;
    engine.draining = true;
    this.#draining.push(engine);
  }

  #pay(engine: SimulatedEngine, nowMs: number): void {
    this.#engineMs += lifeMs(engine, nowMs);
  }
}

/** Takes out the one with the highest score, the last one of equals. */
function takeBest(
  engines: SimulatedEngine[],
  score: (engine: SimulatedEngine) => number,
): SimulatedEngine | undefined {
  let best = -1;
  let highest = -Infinity;
  for (const [index, engine] of engines.entries()) {
    if (score(engine) < highest) continue;
    highest = score(engine);
    best = index;
  }
  return best < 0 ? undefined : engines.splice(best, 1)[0];
}

/** Those that were there at the start cost nothing before it. */
function lifeMs(engine: SimulatedEngine, nowMs: number): number {
  return Math.max(0, nowMs - Math.max(0, engine.createdAtMs));
}
