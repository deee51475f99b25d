import type { EngineSample } from '../../../src/engine/sample.ts';
import {
  HorizontalPodAutoscaler,
  HPA_DEFAULTS,
  HPA_SYNC_MS,
  sizeByExternalMetric,
  type HpaBehavior,
} from './horizontal-pod-autoscaler.ts';
import { observe, running, sumOf, waiting } from './observe.ts';
import type { Policy, PolicySetting } from './types.ts';

/**
 * production-stack's operator makes a ScaledObject with one pod up and down a minute
 * (operator/internal/controller/vllmruntime_controller.go).
 */
const ONE_A_MINUTE: HpaBehavior = {
  scaleUp: {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }],
  },
  scaleDown: {
    stabilizationWindowSeconds: 300,
    selectPolicy: 'Max',
    policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }],
  },
};

/** The share of an engine's seats that somebody who has measured them would plan with. */
const SEATS_PLANNED = 0.75;

/** KEDA makes an HPA on an external metric, AverageValue; both poll every 15 s here. At least one replica. */
function keda(
  name: string,
  behavior: HpaBehavior,
  metric: (page: EngineSample) => number,
  targetOf: (setting: PolicySetting) => number,
): Policy {
  return {
    name,
    intervalMs: HPA_SYNC_MS,
    create: (setting) => {
      const hpa = new HorizontalPodAutoscaler(behavior, setting.maxReplicas);
      const target = targetOf(setting);
      return (view) => {
        const total = sumOf(observe(view).pages, metric);
        return hpa.next(view.size, sizeByExternalMetric(view.size, total, target), view.nowMs);
      };
    },
  };
}

/** Helm chart of production-stack: `num_requests_waiting`, threshold 5, HPA's behaviour (templates/scaledobject-vllm.yaml). */
export const KEDA_ON_WAITING = keda('KEDA on waiting', HPA_DEFAULTS, waiting, () => 5);

/** Operator of production-stack: `num_requests_running`, threshold 5, one pod a minute. */
export const KEDA_ON_RUNNING = keda('KEDA on running', ONE_A_MINUTE, running, () => 5);

/** Not a default of anybody: KEDA on running, set up by somebody who knows the seats of an engine for this very load. */
export const KEDA_ON_SEATS = keda('KEDA on seats', HPA_DEFAULTS, running, ({ seatsPerEngine }) =>
  Math.max(1, Math.round(SEATS_PLANNED * seatsPerEngine)),
);
