import { ANNOTATIONS, LABELS, MEMBER, SERVING } from '../../api/v1alpha1/constants.ts';
import type { Disruption } from '../../api/v1alpha1/status.ts';
import type { VLLMDeployment } from '../../api/v1alpha1/vllm-deployment.ts';
import {
  DRAINING_DELETION_COST,
  markOf,
  REMOVING_DELETION_COST,
  releasedMarkOf,
} from '../../disruption/marks.ts';
import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';
import { ownerReference } from '../../workload/names.ts';

/** A JSON merge patch of a pod's metadata: null removes. */
export interface PodPatch {
  readonly metadata: {
    readonly labels?: Readonly<Record<string, string | null>>;
    readonly annotations?: Readonly<Record<string, string | null>>;
    readonly ownerReferences?: readonly object[];
  };
}

/** Out of the Service, out of the user's own router, and the next that the ReplicaSet would remove, in one patch. */
export function drainingPatch(
  fleet: VLLMDeployment,
  engine: EngineSnapshot,
  labels: Readonly<Record<string, string>>,
  claim: Disruption,
): PodPatch {
  const { metadata } = outOfService(fleet, engine, labels, claim, SERVING.draining);
  const cost = { [ANNOTATIONS.podDeletionCost]: String(DRAINING_DELETION_COST) };
  return { metadata: { ...metadata, annotations: { ...metadata.annotations, ...cost } } };
}

/** Out of the Service and the user's own router; no reason for its ReplicaSet to remove it. */
export function suspectPatch(
  fleet: VLLMDeployment,
  engine: EngineSnapshot,
  labels: Readonly<Record<string, string>>,
  claim: Disruption,
): PodPatch {
  return outOfService(fleet, engine, labels, claim, SERVING.suspect);
}

/**
 * What the router's labels were is kept beside them, since `drain.labels` may change before they are put back. `labels`
 * are the pod's.
 */
function outOfService(
  { spec }: VLLMDeployment,
  engine: EngineSnapshot,
  labels: Readonly<Record<string, string>>,
  claim: Disruption,
  serving: string,
): PodPatch {
  const theirs = spec.drain.labels.filter(({ key, value }) => labels[key] === value);
  const taken = {
    ...Object.fromEntries(theirs.map(({ key, value }) => [key, value])),
    ...engine.drainedLabels,
  };
  return {
    metadata: {
      labels: {
        ...Object.fromEntries(theirs.map(({ key, drainedValue }) => [key, drainedValue ?? null])),
        [LABELS.serving]: serving,
      },
      annotations: {
        [ANNOTATIONS.claim]: markOf(claim),
        ...(Object.keys(taken).length > 0 && { [ANNOTATIONS.drainedLabels]: JSON.stringify(taken) }),
      },
    },
  };
}

export function removingPatch(): PodPatch {
  return { metadata: { annotations: { [ANNOTATIONS.podDeletionCost]: String(REMOVING_DELETION_COST) } } };
}

/** An engine that did not become ready goes first when its ReplicaSet has one too many. */
export function standInPatch(): PodPatch {
  return { metadata: { annotations: { [ANNOTATIONS.podDeletionCost]: String(DRAINING_DELETION_COST) } } };
}

/** Back into the Service and the user's router, without any mark. */
export function putBackPatch(engine: EngineSnapshot, claim: Disruption | undefined): PodPatch {
  return {
    metadata: {
      labels: { ...engine.drainedLabels, [LABELS.serving]: SERVING.true },
      annotations: {
        [ANNOTATIONS.podDeletionCost]: null,
        [ANNOTATIONS.drainedLabels]: null,
        [ANNOTATIONS.claim]: claim === undefined ? null : releasedMarkOf(claim),
      },
    },
  };
}

/** Out of its ReplicaSet, which makes another one; the fleet owns it, so that it goes with the fleet. */
export function detachPatch(fleet: VLLMDeployment, claim: Disruption): PodPatch {
  return {
    metadata: {
      labels: { [LABELS.member]: MEMBER.detached },
      annotations: { [ANNOTATIONS.claim]: markOf(claim) },
      ownerReferences: [ownerReference(fleet)],
    },
  };
}

/** Back to its ReplicaSet, which adopts pods that match and have no owner. */
export function reattachPatch(engine: EngineSnapshot, claim: Disruption): PodPatch {
  const { metadata } = putBackPatch(engine, claim);
  return {
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, [LABELS.member]: MEMBER.true },
      ownerReferences: [],
    },
  };
}
