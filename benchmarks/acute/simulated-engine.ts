import type { EngineSample } from '../../src/engine/sample.ts';
import { engineConfigOf } from '../../src/simulator/model/engine-config.ts';
import { EngineModel } from '../../src/simulator/model/engine-model.ts';
import { EngineTimeline } from '../../src/simulator/model/engine-timeline.ts';
import { DEFAULT_PROFILE, ENGINE_PROFILES } from '../../src/simulator/model/profiles.ts';
import type { Dice } from '../leaks/dice.ts';

/** What is asked of an engine. */
export interface Work {
  /** Requests a second at a second of its life. */
  readonly rate: (second: number) => number;
  readonly promptTokens: readonly [least: number, most: number];
  readonly outputTokens: readonly [least: number, most: number];
}

export const CHAT: Pick<Work, 'promptTokens' | 'outputTokens'> = {
  promptTokens: [50, 2000],
  outputTokens: [20, 800],
};

const LONGEST_ANSWER = 100_000;
const LEAST_REMEMBERED = 1000;

/**
 * The step-by-step model of an engine under traffic, in virtual seconds. While it is held it takes no step and its gauges stand
 * still; who comes meanwhile waits outside of them.
 */
export class SimulatedEngine {
  readonly #work: Work;
  readonly #dice: Dice;
  #model = new EngineModel(engineConfigOf(ENGINE_PROFILES[DEFAULT_PROFILE]));
  #timeline = new EngineTimeline(this.#model, 0);
  #live: string[] = [];
  #forgetAt = LEAST_REMEMBERED;
  #second = 0;
  #heldMs = 0;
  #startedAt = 0;
  #serial = 0;

  constructor(work: Work, dice: Dice) {
    this.#work = work;
    this.#dice = dice;
  }

  /** Whether its page shows a request that runs. */
  get isRunning(): boolean {
    return this.#model.stats.running > 0;
  }

  /** Up to where it has been played. */
  get second(): number {
    return this.#second;
  }

  /** Plays until a second; `isHeld`: without a step. */
  play(until: number, isHeld: boolean): void {
    for (; this.#second < until; this.#second++) {
      if (isHeld) this.#heldMs += 1000;
      const nowMs = this.#second * 1000 - this.#heldMs;
      const arrivals = this.#dice.count(this.#work.rate(this.#second));
      for (let arrival = 0; arrival < arrivals; arrival++) this.#arrive(Math.max(0, nowMs));
      if (!isHeld) this.#timeline.runUntil(nowMs + 1000);
    }
  }

  /** All clients leave at once. */
  abortAll(): void {
    for (const id of this.#live) this.#model.abort(id);
    this.#live = [];
  }

  /** Another container in its place: counters from 0. */
  restart(): void {
    this.#model = new EngineModel(engineConfigOf(ENGINE_PROFILES[DEFAULT_PROFILE]));
    this.#heldMs = 0;
    this.#timeline = new EngineTimeline(this.#model, this.#second * 1000);
    this.#live = [];
    this.#startedAt = this.#second;
  }

  page(): EngineSample {
    const { stats } = this.#model;
    return {
      running: stats.running,
      waiting: stats.waiting,
      waitingByReason: { capacity: stats.waiting - stats.waitingDeferred, deferred: stats.waitingDeferred },
      isAsleep: false,
      kvCacheUsage: stats.kvCacheUsage,
      promptTokens: stats.promptTokens,
      generationTokens: stats.generationTokens,
      preemptions: stats.preemptions,
      steps: stats.iterationTokens.count,
      requests: { ...stats.finished },
      processStartTimeSeconds: this.#startedAt,
      histograms: {},
      ranks: [],
      dialect: 'v1-0.32',
      models: ['m'],
      notObservable: {},
    };
  }

  #arrive(atMs: number): void {
    const { promptTokens, outputTokens } = this.#work;
    const id = String(this.#serial++);
    this.#forgetEnded();
    this.#live.push(id);
    this.#model.add(
      {
        id,
        promptTokens: Math.ceil(this.#dice.scale(...promptTokens)),
        maxTokens: LONGEST_ANSWER,
        outputTokens: Math.ceil(this.#dice.scale(...outputTokens)),
      },
      atMs,
    );
  }

  /** Seldom, so that many who wait cost nothing. */
  #forgetEnded(): void {
    if (this.#live.length < this.#forgetAt) return;
    this.#live = this.#live.filter((id) => this.#model.progress(id) !== undefined);
    this.#forgetAt = 2 * this.#live.length + LEAST_REMEMBERED;
  }
}
