import type { EngineModelConfig } from '../../src/simulator/model/engine-config.ts';
import type { StepCost } from '../../src/simulator/model/profiles.ts';
import { startClosedLoop } from './closed-loop.ts';
import type { SeriesPoint } from './real-series.ts';

/** Pages on which the step cost is fitted, and those on which it is judged. */
export const FIT_PAGES = { first: 12, last: 40 } as const;
export const JUDGED_PAGES = { first: 41, last: 70 } as const;

/** As the engine of the series was started; sixteen blocks of 128 tokens, prefix caching on. */
const ENGINE: Omit<EngineModelConfig, 'stepCost'> = {
  requestOverheadMs: 0,
  numGpuBlocks: 16,
  blockSize: 128,
  maxModelLen: 1024,
  maxNumSeqs: 4,
  maxNumBatchedTokens: 2048,
  maxNumQueuedReqs: undefined,
  prefixCaching: true,
};

/** The load as the pages count it: 77 requests of 253.3 tokens in the mean, 600 tokens out. */
const LOAD = { clients: 16, requests: 77, promptTokens: 253, outputTokens: 600 } as const;

const SHORTEST_INTERVAL_SECONDS = 0.5;

/**
 * The time of a step, as the median over pages: for five seconds (pages 029 to 030) the API server stood still and
 * left its core to the engine, which a mean would believe. All of it is the floor `a`: with two to four sequences of
 * at most 853 tokens, what a sequence, a prompt or its context costs on top is within the noise of these pages.
 */
export function fitStepCost(real: readonly SeriesPoint[]): StepCost {
  const times: number[] = [];
  for (let page = FIT_PAGES.first + 2; page <= FIT_PAGES.last; page += 1) {
    const [before, after] = [real[page - 1], real[page]];
    if (before === undefined || after === undefined) break;
    const seconds = after.seconds - before.seconds;
    if (seconds >= SHORTEST_INTERVAL_SECONDS) times.push((1000 * seconds) / (after.steps - before.steps));
  }
  const median = times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)];
  if (median === undefined) throw new Error('no two pages of the fit are half a second apart');
  return { a: median, b: 0, c: 0, d: 0 };
}

/** When the load began, in seconds from the first page: the steps on page 013, back at the speed of the next pages. */
export function loadStartSeconds(real: readonly SeriesPoint[]): number {
  const [first, next] = [real[FIT_PAGES.first + 1], real[FIT_PAGES.first + 2]];
  if (first === undefined || next === undefined) throw new Error('the series ends before its load begins');
  const secondsPerStep = (next.seconds - first.seconds) / (next.steps - first.steps);
  return first.seconds - first.steps * secondsPerStep;
}

/** What the model says at the times of the pages. */
export function modelSeries(real: readonly SeriesPoint[], stepCost: StepCost): readonly SeriesPoint[] {
  const startSeconds = loadStartSeconds(real);
  const timeline = startClosedLoop({ engine: { ...ENGINE, stepCost }, ...LOAD });
  return real.map(({ seconds }) => {
    if (seconds > startSeconds) timeline.runUntil(1000 * (seconds - startSeconds));
    const { stats } = timeline.model;
    return {
      seconds,
      running: stats.running,
      waiting: stats.waiting,
      kvCacheUsage: stats.kvCacheUsage,
      preemptions: stats.preemptions,
      generationTokens: stats.generationTokens,
      finished: stats.finished.length,
      steps: stats.iterationTokens.count,
    };
  });
}
