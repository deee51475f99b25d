import {
  HorizontalPodAutoscaler,
  HPA_DEFAULTS,
  HPA_SYNC_MS,
  sizeByPodMetric,
} from './horizontal-pod-autoscaler.ts';
import { kvCacheUsage, observe } from './observe.ts';
import type { Policy } from './types.ts';

/** Where llm-d's WVA and the operator's own default draw the line. */
const TARGET = 0.8;

/**
 * A HorizontalPodAutoscaler on the pods' `vllm:kv_cache_usage_perc` with its defaults. Kinder than life: its metric
 * is as fresh as ours, where Prometheus and an adapter would add half a minute.
 */
export const HPA_ON_KV: Policy = {
  name: 'HPA on KV',
  intervalMs: HPA_SYNC_MS,
  create: ({ maxReplicas }) => {
    const hpa = new HorizontalPodAutoscaler(HPA_DEFAULTS, maxReplicas);
    return (view) => {
      const { pages, starting } = observe(view);
      const asked = sizeByPodMetric(view.size, pages.map(kvCacheUsage), starting, TARGET);
      return hpa.next(view.size, asked, view.nowMs);
    };
  },
};
