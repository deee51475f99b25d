import type { RatePolicy, ScalingRules, SizeChange } from './types.ts';

/**
 * The largest size that the growth policies allow now (the current one when growth is disabled). HPA's rule
 * (kubernetes `calculateScaleUpLimitWithScalingRules`): each policy counts from the size at the start of its
 * period, which is the current size without what was added and with what was removed since. Percentages are
 * taken of whole numbers, so that 110 % of 100 is 110 and not the 111 that 100 · 1.1 rounds up to.
 */
export function growthLimit(
  rules: ScalingRules,
  current: number,
  changes: readonly SizeChange[],
  nowMs: number,
): number {
  const limits = rules.policies.map((policy) => {
    const start = sizeAtStartOf(policy, current, changes, nowMs);
    return policy.type === 'Pods' ? start + policy.value : Math.ceil((start * (100 + policy.value)) / 100);
  });
  return choose(rules, current, limits, 'most');
}

/** The smallest size that the shrink policies allow now; HPA's `calculateScaleDownLimitWithBehaviors`. */
export function shrinkLimit(
  rules: ScalingRules,
  current: number,
  changes: readonly SizeChange[],
  nowMs: number,
): number {
  const limits = rules.policies.map((policy) => {
    const start = sizeAtStartOf(policy, current, changes, nowMs);
    return policy.type === 'Pods' ? start - policy.value : Math.floor((start * (100 - policy.value)) / 100);
  });
  return choose(rules, current, limits, 'least');
}

function choose(
  rules: ScalingRules,
  current: number,
  limits: readonly number[],
  permissive: 'most' | 'least',
): number {
  if (rules.selectPolicy === 'Disabled' || limits.length === 0) return current;
  const highest = (rules.selectPolicy === 'Max') === (permissive === 'most');
  const chosen = highest ? Math.max(...limits) : Math.min(...limits);
  return permissive === 'most' ? Math.max(current, chosen) : Math.min(current, chosen);
}

function sizeAtStartOf(
  policy: RatePolicy,
  current: number,
  changes: readonly SizeChange[],
  nowMs: number,
): number {
  return changes
    .filter((change) => nowMs - change.atMs < policy.periodSeconds * 1000)
    .reduce((size, change) => size - (change.to - change.from), current);
}
