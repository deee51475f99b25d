import { growthLimit, shrinkLimit } from '../../../src/scaling/policies.ts';
import type { ScalingRules, SizeChange } from '../../../src/scaling/types.ts';

export const HPA_SYNC_MS = 15_000;
/** `--horizontal-pod-autoscaler-tolerance`. */
const TOLERANCE = 0.1;
const LONGEST_WINDOW_MS = 3_600_000;

export interface HpaBehavior {
  readonly scaleUp: ScalingRules;
  readonly scaleDown: ScalingRules;
}

/** Defaults of `autoscaling/v2` (k8s.io/api/autoscaling/v2, types.go; pkg/apis/autoscaling/v2/defaults.go). */
export const HPA_DEFAULTS: HpaBehavior = {
  scaleUp: {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Percent', value: 100, periodSeconds: 15 },
      { type: 'Pods', value: 4, periodSeconds: 15 },
    ],
  },
  scaleDown: {
    stabilizationWindowSeconds: 300,
    selectPolicy: 'Max',
    policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
  },
};

/**
 * The second half of a HorizontalPodAutoscaler: from the size that a metric asks for to the size that is set
 * (kubernetes pkg/controller/podautoscaler/horizontal.go, `stabilizeRecommendationWithBehaviors` and
 * `convertDesiredReplicasWithBehaviorRate`; minReplicas is 1).
 */
export class HorizontalPodAutoscaler {
  readonly #behavior: HpaBehavior;
  readonly #maxReplicas: number;
  #recommendations: readonly { readonly atMs: number; readonly size: number }[] | undefined;
  #changes: readonly SizeChange[] = [];

  constructor(behavior: HpaBehavior, maxReplicas: number) {
    this.#behavior = behavior;
    this.#maxReplicas = maxReplicas;
  }

  /** @returns the size to set now; to be called once a sync */
  next(current: number, asked: number, nowMs: number): number {
    const { scaleUp, scaleDown } = this.#behavior;
    const stable = this.#stabilise(current, asked, nowMs);
    const limited =
      stable > current
        ? Math.min(stable, growthLimit(scaleUp, current, this.#changes, nowMs))
        : Math.max(stable, shrinkLimit(scaleDown, current, this.#changes, nowMs));
    const size = Math.min(this.#maxReplicas, Math.max(1, limited));
    if (size !== current)
      this.#changes = [...this.#young(this.#changes, nowMs), { atMs: nowMs, from: current, to: size }];
    return size;
  }

  /** The least asked for within the window on the way up, the most on the way down; the first size counts as asked for. */
  #stabilise(current: number, asked: number, nowMs: number): number {
    const before = this.#recommendations ?? [{ atMs: nowMs, size: current }];
    const recommendations = [...this.#young(before, nowMs), { atMs: nowMs, size: Math.max(1, asked) }];
    this.#recommendations = recommendations;
    const within = (seconds: number): number[] =>
      recommendations.filter(({ atMs }) => nowMs - atMs < seconds * 1000).map(({ size }) => size);
    const { scaleUp, scaleDown } = this.#behavior;
    const up = Math.min(asked, ...within(scaleUp.stabilizationWindowSeconds));
    const down = Math.max(asked, ...within(scaleDown.stabilizationWindowSeconds));
    return Math.min(down, Math.max(up, current));
  }

  #young<T extends { readonly atMs: number }>(entries: readonly T[], nowMs: number): readonly T[] {
    return entries.filter(({ atMs }) => nowMs - atMs < LONGEST_WINDOW_MS);
  }
}

/**
 * Size by a metric of each pod with an average as target (replica_calculator.go, `calcPlainMetricReplicas`): pods
 * without a metric count as empty on the way up and as being at the target on the way down; when that turns the
 * direction round or comes within the tolerance, the size is kept.
 */
export function sizeByPodMetric(
  current: number,
  metrics: readonly number[],
  withoutMetric: number,
  target: number,
): number {
  if (metrics.length === 0) return current;
  const held = metrics.reduce((sum, value) => sum + value, 0);
  const ratio = held / metrics.length / target;
  if (withoutMetric === 0) return isTolerated(ratio) ? current : Math.ceil(ratio * metrics.length);
  const pods = metrics.length + withoutMetric;
  const filled = ratio < 1 ? held + withoutMetric * target : held;
  const newRatio = filled / pods / target;
  if (isTolerated(newRatio) || ratio < 1 !== newRatio < 1) return current;
  const size = Math.ceil(newRatio * pods);
  return newRatio < 1 ? Math.min(current, size) : Math.max(current, size);
}

/** Size by an external metric of type AverageValue (`GetExternalPerPodMetricReplicas`): no pod is looked at. */
export function sizeByExternalMetric(current: number, total: number, target: number): number {
  return isTolerated(total / (target * current)) ? current : Math.ceil(total / target);
}

function isTolerated(ratio: number): boolean {
  return Math.abs(1 - ratio) <= TOLERANCE;
}
