import { compareRevisions } from '../../src/disruption/comparison/compare-revisions.ts';
import type { Compared, ComparisonMemory } from '../../src/disruption/comparison/memory.ts';
import type { ComparedEngine } from '../../src/disruption/comparison/observe.ts';
import type { ComparisonVerdict } from '../../src/disruption/comparison/verdict.ts';
import { sampleOf } from '../../src/simulator/fleet/engine-sample.ts';
import { DataParallelEngine } from '../../src/simulator/model/data-parallel.ts';
import type { EngineModelConfig } from '../../src/simulator/model/engine-config.ts';
import { createRandom } from '../../src/simulator/model/random.ts';
import { createTraffic, type Arrival, type Traffic } from './traffic.ts';

export interface Version {
  readonly engine: EngineModelConfig;
  /** Share of requests that end with `error`. */
  readonly failureRate: number;
}

/** A roll-out in virtual milliseconds: one new engine at a time, and an old one goes when it is ready. */
export interface Rollout {
  readonly old: Version;
  readonly new: Version;
  readonly engines: number;
  readonly startupMs: number;
  /** Between two pages of each engine and two verdicts. */
  readonly intervalMs: number;
  readonly traffic: Traffic;
  readonly seed: number;
}

export interface RolloutOutcome {
  /** The one that stopped it, or the last one. */
  readonly verdict: ComparisonVerdict;
  /** From the first new engine's first request; absent if it went through. */
  readonly stoppedAfterMs?: number;
  /** Whether the limits alone, without the odds against chance, would have stopped it at any look. */
  readonly overLimits: boolean;
  /** What both sides did from then on. */
  readonly compared: Compared;
}

/** Plays a roll-out until it is stopped or no old engine serves. Pure: the same argument gives the same outcome. */
export function simulateRollout(rollout: Rollout): RolloutOutcome {
  return new RolloutRun(rollout).play();
}

interface Member {
  readonly name: string;
  readonly side: 'Old' | 'New';
  readonly version: Version;
  readonly readyAtMs: number;
  readonly engine: DataParallelEngine;
}

class RolloutRun {
  readonly #rollout: Rollout;
  readonly #random: () => number;
  #serving: Member[];
  #starting: Member | undefined;
  #draining: Member | undefined;
  #made = 0;
  #requests = 0;

  constructor(rollout: Rollout) {
    this.#rollout = rollout;
    this.#random = createRandom(rollout.seed);
    this.#serving = Array.from({ length: rollout.engines }, () => this.#create('Old', 0));
  }

  play(): RolloutOutcome {
    const nextArrival = createTraffic(this.#rollout.traffic, this.#random);
    let arrival = nextArrival();
    let memory: ComparisonMemory | undefined;
    let overLimits = false;
    const { intervalMs, startupMs } = this.#rollout;
    for (let nowMs = intervalMs; ; nowMs += intervalMs) {
      for (; arrival.atMs < nowMs; arrival = nextArrival()) this.#send(arrival);
      this.#step(nowMs);
      const engines = this.#serving.map((member) => compared(member, nowMs));
      const { verdict, memory: next } = compareRevisions({ revision: 'new', engines }, memory, nowMs);
      memory = next;
      overLimits ||= verdict.kind === 'Regression' || verdict.reason === 'NotProven';
      const outcome = { verdict, compared: memory.compared, overLimits };
      if (verdict.kind === 'Regression') return { ...outcome, stoppedAfterMs: nowMs - startupMs };
      if (this.#serving.every(({ side }) => side === 'New')) return outcome;
    }
  }

  #send({ atMs, promptTokens, outputTokens }: Arrival): void {
    const member = this.#serving[Math.floor(this.#random() * this.#serving.length)];
    if (member === undefined) throw new Error('a roll-out has at least one engine that serves');
    this.#requests += 1;
    const id = String(this.#requests);
    const fails = this.#random() < member.version.failureRate;
    member.engine.runUntil(atMs);
    member.engine.add({ id, promptTokens, outputTokens, maxTokens: outputTokens, fails }, atMs);
  }

  #step(nowMs: number): void {
    for (const { engine } of this.#serving) engine.runUntil(nowMs);
    this.#draining?.engine.runUntil(nowMs);
    if (this.#draining?.engine.inFlight === 0) this.#draining = undefined;
    if (this.#starting !== undefined && this.#starting.readyAtMs <= nowMs) {
      this.#serving.push(this.#starting);
      this.#starting = undefined;
      const oldest = this.#serving.findIndex(({ side }) => side === 'Old');
      this.#draining = this.#serving.splice(oldest, 1)[0];
    }
    if (this.#starting === undefined && this.#draining === undefined)
      this.#starting = this.#create('New', nowMs + this.#rollout.startupMs);
  }

  #create(side: Member['side'], readyAtMs: number): Member {
    this.#made += 1;
    const version = side === 'Old' ? this.#rollout.old : this.#rollout.new;
    const engine = new DataParallelEngine(version.engine, 1, readyAtMs, () => undefined);
    return { name: `engine-${this.#made}`, side, version, readyAtMs, engine };
  }
}

function compared({ name, side, version, readyAtMs, engine }: Member, atMs: number): ComparedEngine {
  return { uid: name, side, readyAtMs, page: { atMs, sample: sampleOf(engine, version.engine, readyAtMs) } };
}
