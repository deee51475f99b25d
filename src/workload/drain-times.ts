import { DEFAULT_DRAIN_TIMEOUT_SECONDS } from '../api/v1alpha1/constants.ts';
import type { VLLMDeploymentSpec } from '../api/v1alpha1/spec.ts';

/** Between the engine's own time-out and the kubelet's SIGKILL, when the user sets neither. */
const MARGIN_SECONDS = 30;
/** The least margin the CRD accepts when the user sets both; vLLM needs some seconds to leave after a drain. */
const LEAST_MARGIN_SECONDS = 15;

export interface DrainTimes {
  /** From "no longer in the Service" to "no client comes any more", seconds. */
  readonly settleSeconds: number;
  /** How long the engine may finish its requests after SIGTERM, seconds. */
  readonly timeoutSeconds: number;
  /** `terminationGracePeriodSeconds` of the pod; covers both, so that the kubelet cuts no request. */
  readonly gracePeriodSeconds: number;
}

/**
 * The times of an engine's end that is not ours (node drain, eviction, `kubectl delete pod`):
 * grace = settle + timeout + 30 unless set. Where only the grace is set, the time-out is what fits into it.
 */
export function drainTimes(drain: Omit<VLLMDeploymentSpec['drain'], 'labels'>): DrainTimes {
  const { settleSeconds, terminationGracePeriodSeconds: grace } = drain;
  const fits =
    grace === undefined
      ? DEFAULT_DRAIN_TIMEOUT_SECONDS
      : Math.max(1, grace - settleSeconds - LEAST_MARGIN_SECONDS);
  const timeoutSeconds = drain.timeoutSeconds ?? Math.min(DEFAULT_DRAIN_TIMEOUT_SECONDS, fits);
  return {
    settleSeconds,
    timeoutSeconds,
    gracePeriodSeconds: grace ?? settleSeconds + timeoutSeconds + MARGIN_SECONDS,
  };
}
