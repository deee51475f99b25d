import type { EngineModelConfig } from '../model/engine-config.ts';
import { EngineModel } from '../model/engine-model.ts';
import { EngineTimeline } from '../model/engine-timeline.ts';
import type { FleetArrival } from './types.ts';

/** The best that any policy can give a request: what an idle engine with an empty cache would. */
export interface AloneTimes {
  readonly ttftMs: number;
  /** Absent for an output of one token. */
  readonly tpotMs?: number;
}

/** Serves requests one at a time. A request that can never run gives `undefined`. */
export function createLoneEngine(
  config: EngineModelConfig,
): (request: Omit<FleetArrival, 'atMs'>) => AloneTimes | undefined {
  return ({ promptTokens, outputTokens }) => {
    let times: AloneTimes | undefined;
    const timeline = new EngineTimeline(new EngineModel(config), 0, (_id, finish, progress) => {
      if (finish === undefined) return;
      const { firstTokenMs: ttftMs = progress.lastTokenMs, lastTokenMs, generatedTokens } = progress;
      times = {
        ttftMs,
        ...(generatedTokens > 1 && { tpotMs: (lastTokenMs - ttftMs) / (generatedTokens - 1) }),
      };
    });
    timeline.model.add({ id: 'alone', promptTokens, outputTokens, maxTokens: outputTokens }, 0);
    timeline.runUntil(Infinity);
    return times;
  };
}
