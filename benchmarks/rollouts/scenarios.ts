import { engineConfigOf, type EngineModelConfig } from '../../src/simulator/model/engine-config.ts';
import { ENGINE_PROFILES } from '../../src/simulator/model/profiles.ts';
import { createRandom } from '../../src/simulator/model/random.ts';
import type { Rollout } from './simulate-rollout.ts';
import type { Shape } from './traffic.ts';

/** What the new version does worse. */
export type Kind = 'Identical' | 'ThreeTimesTheErrors' | 'TwiceTheTimeToFirstToken';

/** Error rates of an old version; the new one of `ThreeTimesTheErrors` has 2 %. */
const USUAL_FAILURES = 0.02 / 3;
const SHAPES: readonly Shape[] = ['Steady', 'Rising', 'Falling', 'Bursts'];
const STARTUP_MS = 240_000;
const PROFILE = ENGINE_PROFILES['llama3.1-8b/A100x1'];
/** Requests a second for each engine, times 0.5 to 1.5. */
const PER_SECOND = 2.5;
/** With outputs of 150 tokens, as many seats are 30 to 90 % taken by that load: requests wait for each other. */
const FEW_SEATS = 8;

/** How much is played: less of it is played sooner. */
export interface Extent {
  /** Share of the traffic. */
  readonly traffic: number;
  /** Between two pages of each engine and two verdicts. */
  readonly intervalMs: number;
}

export const WHOLE: Extent = { traffic: 1, intervalMs: 5000 };

/** A roll-out of the kind, which differs from seed to seed in size, load, shape and lengths of prompts. */
export function rolloutOf(kind: Kind, seed: number, { traffic, intervalMs }: Extent): Rollout {
  const random = createRandom(seed);
  const engines = 8 + Math.floor(5 * random());
  const load = 0.5 + random();
  const shape = SHAPES[Math.floor(SHAPES.length * random())] ?? 'Steady';
  const meanPromptTokens = Math.round(200 + 600 * random());
  const identicalFailures = [0, USUAL_FAILURES, 0.03][Math.floor(3 * random())] ?? 0;
  // Twice the time on few seats would be many times the time to the first token.
  const fewSeats = random() < 0.5 && kind !== 'TwiceTheTimeToFirstToken';
  const engine = { ...engineConfigOf(PROFILE), ...(fewSeats && { maxNumSeqs: FEW_SEATS }) };
  const failureRate = kind === 'Identical' ? identicalFailures : USUAL_FAILURES;
  return {
    old: { engine, failureRate },
    new: {
      engine: kind === 'TwiceTheTimeToFirstToken' ? slowed(engine, 2) : engine,
      failureRate: kind === 'ThreeTimesTheErrors' ? 3 * failureRate : failureRate,
    },
    engines,
    startupMs: STARTUP_MS,
    intervalMs,
    traffic: {
      perSecond: PER_SECOND * traffic * load * engines,
      shape,
      lengthMs: engines * STARTUP_MS,
      meanPromptTokens,
      meanOutputTokens: 150,
    },
    seed,
  };
}

/** An engine whose every step and every way through the front end take `factor` times as long. */
function slowed(engine: EngineModelConfig, factor: number): EngineModelConfig {
  const { a, b, c, d } = engine.stepCost;
  return {
    ...engine,
    stepCost: { a: factor * a, b: factor * b, c: factor * c, d: factor * d },
    requestOverheadMs: factor * engine.requestOverheadMs,
  };
}
