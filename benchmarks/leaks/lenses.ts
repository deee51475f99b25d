import type { MinuteSample } from '../../src/rules/leaks/minute-sample.ts';
import type { Dice } from './dice.ts';
import { MINUTE_MS, type Lens } from './engine.ts';

/** Counters that begin anew now and then, as after a restart of the API server. */
export function bentCounters(dice: Dice): Lens {
  let requestsAtReset = 0;
  let stepsAtReset = 0;
  return (sample) => {
    if (dice.chance(1 / 180)) {
      requestsAtReset = sample.finishedRequests ?? 0;
      stepsAtReset = sample.steps ?? 0;
    }
    return {
      ...sample,
      finishedRequests: (sample.finishedRequests ?? 0) - requestsAtReset,
      steps: (sample.steps ?? 0) - stepsAtReset,
    };
  };
}

/** Pages and container metrics that are missing, each by itself, one by one and for hours. */
export function lossy(dice: Dice): Lens {
  let noPageUntil = 0;
  let noMetricsUntil = 0;
  return (sample, minute) => {
    if (dice.chance(1 / 300)) noPageUntil = minute + dice.between(5, 200);
    if (dice.chance(1 / 300)) noMetricsUntil = minute + dice.between(5, 200);
    const { atMs, workingSetBytes, ...page } = sample;
    const withPage = minute >= noPageUntil && dice.chance(0.8);
    const withMetrics = minute >= noMetricsUntil && dice.chance(0.8);
    if (!withPage && !withMetrics) return undefined;
    return { atMs, ...(withMetrics && { workingSetBytes }), ...(withPage && page) };
  };
}

/** The operator's clock is set forward or back, by up to two hours. */
export function jumpingClock(dice: Dice): Lens {
  let offMs = 0;
  return (sample) => {
    if (dice.chance(1 / 500)) offMs += Math.round(dice.between(-120, 120)) * MINUTE_MS;
    return { ...sample, atMs: sample.atMs + offMs };
  };
}

/** vLLM before 0.12: requests that are all aborted stay on the page until the next one comes (vllm #22545). */
export function staleGauges(dice: Dice): Lens {
  let stale: Partial<MinuteSample> | undefined;
  let before: MinuteSample | undefined;
  return (sample) => {
    const ended = sample.inFlight === 0 && (before?.inFlight ?? 0) > 0;
    if (ended && dice.chance(0.5)) stale = { inFlight: before?.inFlight, idleKvCacheUsage: undefined };
    if ((sample.inFlight ?? 0) > 0) stale = undefined;
    before = sample;
    return { ...sample, ...stale };
  };
}
