import type { VLLMDeploymentSpec } from '../api/v1alpha1/spec.ts';

/** Bounds of a time-out that is learned, in seconds: a p99 of little or of extreme traffic must not decide alone. */
const LEAST_SECONDS = 60;
const MOST_SECONDS = 600;
/** While nobody knows how long requests take. */
const UNKNOWN_SECONDS = 120;
/** A request that has just begun may be one of the slowest, and the engine is no faster than it was. */
const SAFETY = 2;

export interface DrainTimeout {
  readonly seconds: number;
  /** Where the figure comes from, to follow "because" in a sentence. */
  readonly because: string;
}

/**
 * How long an engine that the operator drains may take to finish its requests: `drain.timeoutSeconds`, else twice the
 * 99th percentile of the request times, between 60 and 600 s, else 120 s.
 */
export function drainTimeoutSeconds(
  drain: Pick<VLLMDeploymentSpec['drain'], 'timeoutSeconds'>,
  requestTimeP99Seconds: number | undefined,
): DrainTimeout {
  if (drain.timeoutSeconds !== undefined) {
    return { seconds: drain.timeoutSeconds, because: `drain.timeoutSeconds is ${drain.timeoutSeconds}` };
  }
  if (requestTimeP99Seconds === undefined) {
    return { seconds: UNKNOWN_SECONDS, because: 'too few requests have ended to know how long they take' };
  }
  const wanted = Math.ceil(SAFETY * requestTimeP99Seconds);
  const seconds = Math.min(MOST_SECONDS, Math.max(LEAST_SECONDS, wanted));
  const taken = Number(requestTimeP99Seconds.toPrecision(3));
  const bound = seconds === wanted ? '' : `, but ${seconds > wanted ? 'at least' : 'at most'} ${seconds} s`;
  return { seconds, because: `it is twice the 99th percentile of the request times, ${taken} s${bound}` };
}
