import type { EngineSample, Histogram, HistogramName } from '../../engine/sample.ts';
import type { TimedSample } from '../../signals/history.ts';
import { histogramIncrease } from '../../signals/quantile.ts';
import { addOnCommonBounds } from './distribution.ts';

/** What engines did between two pages of one process each. */
export interface Growth {
  /** Requests that an engine finished, for whatever reason. */
  readonly finished: number;
  /** Those of them that it finished with `error`. */
  readonly errors: number;
  /** Answers with a 5xx; `undefined` where a page does not tell. */
  readonly failedOverHttp: number | undefined;
  readonly ttft: Histogram | undefined;
  /** Prompt tokens of finished requests. */
  readonly prompts: Histogram | undefined;
}

export const NO_GROWTH: Growth = {
  finished: 0,
  errors: 0,
  failedOverHttp: 0,
  ttft: undefined,
  prompts: undefined,
};

export function addGrowth(a: Growth, b: Growth): Growth {
  return {
    finished: a.finished + b.finished,
    errors: a.errors + b.errors,
    failedOverHttp: sum(a.failedOverHttp, b.failedOverHttp),
    ttft: addOnCommonBounds(a.ttft, b.ttft),
    prompts: addOnCommonBounds(a.prompts, b.prompts),
  };
}

/** Whether `now` is of another process than `before`: another start time, or a counter that fell. */
export function hasRestarted(before: EngineSample, now: EngineSample): boolean {
  const [then, start] = [before.processStartTimeSeconds, now.processStartTimeSeconds];
  if (then !== undefined && start !== undefined && then !== start) return true;
  const fell = (read: (sample: EngineSample) => number | undefined): boolean =>
    (read(now) ?? Infinity) < (read(before) ?? 0);
  return (
    fell(finished) || fell(({ httpFailed }) => httpFailed) || fell(({ histograms }) => histograms.ttft?.count)
  );
}

/** What was done between two pages of one process; `undefined` where they do not count requests. */
export function growthBetween(before: TimedSample, now: TimedSample): Growth | undefined {
  const [from, to] = [finished(before.sample), finished(now.sample)];
  if (from === undefined || to === undefined) return undefined;
  const increase = (name: HistogramName): Histogram | undefined => histogramIncrease([before, now], name);
  const { httpFailed } = before.sample;
  return {
    finished: to - from,
    errors: Math.max(0, errors(now.sample) - errors(before.sample)),
    failedOverHttp: sum(now.sample.httpFailed, httpFailed === undefined ? undefined : -httpFailed),
    ttft: increase('ttft'),
    prompts: increase('requestPromptTokens'),
  };
}

/** Requests that an engine has ended since its process began; `undefined` where its page does not count them. */
export function endedRequests(sample: EngineSample): number | undefined {
  const done = finished(sample);
  return done === undefined ? undefined : done + failedUnfinished(errors(sample), sample.httpFailed);
}

/**
 * Requests that were answered with a 5xx though the engine did not finish them. vLLM also answers a request that finished
 * with `error` with a 500, unless its stream had begun (vllm/v1/engine/__init__.py, FinishReason.ERROR): as many of the
 * 5xx are the same requests.
 */
export function failedUnfinished(withError: number, failedOverHttp: number | undefined): number {
  return Math.max(0, (failedOverHttp ?? 0) - withError);
}

function errors({ requests }: EngineSample): number {
  // The reason appeared with vLLM 0.13; before, an engine finished no request with it.
  return requests?.['error'] ?? 0;
}

function finished({ requests }: EngineSample): number | undefined {
  return requests === undefined
    ? undefined
    : Object.values(requests).reduce((total, count) => total + count, 0);
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}
