import { histogramIncrease, mergeHistograms, quantile } from './quantile.ts';
import type { Window } from './window.ts';

/** Below that, one slow request more or less moves a high quantile by much. */
const LEAST_REQUESTS = 20;

/**
 * The time in seconds, from arrival to the last token, within which the fraction `q` of the requests ended that ended
 * in these windows; `undefined` with fewer than 20 of them.
 */
export function requestTimeSeconds(engines: readonly Window[], q: number): number | undefined {
  const times = mergeHistograms(engines.flatMap((window) => histogramIncrease(window, 'e2e') ?? []));
  return times === undefined || times.count < LEAST_REQUESTS ? undefined : quantile(times, q);
}
