import { largestGap } from './distribution.ts';
import {
  ERROR_RATE_LIMIT,
  ERROR_RATE_RATIO,
  FEWEST_REQUESTS,
  LARGEST_PROMPT_GAP,
  ODDS_AGAINST_CHANCE,
  TTFT_RATIO,
  WARM_UP_MS,
  WARM_UP_REQUESTS,
} from './limits.ts';
import type { ComparisonMemory } from './memory.ts';
import type { Observation } from './observe.ts';
import { ttftOf } from './odds.ts';
import { failureRate } from './tally.ts';
import { engines, percent, seconds, whole } from './text.ts';

/** The figures behind a verdict, for people: at most 8 lines. */
export function evidenceOf(
  memory: ComparisonMemory,
  { counted, engines: present }: Observation,
): readonly string[] {
  const { sinceMs, compared } = memory;
  const warm = `${counted.New} of ${engines(present.New, 'new')} and ${counted.Old} of ${engines(present.Old, 'old')} are warm (${WARM_UP_MS / 60_000} minutes and ${WARM_UP_REQUESTS} requests)`;
  if (sinceMs === undefined) return [warm];
  const { requests, weighted, logOdds } = compared;
  const { Old, New } = weighted;
  const gap = largestGap(Old.prompts, New.prompts);
  return [
    `since ${new Date(sinceMs).toISOString().slice(0, 19)}Z; ${warm}`,
    `requests: new ${whole(requests.New)}, old ${whole(requests.Old)} (at least ${FEWEST_REQUESTS} each)`,
    `error rate: new ${percent(failureRate(New))}, old ${percent(failureRate(Old))} (limit: ${percent(ERROR_RATE_LIMIT)} and ${ERROR_RATE_RATIO} times the old rate)`,
    `time to first token, p95: new ${seconds(ttftOf(New))}, old ${seconds(ttftOf(Old))} (limit: ${TTFT_RATIO} times the old time)`,
    `gap between prompt lengths: ${gap === undefined ? '?' : percent(gap)} of requests (comparable up to ${percent(LARGEST_PROMPT_GAP)})`,
    `odds against chance: errors ${odds(logOdds.errors)}, time to first token ${odds(logOdds.slowness)} (${ODDS_AGAINST_CHANCE}:1 stops)`,
  ];
}

/** Odds to one, rounded so that a text does not change with each period that says nothing. */
function odds(log: number): string {
  if (log < Math.log(2)) return 'none';
  return log > Math.log(1e6) ? 'over 1000000:1' : `${Number(Math.exp(log).toPrecision(1))}:1`;
}
