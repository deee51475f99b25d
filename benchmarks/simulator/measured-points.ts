import { engineConfigOf } from '../../src/simulator/model/engine-config.ts';
import { EngineModel } from '../../src/simulator/model/engine-model.ts';
import { EngineTimeline } from '../../src/simulator/model/engine-timeline.ts';
import { ENGINE_PROFILES, type ProfileName } from '../../src/simulator/model/profiles.ts';
import { createRandom } from '../../src/simulator/model/random.ts';
import type { Agreement } from './agreement.ts';
import { startClosedLoop } from './closed-loop.ts';

/** A figure that somebody measured on hardware, and what the model says of the same load. */
export interface MeasuredPoint extends Agreement {
  readonly source: string;
  /** How far off the model may be, as a share of the measured value. */
  readonly tolerance: number;
}

const WVA = 'llm-d workload-variant-autoscaler, docs/tutorials/parameter-estimation.md';
const SIM_TO_REAL = 'sim-to-real-accuracy-validation, error_records.csv, experiments 60 and 61';

/** Requests per second, ms between tokens, ms to the first token (the ends of the range that is told). */
const LATENCIES_70B: readonly (readonly [perSecond: number, itlMs: number, ttftMs: number | undefined])[] = [
  [2.5, 17.1, 52],
  [5, 18.3, undefined],
  [6, 18.8, undefined],
  [10, 20.4, 60],
];

/**
 * Points of `profiles.ts`' sources. Most parameters were chosen from the same sources, so agreement on a latency is a
 * check of the code; the throughput and the whole of a load over time were not fitted.
 */
export function measuredPoints(): readonly MeasuredPoint[] {
  const lone = closedLoop('llama3.1-8b/H100x1', 1);
  const full = closedLoop('llama3.1-8b/H100x1', 64);
  return [
    {
      name: '8B on H100, 1 client, 128/128: inter-token ms',
      real: 7,
      model: lone.itlMs,
      tolerance: 0.02,
      source: WVA,
    },
    {
      name: '8B on H100, 1 client, 128/128: first token ms',
      real: 15,
      model: lone.ttftMs,
      tolerance: 0.02,
      source: WVA,
    },
    {
      name: '8B on H100, 64 clients, 128/128: inter-token ms',
      real: 8.7,
      model: full.itlMs,
      tolerance: 0.1,
      source: WVA,
    },
    {
      name: '8B on H100, 64 clients, 128/128: tokens/s',
      real: 7251,
      model: full.tokensPerSecond,
      tolerance: 0.1,
      source: WVA,
    },
    ...LATENCIES_70B.flatMap(([perSecond, itlMs, ttftMs]) => {
      const model = poisson('llama3.1-70b/H100x4', perSecond);
      const load = `70B on 4xH100, ${perSecond} requests/s, 550/250`;
      const points = [{ name: `${load}: inter-token ms`, real: itlMs, model: model.itlMs, tolerance: 0.12 }];
      if (ttftMs !== undefined)
        points.push({ name: `${load}: first token ms`, real: ttftMs, model: model.ttftMs, tolerance: 0.25 });
      return points.map((point) => ({ ...point, source: SIM_TO_REAL }));
    }),
  ];
}

interface Figures {
  readonly ttftMs: number;
  readonly itlMs: number;
  readonly tokensPerSecond: number;
}

function figuresOf({ stats }: EngineModel, seconds: number): Figures {
  return {
    ttftMs: (1000 * stats.timeToFirstToken.sum) / stats.timeToFirstToken.count,
    itlMs: (1000 * stats.interTokenLatency.sum) / stats.interTokenLatency.count,
    tokensPerSecond: stats.generationTokens / seconds,
  };
}

const SECONDS = 120;

function closedLoop(profile: ProfileName, clients: number): Figures {
  const engine = engineConfigOf(ENGINE_PROFILES[profile]);
  const timeline = startClosedLoop({
    engine,
    clients,
    requests: Infinity,
    promptTokens: 128,
    outputTokens: 128,
  });
  timeline.runUntil(1000 * SECONDS);
  return figuresOf(timeline.model, SECONDS);
}

/** Prompts of 550 tokens as in the source; it does not tell the outputs, which its latencies put at about 250. */
function poisson(profile: ProfileName, perSecond: number): Figures {
  const timeline = new EngineTimeline(new EngineModel(engineConfigOf(ENGINE_PROFILES[profile])), 0);
  const random = createRandom(1);
  let nowMs = 0;
  for (let index = 0; nowMs < 1000 * SECONDS; index += 1) {
    timeline.model.add({ id: `r${index}`, promptTokens: 550, outputTokens: 250, maxTokens: 250 }, nowMs);
    nowMs -= (1000 * Math.log(1 - random())) / perSecond;
    timeline.runUntil(nowMs);
  }
  return figuresOf(timeline.model, nowMs / 1000);
}
