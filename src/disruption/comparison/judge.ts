import { largestGap } from './distribution.ts';
import {
  ERROR_RATE_LIMIT,
  ERROR_RATE_RATIO,
  FEWEST_REQUESTS,
  LARGEST_PROMPT_GAP,
  ODDS_AGAINST_CHANCE,
  TTFT_RATIO,
} from './limits.ts';
import type { Compared } from './memory.ts';
import { isSlow, ttftOf } from './odds.ts';
import { failureRate } from './tally.ts';
import { percent, seconds, whole } from './text.ts';
import type { Judgement } from './verdict.ts';

/** Judges what has been compared so far. */
export function judge(compared: Compared): Judgement {
  return incomparable(compared) ?? regression(compared) ?? noRegression(compared);
}

function incomparable({ requests, weighted }: Compared): Judgement | undefined {
  if (Math.min(requests.Old, requests.New) < FEWEST_REQUESTS) {
    const message = `${whole(requests.New)} requests of new engines and ${whole(requests.Old)} of old ones were compared; ${FEWEST_REQUESTS} of each are needed`;
    return { kind: 'NotComparable', reason: 'TooFewRequests', message };
  }
  const gap = largestGap(weighted.Old.prompts, weighted.New.prompts);
  // Who finishes nothing does not tell what was asked for, nor would it be an excuse.
  if (gap === undefined && weighted.New.failures === weighted.New.requests) return undefined;
  if (gap === undefined) {
    const message =
      'the engines do not tell how long their prompts are, so that both sides may do other work';
    return { kind: 'NotComparable', reason: 'PromptsUnknown', message };
  }
  if (gap <= LARGEST_PROMPT_GAP) return undefined;
  const message = `old and new engines get other prompts: their lengths differ by ${percent(gap)} of the requests (at most ${percent(LARGEST_PROMPT_GAP)})`;
  return { kind: 'NotComparable', reason: 'PromptsDiffer', message };
}

function regression(compared: Compared): Judgement | undefined {
  const { Old, New } = compared.weighted;
  if (isErrorRateOverLimit(compared) && isCertain(compared.logOdds.errors)) {
    const message = `new engines fail ${percent(failureRate(New))} of their requests, old ones ${percent(failureRate(Old))} in the same time (stopped above ${percent(ERROR_RATE_LIMIT)} and ${ERROR_RATE_RATIO} times the old rate)`;
    return { kind: 'Regression', reason: 'ErrorRate', message };
  }
  if (isSlow(compared.weighted) === true && isCertain(compared.logOdds.slowness)) {
    const message = `new engines take ${seconds(ttftOf(New))} to the first token (p95), old ones ${seconds(ttftOf(Old))} in the same time (stopped above ${TTFT_RATIO} times the old time)`;
    return { kind: 'Regression', reason: 'TimeToFirstToken', message };
  }
  return undefined;
}

function noRegression(compared: Compared): Judgement {
  if (!isErrorRateOverLimit(compared) && isSlow(compared.weighted) !== true)
    return { kind: 'NoRegression', reason: 'WithinLimits', message: 'new engines do as well as old ones' };
  const what = isErrorRateOverLimit(compared) ? 'error rate' : 'time to first token';
  const message = `the ${what} of new engines is over its limit, but that may be chance so far`;
  return { kind: 'NoRegression', reason: 'NotProven', message };
}

function isErrorRateOverLimit({ weighted }: Compared): boolean {
  const now = failureRate(weighted.New);
  return now > ERROR_RATE_LIMIT && now > ERROR_RATE_RATIO * failureRate(weighted.Old);
}

function isCertain(logOdds: number): boolean {
  return logOdds >= Math.log(ODDS_AGAINST_CHANCE);
}
