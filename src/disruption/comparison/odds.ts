import { quantile } from '../../signals/quantile.ts';
import { FEWEST_PERIODS, ODDS_AGAINST_CHANCE, TTFT_QUANTILE, TTFT_RATIO } from './limits.ts';
import type { Sides, Tally } from './tally.ts';

/*
 * Odds against chance: the wealth of a gambler who bets on each period that the new version is worse, at odds that are
 * fair if it is not. Then the wealth is a supermartingale, and the chance that it ever reaches n times the stake is at most
 * 1/n, however often one looks (Ville's inequality; Wald's sequential probability ratio test is the same product of
 * likelihood ratios). Both functions return the natural logarithm of one period's factor.
 */

/** No period multiplies the odds by more, which keeps the game fair or worse for the gambler. */
const MOST_PER_PERIOD = Math.log(ODDS_AGAINST_CHANCE) / FEWEST_PERIODS;
/** What the bets are on. They decide how soon a bad version is proven bad, not how seldom a good one is. */
const WORSE_ERROR_RATIO = 2.5;
const WORSE_TTFT_RATIO = 1.25;
/** In how many periods a version that is slow enough to be stopped is expected to be over that ratio. */
const SLOW_PERIODS = 0.85;

/**
 * Of the failures in a period, each is the new side's with the probability of its share of requests if both sides fail
 * alike, and with more if the new side fails `WORSE_ERROR_RATIO` times as often. Both shares are those of the period, so
 * a rate that changes over the day, with load or clients, says nothing against either side.
 */
export function oddsOfErrors({ Old, New }: Sides<Tally>): number {
  if (!(Old.requests > 0 && New.requests > 0)) return 0;
  const alike = New.requests / (New.requests + Old.requests);
  const worse = (WORSE_ERROR_RATIO * New.requests) / (WORSE_ERROR_RATIO * New.requests + Old.requests);
  const log = New.failures * Math.log(worse / alike) + Old.failures * Math.log((1 - worse) / (1 - alike));
  return Math.min(log, MOST_PER_PERIOD);
}

/**
 * Times to the first token come in clusters (a long prompt delays all that wait behind it), so a single one is no bet: the
 * period is. If both sides are alike, the new side is the slower one in every other period, and slower by
 * `WORSE_TTFT_RATIO` in at most as many.
 */
export function oddsOfSlowness({ Old, New }: Sides<Tally>): number {
  const [before, now] = [ttftOf(Old), ttftOf(New)];
  if (before === undefined || now === undefined) return 0;
  return Math.log((now > WORSE_TTFT_RATIO * before ? SLOW_PERIODS : 1 - SLOW_PERIODS) / 0.5);
}

/** Whether the new side's time to the first token is over the limit; `undefined` if one side does not tell its own. */
export function isSlow({ Old, New }: Sides<Tally>): boolean | undefined {
  const [before, now] = [ttftOf(Old), ttftOf(New)];
  return before === undefined || now === undefined ? undefined : now > TTFT_RATIO * before;
}

/** 95th percentile of the time to the first token, seconds. */
export function ttftOf({ ttft }: Tally): number | undefined {
  return ttft === undefined ? undefined : quantile(ttft, TTFT_QUANTILE);
}
