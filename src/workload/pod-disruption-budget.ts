import type { VLLMDeployment } from '../api/v1alpha1/vllm-deployment.ts';
import { childMeta, servingLabels } from './names.ts';
import type { PodDisruptionBudget } from './objects.ts';

/**
 * Lets others (node drains, the cluster autoscaler) take one serving engine at a time; an engine that is not
 * Ready may always go, since evicting it takes no capacity away.
 */
export function buildPodDisruptionBudget(fleet: VLLMDeployment): PodDisruptionBudget {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: childMeta(fleet, fleet.metadata.name),
    spec: {
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: servingLabels(fleet.metadata.name) },
    },
  };
}
