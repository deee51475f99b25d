import type { Histogram } from '../../engine/sample.ts';
import { addOnCommonBounds, scaled } from './distribution.ts';
import { failedUnfinished, type Growth } from './growth.ts';

export type Side = 'Old' | 'New';
export type Sides<T> = Readonly<Record<Side, T>>;

/** What the engines of one side did together; not in whole requests once it is weighted. */
export interface Tally {
  /** Requests that ended: finished, or answered with a 5xx before the engine had finished them. */
  readonly requests: number;
  /** Those of them that failed. */
  readonly failures: number;
  readonly ttft: Histogram | undefined;
  /** Prompt tokens of finished requests. */
  readonly prompts: Histogram | undefined;
}

export const NO_TALLY: Tally = { requests: 0, failures: 0, ttft: undefined, prompts: undefined };

/**
 * Growth as requests and failures: finished with `error`, and 5xx beside them, over all that ended. The 5xx count only
 * if both sides tell theirs.
 */
export function talliesOf({ Old, New }: Sides<Growth>): Sides<Tally> {
  const seen = Old.failedOverHttp !== undefined && New.failedOverHttp !== undefined;
  const tallyOf = ({ finished, errors, failedOverHttp, ttft, prompts }: Growth): Tally => {
    const beside = seen ? failedUnfinished(errors, failedOverHttp) : 0;
    return { requests: finished + beside, failures: errors + beside, ttft, prompts };
  };
  return { Old: tallyOf(Old), New: tallyOf(New) };
}

/** `total` with one more tally, each of whose requests counts as `weight` requests. */
export function addWeighted(
  total: Tally,
  { requests, failures, ttft, prompts }: Tally,
  weight: number,
): Tally {
  const times = (histogram: Histogram | undefined): Histogram | undefined =>
    histogram === undefined ? undefined : scaled(histogram, weight);
  return {
    requests: total.requests + requests * weight,
    failures: total.failures + failures * weight,
    ttft: addOnCommonBounds(total.ttft, times(ttft)),
    prompts: addOnCommonBounds(total.prompts, times(prompts)),
  };
}

export function failureRate({ requests, failures }: Tally): number {
  return requests > 0 ? failures / requests : 0;
}
