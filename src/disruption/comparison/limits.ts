/** When two versions are compared, and what stops a roll-out. */

/** A new process compiles, captures graphs and fills its caches: what it does before is not compared. */
export const WARM_UP_MS = 10 * 60_000;
export const WARM_UP_REQUESTS = 200;
/** Compared requests of each side before there is a verdict. */
export const FEWEST_REQUESTS = 200;
/** The largest gap between the two sides' distributions of prompt lengths, as a share of requests. */
export const LARGEST_PROMPT_GAP = 0.1;
/** The new side's error rate must be above both: this share, and so many times the old side's. */
export const ERROR_RATE_LIMIT = 0.01;
export const ERROR_RATE_RATIO = 2;
/** The new side's 95th percentile of the time to the first token must be above so many times the old side's. */
export const TTFT_RATIO = 1.5;
export const TTFT_QUANTILE = 0.95;

/**
 * A verdict is asked for every few seconds, so limits alone would stop a good version whenever chance takes a figure over
 * them once. So the odds against chance must reach this, too: see `odds.ts`. It bounds the share of roll-outs that chance
 * stops, however often one looks, by one in a thousand for each of the two.
 */
export const ODDS_AGAINST_CHANCE = 1000;
/** It takes so many periods to prove a version bad, whatever happens in one: an incident on one engine is no version. */
export const FEWEST_PERIODS = 4;

/** What both sides do is compared period by period; one ends when it is so old and each side has so many requests. */
export const PERIOD_MS = 30_000;
export const PERIOD_REQUESTS = 20;

/** Between two pages that are further apart, an engine's part in each period is not known. */
export const LONGEST_SILENCE_MS = 60_000;
