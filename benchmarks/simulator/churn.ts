import type { EngineModelConfig } from '../../src/simulator/model/engine-config.ts';
import { EngineModel } from '../../src/simulator/model/engine-model.ts';
import { EngineTimeline } from '../../src/simulator/model/engine-timeline.ts';
import { createRandom, geometric } from '../../src/simulator/model/random.ts';

/** Means of geometric distributions. */
export interface Lengths {
  readonly promptTokens: number;
  readonly outputTokens: number;
}

export interface ChurnLoop {
  readonly engine: EngineModelConfig;
  /** Each sends its next request when its last one has ended. */
  readonly clients: number;
  readonly lengths: Lengths;
}

export interface Churned {
  readonly steps: number;
  readonly requests: number;
  readonly cpuSeconds: number;
}

/** Virtual time between two looks at the CPU time, which cost as much as some hundred steps. */
const SLICE_MS = 60_000;

/** Plays with the short cut over like steps. */
export function playClosedLoop(loop: ChurnLoop, cpuSeconds: number): Churned {
  const model = new EngineModel(loop.engine);
  const send = sender(loop, model);
  const timeline = new EngineTimeline(model, 0, (_id, _finish, { lastTokenMs }) => send(lastTokenMs));
  for (let client = 0; client < loop.clients; client += 1) send(0);
  let nowMs = 0;
  return untilSpent(cpuSeconds, model, () => {
    nowMs += SLICE_MS;
    timeline.runUntil(nowMs);
  });
}

/** Plays the same load step by step. */
export function stepClosedLoop(loop: ChurnLoop, cpuSeconds: number): Churned {
  const model = new EngineModel(loop.engine);
  const send = sender(loop, model);
  for (let client = 0; client < loop.clients; client += 1) send(0);
  let nowMs = 0;
  return untilSpent(cpuSeconds, model, () => {
    const endMs = nowMs + SLICE_MS;
    while (nowMs < endMs) {
      const durationMs = model.startStep(nowMs);
      nowMs = durationMs === undefined ? (model.nextArrivalMs ?? endMs) : nowMs + durationMs;
      model.finishStep((_id, finish, { lastTokenMs }) => {
        if (finish !== undefined) send(lastTokenMs);
      });
    }
  });
}

function sender({ lengths }: ChurnLoop, model: EngineModel): (nowMs: number) => void {
  const random = createRandom(1);
  let sent = 0;
  return (nowMs) => {
    sent += 1;
    const outputTokens = geometric(lengths.outputTokens, random);
    const promptTokens = geometric(lengths.promptTokens, random);
    model.add({ id: String(sent), promptTokens, outputTokens, maxTokens: outputTokens }, nowMs);
  };
}

/** The first tenth warms up and is not counted. */
function untilSpent(cpuSeconds: number, model: EngineModel, play: () => void): Churned {
  spend(cpuSeconds / 10, play);
  const [steps, requests] = [model.stats.iterationTokens.count, model.stats.finished.length];
  const spent = spend(cpuSeconds, play);
  return {
    steps: model.stats.iterationTokens.count - steps,
    requests: model.stats.finished.length - requests,
    cpuSeconds: spent,
  };
}

function spend(cpuSeconds: number, play: () => void): number {
  const before = process.cpuUsage();
  for (;;) {
    play();
    const { user, system } = process.cpuUsage(before);
    const spent = (user + system) / 1e6;
    if (spent >= cpuSeconds) return spent;
  }
}
