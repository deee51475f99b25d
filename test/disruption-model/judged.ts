import { ANNOTATIONS, LABELS, MEMBER, SERVING } from '../../src/api/v1alpha1/constants.ts';
import type { Disruption } from '../../src/api/v1alpha1/status.ts';
import { VLLMDeployment } from '../../src/api/v1alpha1/vllm-deployment.ts';
import type { ResourceType } from '../../src/kube/resource-type.ts';
import { isReady, reader, type VirtualPod } from '../virtual-cluster/kinds.ts';
import type { ApiChange } from '../virtual-cluster/virtual-api.ts';
import type { View } from './operator-process.ts';
import type { World } from './world.ts';

/** A change of the cluster, with all that tells whether it was right. */
export interface Judged {
  readonly type: ResourceType;
  readonly change: ApiChange;
  readonly world: World;
  readonly fleet: VLLMDeployment;
  readonly claims: readonly Disruption[];
  readonly ledger: Ledger;
  /** What the process knew that made this change; absent when it was not the operator. */
  readonly view?: View | undefined;
  /** Requests inside each engine before the operator's request. */
  readonly insideBefore: ReadonlyMap<string, number>;
}

/** What happened so far, as far as later changes are judged by it. */
export interface Ledger {
  /** Claims whose ReplicaSet was told to have one engine less. */
  readonly shrunk: Set<string>;
  /** Engines that a ReplicaSet was told to remove, or that were deleted, by the operator. */
  readonly removed: Set<string>;
  /** Claims that a person took out of the status: who read them before may go on. */
  readonly emptied: Disruption[];
  /** Engines that a person took out of their ReplicaSet: nobody's business any more. */
  readonly takenAway: Set<string>;
}

/** One invariant: why the change breaks it, or undefined. */
export type Invariant = (judged: Judged) => string | undefined;

export const readFleet = reader(VLLMDeployment);

export function claimId({ victimUID, claimedAt }: Disruption): string {
  return `${victimUID}@${claimedAt}`;
}

/** Whether requests are sent to the engine. */
export function serves(pod: VirtualPod): boolean {
  const { labels, deletionTimestamp } = pod.metadata;
  return labels[LABELS.serving] === SERVING.true && deletionTimestamp === undefined && isReady(pod);
}

/** Whether the engine carries anything that only a claim may put on it. */
export function isMarked({ metadata }: VirtualPod): boolean {
  return (
    metadata.labels[LABELS.serving] === SERVING.draining ||
    metadata.labels[LABELS.member] === MEMBER.detached ||
    OUR_COSTS.has(metadata.annotations?.[ANNOTATIONS.podDeletionCost] ?? '')
  );
}

/** Whether the operator has taken the engine out of the Service on a suspicion, and not given it back. */
export function isSuspect({ metadata: { labels, annotations } }: VirtualPod): boolean {
  const claim = annotations?.[ANNOTATIONS.claim] ?? 'released';
  return labels[LABELS.serving] === SERVING.suspect && !claim.startsWith('released');
}

export const REMOVING_COST = '-2147483648';
const OUR_COSTS: ReadonlySet<string> = new Set(['-1073741824', REMOVING_COST]);

/** Engines that the spec asks for. */
export function sizeOf(spec: VLLMDeployment['spec']): number {
  return spec.replicas ?? spec.scaling?.minReplicas ?? 1;
}
