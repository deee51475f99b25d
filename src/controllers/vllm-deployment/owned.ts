import type { VLLMDeployment } from '../../api/v1alpha1/vllm-deployment.ts';
import { keyOf } from '../../runtime/keys.ts';
import type { Caches } from './caches.ts';
import { isEngine } from './observe-engine.ts';
import type { PodProjection, ReplicaSetProjection } from './projections.ts';

/** What the fleet owns of a kind that its label finds: not what another one of the same name left behind. */

export function ownReplicaSets(fleet: VLLMDeployment, caches: Caches): readonly ReplicaSetProjection[] {
  return caches.replicaSets
    .byIndex('fleet', keyOf(fleet.metadata))
    .filter(
      ({ metadata }) => metadata.deletionTimestamp === undefined && isOwnedBy(metadata, fleet.metadata.uid),
    );
}

/** The engines of the fleet: those of its ReplicaSets, and those it took out of them to replace them. */
export function ownPods(
  fleet: VLLMDeployment,
  sets: readonly ReplicaSetProjection[],
  caches: Caches,
): readonly PodProjection[] {
  const owners = new Set([fleet.metadata.uid, ...sets.map(({ metadata }) => metadata.uid)]);
  return caches.pods.byIndex('fleet', keyOf(fleet.metadata)).filter((pod) => {
    const owner = controllerOf(pod.metadata);
    return owner !== undefined && owners.has(owner) && isEngine(pod);
  });
}

type Owned = Pick<PodProjection['metadata'], 'ownerReferences'>;

export function isOwnedBy(metadata: Owned, uid: string): boolean {
  return controllerOf(metadata) === uid;
}

/** UID of the owner that controls the object; there is at most one. */
function controllerOf({ ownerReferences }: Owned): string | undefined {
  return ownerReferences?.find(({ controller }) => controller === true)?.uid;
}
