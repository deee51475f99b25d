import { RESOURCE_TYPES } from '../../../src/controllers/vllm-deployment/resource-types.ts';
import { controllerOf, matches, readPod, type VirtualPod, type VirtualReplicaSet } from '../kinds.ts';
import type { VirtualApi } from '../virtual-api.ts';

const { pod: POD, replicaSet: REPLICA_SET } = RESOURCE_TYPES;

/**
 * Which of these pods are the set's: its own that it still selects, and orphans that it adopts now. Its own that it
 * no longer selects are released (controller_ref_manager.go `ClaimObject`, 1.34.4). Both are judged by the caches and
 * written to the live pod; a pod that is another one by now, or has another controller, is left alone.
 */
export function claimPods(
  api: VirtualApi,
  set: VirtualReplicaSet,
  pods: readonly VirtualPod[],
  by: string,
): readonly VirtualPod[] {
  const { uid, namespace, name } = set.metadata;
  const own = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid, controller: true };
  const reference = { ...own, blockOwnerDeletion: true };
  return pods.filter((pod) => {
    const isSelected = matches(set.spec.selector.matchLabels, pod.metadata.labels);
    if (controllerOf(pod) === undefined) {
      const live = api.get(REPLICA_SET, { namespace, name });
      return isSelected && live?.metadata.uid === uid && writeOwner(api, pod, undefined, [reference], by);
    }
    if (!isSelected) writeOwner(api, pod, uid, [], by);
    return isSelected;
  });
}

/** Sets the owners of the live pod if it is still the one that was seen, under the controller that was seen. */
function writeOwner(
  api: VirtualApi,
  { metadata: { namespace, name, uid } }: VirtualPod,
  controller: string | undefined,
  ownerReferences: readonly object[],
  by: string,
): boolean {
  const live = api.get(POD, { namespace, name });
  if (live?.metadata.uid !== uid || controllerOf(readPod(live)) !== controller) return false;
  api.patch(POD, { namespace, name }, { patch: { metadata: { ownerReferences } }, by });
  return true;
}
