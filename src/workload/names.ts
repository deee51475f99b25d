import type { VLLMDeployment } from '../api/v1alpha1/vllm-deployment.ts';
import { API_VERSION, KIND, LABELS, MANAGED_BY, MEMBER, SERVING } from '../api/v1alpha1/constants.ts';
import type { ChildMeta, OwnerReference, StringMap } from './objects.ts';

/** Name of a revision's ReplicaSet; at most 45 + 1 + 8 characters, its pods' names at most 60. */
export function replicaSetName(fleet: string, revision: string): string {
  return `${fleet}-${revision}`;
}

/** Selector of everything that belongs to a fleet. */
export function fleetLabels(fleet: string): StringMap {
  return { [LABELS.fleet]: fleet };
}

/** Selector of the engines that receive requests: the Service's, the budget's and the scale subresource's. */
export function servingLabels(fleet: string): StringMap {
  return { [LABELS.fleet]: fleet, [LABELS.serving]: SERVING.true };
}

/** Selector of a revision's ReplicaSet: without `serving`, so that a draining engine stays a member. */
export function memberLabels(fleet: string, revision: string): StringMap {
  return { [LABELS.fleet]: fleet, [LABELS.revision]: revision, [LABELS.member]: MEMBER.true };
}

/** The owner reference that makes the garbage collector remove a child with its fleet. */
export function ownerReference(fleet: VLLMDeployment): OwnerReference {
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    name: fleet.metadata.name,
    uid: fleet.metadata.uid,
    controller: true,
  };
}

/** Metadata of a child object of the fleet. */
export function childMeta(fleet: VLLMDeployment, name: string, labels: StringMap = {}): ChildMeta {
  return {
    name,
    namespace: fleet.metadata.namespace,
    labels: { [LABELS.managedBy]: MANAGED_BY, ...fleetLabels(fleet.metadata.name), ...labels },
    ownerReferences: [ownerReference(fleet)],
  };
}
