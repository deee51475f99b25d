import { minuteSample } from '../../src/rules/leaks/minute-sample.ts';
import { engineConfigOf } from '../../src/simulator/model/engine-config.ts';
import { EngineModel } from '../../src/simulator/model/engine-model.ts';
import { EngineTimeline } from '../../src/simulator/model/engine-timeline.ts';
import { DEFAULT_PROFILE, ENGINE_PROFILES } from '../../src/simulator/model/profiles.ts';
import type { Dice } from './dice.ts';
import { MINUTE_MS, type Activities } from './engine.ts';
import type { Traffic } from './traffic.ts';

/** As often as the operator reads pages. */
const READING_MS = 5000;

/** The step-by-step model of an engine under a traffic, read every five seconds as the operator does. */
export class ModelActivity {
  readonly #model = new EngineModel(engineConfigOf(ENGINE_PROFILES[DEFAULT_PROFILE]));
  readonly #timeline = new EngineTimeline(this.#model, 0);
  readonly #traffic: Traffic;
  readonly #dice: Dice;
  #serial = 0;

  constructor(traffic: Traffic, dice: Dice) {
    this.#traffic = traffic;
    this.#dice = dice;
  }

  /** Mean seconds from arrival to end of the requests that have ended. */
  get requestSeconds(): number {
    const { sum, count } = this.#model.stats.endToEndLatency;
    return count === 0 ? 0 : sum / count;
  }

  /** Plays the minute: its sample's figures. Asked in order, from minute 0 on. */
  readonly at: Activities = (minute) => {
    const fromMs = minute * MINUTE_MS;
    const { stats } = this.#model;
    const arrivals = this.#arrivals(minute);
    const readings = Array.from({ length: MINUTE_MS / READING_MS }, (_, reading) => {
      const untilMs = fromMs + (reading + 1) * READING_MS;
      while ((arrivals.at(-1) ?? Infinity) < untilMs) this.#arrive(arrivals.pop() ?? untilMs);
      this.#timeline.runUntil(untilMs);
      return {
        finishedRequests: stats.finished.stop,
        steps: stats.iterationTokens.count,
        inFlight: stats.running + stats.waiting,
        kvCacheUsage: stats.kvCacheUsage,
      };
    });
    const sample = minuteSample(fromMs, readings);
    return {
      requests: sample?.finishedRequests ?? 0,
      steps: sample?.steps ?? 0,
      inFlight: sample?.inFlight ?? 0,
      liveKv: sample?.idleKvCacheUsage ?? stats.kvCacheUsage,
    };
  };

  /** The minute's arrivals, the last one first. */
  #arrivals(minute: number): number[] {
    const dice = this.#dice;
    return Array.from({ length: dice.count(this.#traffic(minute) * 60) }, () =>
      dice.between(minute * MINUTE_MS, (minute + 1) * MINUTE_MS),
    ).sort((a, b) => b - a);
  }

  #arrive(atMs: number): void {
    this.#timeline.runUntil(atMs);
    const request = {
      id: String(this.#serial++),
      promptTokens: Math.ceil(this.#dice.scale(50, 2000)),
      maxTokens: 4096,
      outputTokens: Math.ceil(this.#dice.scale(20, 800)),
    };
    this.#model.add(request, atMs);
  }
}
