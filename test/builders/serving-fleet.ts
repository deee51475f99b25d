import { isServing, type EngineSnapshot } from '../../src/snapshot/engine-snapshot.ts';
import type { Load } from './engines.ts';
import { workOfEach } from './histories.ts';
import { NOTHING_SERVED, pageAt, serve, type Served } from './pages.ts';
import { newSimulation, pass, type Pass, type Simulation } from './simulation.ts';
import { later } from './world.ts';

const PASS_SECONDS = 5;

/** What happens to a fleet for a while. */
export interface Happening {
  readonly seconds: number;
  /** Requests per second, to all engines in the Service alike. */
  readonly rate: number;
  readonly revision?: string;
  /** From order to ready; a minute unless said. */
  readonly startSeconds?: number;
  /** What the operator sees of an engine, in place of what is there. */
  readonly seen?: (engine: EngineSnapshot) => EngineSnapshot;
}

/** A fleet in the simulated cluster whose engines serve requests and count them on their pages. */
export class ServingFleet {
  readonly #spec: Readonly<Record<string, unknown>>;
  #simulation: Simulation = newSimulation();
  #served = new Map<string, Served>();

  constructor(spec: Readonly<Record<string, unknown>>) {
    this.#spec = spec;
  }

  /** What was left by the last pass. */
  get left(): Simulation {
    return this.#simulation;
  }

  /** Another fleet to which the same happened so far. */
  copy(): ServingFleet {
    const other = new ServingFleet(this.#spec);
    other.#simulation = this.#simulation;
    other.#served = new Map(this.#served);
    return other;
  }

  /** @returns each of the passes */
  run({ seconds, revision = 'aaa', seen = (engine) => engine, ...rest }: Happening): readonly Pass[] {
    const wish = { revision, spec: this.#spec };
    const passes: Pass[] = [];
    for (let passed = 0; passed < seconds; passed += PASS_SECONDS) {
      this.#change((engines) => engines.map(seen));
      const one = pass(this.#simulation, wish);
      passes.push(one);
      this.#simulation = { ...one.next, world: this.#later(one.next, rest) };
    }
    return passes;
  }

  /** Deletes the first engine, as a node that goes would. */
  loseOne(): void {
    this.#change((engines) => engines.slice(1));
  }

  /** All servers begin anew: they count from zero. */
  restartServers(): void {
    this.#served.clear();
  }

  #change(to: (engines: readonly EngineSnapshot[]) => readonly EngineSnapshot[]): void {
    const { world } = this.#simulation;
    this.#simulation = { ...this.#simulation, world: { ...world, engines: to(world.engines) } };
  }

  #later({ world }: Simulation, { rate, startSeconds = 60 }: Pick<Happening, 'rate' | 'startSeconds'>) {
    const work = workOfEach(world.engines.filter(isServing).length, rate);
    const load = (engine: EngineSnapshot): Load => {
      const { uid } = engine;
      const before = this.#served.get(uid) ?? NOTHING_SERVED;
      const served = isServing(engine) ? serve(before, work, PASS_SECONDS) : before;
      this.#served.set(uid, served);
      const sample = pageAt(served, work);
      const { running = 0, waiting = 0, kvCacheUsage = 0 } = sample;
      return { running, waiting, kvCacheUsage, sample };
    };
    return later(world, PASS_SECONDS, { startSeconds: () => startSeconds, load });
  }
}
