import type { EngineSample } from '../../../src/engine/sample.ts';
import type { FleetView } from '../../../src/simulator/fleet/types.ts';
import { HorizontalPodAutoscaler, HPA_SYNC_MS, type HpaBehavior } from './horizontal-pod-autoscaler.ts';
import { kvCacheUsage, observe, waiting } from './observe.ts';
import type { Policy, PolicySetting } from './types.ts';

/** Between two optimisations. */
const CYCLE_MS = 60_000;
/** `max_over_time(…[1m])`: four scrapes 15 s apart. */
const MAX_OVER_MS = 60_000;

/** HPA of WVA's Helm chart: 240 s both ways, ten pods in 150 s. */
const WVA_BEHAVIOR: HpaBehavior = {
  scaleUp: {
    stabilizationWindowSeconds: 240,
    selectPolicy: 'Max',
    policies: [{ type: 'Pods', value: 10, periodSeconds: 150 }],
  },
  scaleDown: {
    stabilizationWindowSeconds: 240,
    selectPolicy: 'Max',
    policies: [{ type: 'Pods', value: 10, periodSeconds: 150 }],
  },
};

/** A replica as WVA sees it: the highest figures of the last minute. */
export interface WvaReplica {
  readonly kvCacheUsage: number;
  readonly queue: number;
}

export interface WvaInput {
  readonly replicas: readonly WvaReplica[];
  readonly pages: readonly EngineSample[];
  /** Ordered, without a page yet. */
  readonly pending: number;
  readonly current: number;
}

/** One analyser of WVA: the size that it asks for. */
export type WvaAnalyser = (input: WvaInput) => number;

/**
 * llm-d's workload-variant-autoscaler around one of its analysers: it writes a gauge once a minute, which an HPA with
 * the chart's behaviour follows. One variant. Kinder than life: HPA's tolerance of 10 %, which would swallow a step of
 * one replica from eleven on, is not applied to the gauge.
 */
export function wva(name: string, createAnalyser: (setting: PolicySetting) => WvaAnalyser): Policy {
  return {
    name,
    intervalMs: HPA_SYNC_MS,
    create: (setting) => {
      const analyse = createAnalyser(setting);
      const hpa = new HorizontalPodAutoscaler(WVA_BEHAVIOR, setting.maxReplicas);
      const maxima = new Maxima();
      let gauge: number | undefined;
      return (view) => {
        const { pages, starting } = observe(view);
        const replicas = maxima.add(view);
        if (view.nowMs % CYCLE_MS === 0)
          gauge = analyse({ replicas, pages, pending: starting, current: view.size });
        return hpa.next(view.size, gauge ?? view.size, view.nowMs);
      };
    },
  };
}

/** The highest figures of each engine over the last minute. */
class Maxima {
  #seen = new Map<string, readonly (WvaReplica & { readonly atMs: number })[]>();

  add({ engines, nowMs }: FleetView): readonly WvaReplica[] {
    const next = new Map<string, readonly (WvaReplica & { readonly atMs: number })[]>();
    for (const { snapshot, sample, draining } of engines) {
      if (sample === undefined || draining) continue;
      const young = (this.#seen.get(snapshot.uid) ?? []).filter(({ atMs }) => nowMs - atMs < MAX_OVER_MS);
      next.set(snapshot.uid, [
        ...young,
        { atMs: nowMs, kvCacheUsage: kvCacheUsage(sample), queue: waiting(sample) },
      ]);
    }
    this.#seen = next;
    return [...next.values()].map((entries) => ({
      kvCacheUsage: Math.max(...entries.map((entry) => entry.kvCacheUsage)),
      queue: Math.max(...entries.map(({ queue }) => queue)),
    }));
  }
}
