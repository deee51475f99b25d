import { ANNOTATIONS, FIELD_MANAGERS, LABELS } from '../../../src/api/v1alpha1/constants.ts';
import type { Disruption } from '../../../src/api/v1alpha1/status.ts';
import { RESOURCE_TYPES } from '../../../src/controllers/vllm-deployment/resource-types.ts';
import { OPERATOR_DELETES } from '../../virtual-cluster/kube-client.ts';
import {
  controllerOf,
  isReady,
  matches,
  readPod,
  readReplicaSet,
  type VirtualPod,
  type VirtualReplicaSet,
} from '../../virtual-cluster/kinds.ts';
import type { World } from '../world.ts';
import { claimId, REMOVING_COST, type Invariant, type Judged } from '../judged.ts';

interface Shrink {
  readonly before: VirtualReplicaSet;
  readonly after: VirtualReplicaSet;
  readonly claim: Disruption | undefined;
  readonly victim: VirtualPod | undefined;
}

/** The operator told a ReplicaSet to have fewer engines, and there are so many that one must go. */
export function shrinkOf({ type, change, claims, ledger, world }: Judged): Shrink | undefined {
  if (type.plural !== RESOURCE_TYPES.replicaSet.plural || change.by !== FIELD_MANAGERS.scale)
    return undefined;
  if (change.previous === undefined) return undefined;
  const before = readReplicaSet(change.previous);
  const after = readReplicaSet(change.object);
  const members = membersOf(after, world);
  if (after.spec.replicas >= before.spec.replicas || members.length <= after.spec.replicas) return undefined;
  const revision = after.metadata.labels?.[LABELS.revision];
  const claim = [...claims, ...ledger.emptied].find(
    (one) => one.command === 'Shrink' && one.step === 'Removing' && one.revision === revision,
  );
  return { before, after, claim, victim: members.find(({ metadata }) => metadata.uid === claim?.victimUID) };
}

/** The engines that a ReplicaSet chooses from: one that it no longer selects is released, not removed. */
function membersOf({ metadata, spec }: VirtualReplicaSet, world: World): readonly VirtualPod[] {
  const { matchLabels } = spec.selector;
  return world.activePods.filter(
    (pod) => controllerOf(pod) === metadata.uid && matches(matchLabels, pod.metadata.labels),
  );
}

/** The engine that the operator told to go in this change, if any. */
export function removedUid(judged: Judged): string | undefined {
  const { type, change } = judged;
  if (type.plural === RESOURCE_TYPES.pod.plural && change.by === OPERATOR_DELETES)
    return change.object.metadata.uid;
  return shrinkOf(judged)?.claim?.victimUID;
}

/** One victim a claim: the size is absolute, by one, and written once. */
export const oneVictimAClaim: Invariant = (judged) => {
  const shrink = shrinkOf(judged);
  if (shrink === undefined) return undefined;
  const { before, after, claim } = shrink;
  const what = `${after.metadata.name} was scaled from ${before.spec.replicas} to ${after.spec.replicas}`;
  if (claim === undefined) return isUnborn(judged, shrink) ? undefined : `${what} without a claim`;
  if (claim.toReplicas !== after.spec.replicas) return `${what}, the claim says ${claim.toReplicas}`;
  if (before.spec.replicas !== after.spec.replicas + 1) return `${what}: more than one engine goes`;
  return judged.ledger.shrunk.has(claimId(claim)) ? `${what} twice for ${claim.engine}` : undefined;
};

/** Orders that are taken back race with the engines that they make: then only such a one may go that starts. */
function isUnborn({ world }: Judged, { after }: Shrink): boolean {
  return membersOf(after, world).filter(isReady).length <= after.spec.replicas;
}

/** The engine that a ReplicaSet is told to remove is marked as the first to go. */
export const markedBeforeRemoval: Invariant = (judged) => {
  const shrink = shrinkOf(judged);
  if (shrink?.claim === undefined) return undefined;
  const cost = shrink.victim?.metadata.annotations?.[ANNOTATIONS.podDeletionCost];
  return shrink.victim === undefined || cost === REMOVING_COST
    ? undefined
    : `${shrink.claim.engine} is to go, its deletion cost is ${cost ?? 'unset'}`;
};

/** An engine goes when it is empty, or when its time is up and the claim says what is cut. */
export const emptyBeforeRemoval: Invariant = (judged) => {
  const uid = removedUid(judged);
  const claim = judged.claims.find(({ victimUID }) => victimUID === uid);
  if (uid === undefined || claim === undefined || claim.cut !== undefined) return undefined;
  const inside = judged.insideBefore.get(uid) ?? 0;
  return inside === 0
    ? undefined
    : `${claim.engine} was removed with ${inside} requests, and the claim says none`;
};

/** Only the victim of a claim is deleted by the operator itself; a shrink's only once its ReplicaSet has let it go. */
export const onlyVictimsDeleted: Invariant = ({ type, change, claims }) => {
  if (type.plural !== RESOURCE_TYPES.pod.plural || change.by !== OPERATOR_DELETES) return undefined;
  const before = change.previous === undefined ? undefined : readPod(change.previous);
  const claim = claims.find(({ victimUID }) => victimUID === change.object.metadata.uid);
  const { name } = change.object.metadata;
  if (claim?.step !== 'Removing') return `${name} was deleted without a claim that removes it`;
  const isLeaving = before?.metadata.deletionTimestamp !== undefined;
  return claim.command === 'Shrink' && !isLeaving ? `${name} was deleted beside its ReplicaSet` : undefined;
};
