import type { EngineModelConfig } from '../../src/simulator/model/engine-config.ts';
import { EngineModel } from '../../src/simulator/model/engine-model.ts';
import { EngineTimeline } from '../../src/simulator/model/engine-timeline.ts';

export interface ClosedLoop {
  readonly engine: EngineModelConfig;
  readonly clients: number;
  /** In all; each client sends its next request when its last one has ended. */
  readonly requests: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
}

/** A simulated engine under clients that wait for their answers, from virtual time 0. */
export function startClosedLoop(loop: ClosedLoop): EngineTimeline {
  const { promptTokens, outputTokens } = loop;
  const model = new EngineModel(loop.engine);
  let sent = 0;
  const send = (nowMs: number): void => {
    if (sent === loop.requests) return;
    sent += 1;
    model.add({ id: `r${sent}`, promptTokens, outputTokens, maxTokens: outputTokens }, nowMs);
  };
  const timeline = new EngineTimeline(model, 0, (_id, finish, { lastTokenMs }) => {
    if (finish !== undefined) send(lastTokenMs);
  });
  for (let client = 0; client < loop.clients; client += 1) send(0);
  return timeline;
}
