/** How long the kubelet waits before it starts a container again. */
export interface Backoff {
  /** The first wait, ms; Kubernetes: 10 000. */
  readonly baseMs: number;
  /** The longest wait, ms; Kubernetes: 300 000. */
  readonly maxMs: number;
}

export const KUBELET_BACKOFF: Backoff = { baseMs: 10_000, maxMs: 300_000 };

/**
 * The wait before the next start, ms: the first restart is immediate, then the base, doubling up to the longest
 * (kubelet, `doBackOff`).
 *
 * @param crashes how often in a row the container has ended, at least 1
 */
export function restartDelayMs(crashes: number, backoff: Backoff): number {
  if (crashes < 2) return 0;
  return Math.min(backoff.maxMs, backoff.baseMs * 2 ** (crashes - 2));
}

/** Whether a container that ran this long starts with a clean slate (kubelet: twice the longest wait). */
export function forgivesCrashes(ranMs: number, backoff: Backoff): boolean {
  return ranMs >= 2 * backoff.maxMs;
}
