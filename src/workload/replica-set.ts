import { LABELS } from '../api/v1alpha1/constants.ts';
import type { VLLMDeployment } from '../api/v1alpha1/vllm-deployment.ts';
import { childMeta, memberLabels, replicaSetName } from './names.ts';
import type { Built, ReplicaSet } from './objects.ts';
import { buildPodTemplate } from './pod-template.ts';

/**
 * The ReplicaSet of one revision, to be created once: its template never changes, and its size is written
 * through `/scale` afterwards. `replicas` is the size it is born with.
 */
export function buildReplicaSet(
  fleet: VLLMDeployment,
  revision: string,
  replicas: number,
): Built<ReplicaSet> {
  const template = buildPodTemplate(fleet, revision);
  if (!template.ok) return template;
  const { name } = fleet.metadata;
  return {
    ok: true,
    value: {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: childMeta(fleet, replicaSetName(name, revision), { [LABELS.revision]: revision }),
      spec: { replicas, selector: { matchLabels: memberLabels(name, revision) }, template: template.value },
    },
  };
}
