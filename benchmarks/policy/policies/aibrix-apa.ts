import { kvCacheUsage, observe, sumOf } from './observe.ts';
import type { Policy } from './types.ts';

const RESYNC_MS = 10_000;
/** samples/autoscaling/apa.yaml: `kv_cache_usage_perc`, target 0.5. */
const TARGET = 0.5;
const TOLERANCE = 0.1;
const MAX_SCALE_UP_RATE = 2;
const MAX_SCALE_DOWN_RATE = 2;
const DOWN_COOLDOWN_MS = 300_000;

/** AIBrix' APA (pkg/controller/podautoscaler/algorithm/apa.go). @param mean of the metric over all pods */
export function apaDesired(current: number, mean: number): number {
  const ratio = mean / TARGET;
  if (ratio > 1 + TOLERANCE)
    return Math.min(Math.ceil(current * ratio), Math.ceil(MAX_SCALE_UP_RATE * current));
  if (ratio < 1 - TOLERANCE)
    return Math.max(Math.ceil(current * ratio), Math.floor(current / MAX_SCALE_DOWN_RATE));
  return current;
}

/**
 * With its defaults: resync 10 s, tolerance 0.1, at most twice and half the size, 300 s of cooldown on the way down.
 * Pods that start are averaged in as 0, as the code does. Kinder than the code: its down window takes the *least*
 * recommendation (a bug), here it takes the largest, as meant,
 * that of the start included.
 */
export const AIBRIX_APA: Policy = {
  name: 'AIBrix APA',
  intervalMs: RESYNC_MS,
  create: ({ maxReplicas }) => {
    let recent: readonly { readonly atMs: number; readonly size: number }[] | undefined;
    return (view) => {
      const { nowMs, size } = view;
      const { pages, starting } = observe(view);
      const pods = pages.length + starting;
      const asked = apaDesired(size, sumOf(pages, kvCacheUsage) / Math.max(1, pods));
      recent = [
        ...(recent ?? [{ atMs: nowMs, size }]).filter(({ atMs }) => nowMs - atMs < DOWN_COOLDOWN_MS),
        { atMs: nowMs, size: asked },
      ];
      const highest = Math.max(...recent.map((entry) => entry.size));
      const desired = asked < size ? Math.min(size, highest) : asked;
      return Math.min(maxReplicas, Math.max(1, desired));
    };
  },
};
