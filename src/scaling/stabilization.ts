import type { ScalingMemory } from './types.ts';

/** Notes that `size` was recommended now. Sizes older than `keepMs` are forgotten. */
export function recommend(memory: ScalingMemory, size: number, nowMs: number, keepMs: number): ScalingMemory {
  const kept = [...memory.recommendedAtMs].filter(([, atMs]) => nowMs - atMs < keepMs);
  return { ...memory, recommendedAtMs: new Map([...kept, [size, nowMs]]) };
}

/**
 * The largest size recommended within the window: what a shrink may not go below. (HPA: the maximum in the
 * down window; kubernetes `stabilizeRecommendationWithBehaviors`.)
 */
export function highestWithin(
  memory: ScalingMemory,
  windowSeconds: number,
  nowMs: number,
): number | undefined {
  return extreme(memory, windowSeconds, nowMs, Math.max);
}

/** The smallest size recommended within the window: what a growth may not go above. */
export function lowestWithin(
  memory: ScalingMemory,
  windowSeconds: number,
  nowMs: number,
): number | undefined {
  return extreme(memory, windowSeconds, nowMs, Math.min);
}

function extreme(
  memory: ScalingMemory,
  windowSeconds: number,
  nowMs: number,
  pick: (...values: number[]) => number,
): number | undefined {
  const sizes = [...memory.recommendedAtMs]
    .filter(([, atMs]) => nowMs - atMs < windowSeconds * 1000)
    .map(([size]) => size);
  return sizes.length === 0 ? undefined : pick(...sizes);
}
