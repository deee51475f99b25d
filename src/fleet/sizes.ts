import { CONDITIONS } from '../api/v1alpha1/constants.ts';
import { claimsOf } from '../disruption/claims.ts';
import { membersOf } from '../disruption/members.ts';
import type { SizeDecision } from '../scaling/types.ts';
import type { FleetSnapshot, ReplicaSetSnapshot } from '../snapshot/fleet-snapshot.ts';

/** The size that is carried out: the decided one, unless the decision is advice. */
export function carriedOutSize({
  carriedOut,
  current,
  desired,
}: Pick<SizeDecision, 'carriedOut' | 'current' | 'desired'>): number {
  return carriedOut ? desired : current;
}

/** Engines ordered over all revisions: the sum of the ReplicaSets' `spec.replicas`. */
export function totalReplicas(snapshot: FleetSnapshot): number {
  return snapshot.replicaSets.reduce((total, { replicas }) => total + replicas, 0);
}

/** Revisions other than the spec's that still have engines: a roll-out is under way. */
export function oldRevisions(snapshot: FleetSnapshot): readonly ReplicaSetSnapshot[] {
  return snapshot.replicaSets.filter(
    ({ revision, replicas }) => revision !== snapshot.revision && replicas > 0,
  );
}

/** Engines that are ordered and will not be once the claims that stand are carried out. */
export function leavingReplicas(snapshot: FleetSnapshot): number {
  return claimsOf(snapshot).filter((claim) => {
    const set = snapshot.replicaSets.find(({ revision }) => revision === claim.revision);
    return claim.command === 'Shrink' && set !== undefined && set.replicas > (claim.toReplicas ?? -1);
  }).length;
}

/** Engines that stay: those that are ordered without those that are claimed to go. */
export function stayingReplicas(snapshot: FleetSnapshot): number {
  return Math.max(0, totalReplicas(snapshot) - leavingReplicas(snapshot));
}

/**
 * Engines that were ordered and do not exist yet (a quota or an admission webhook refuses the pod, or the ReplicaSet
 * is about to make it); a smaller size takes these orders back first. Those that stand in for another engine stay.
 */
export function unbornOrders(snapshot: FleetSnapshot, set: ReplicaSetSnapshot): number {
  const isReplacing = claimsOf(snapshot).some(
    ({ command, revision }) => command === 'Replace' && revision === set.revision,
  );
  return isReplacing ? 0 : Math.max(0, set.replicas - membersOf(snapshot, set).length);
}

/** Whether old engines are being replaced, or the last of them have left and are not replaced yet. */
export function isRollingOut(snapshot: FleetSnapshot): boolean {
  const phase = snapshot.fleet.status?.rollout?.phase ?? 'Complete';
  return oldRevisions(snapshot).length > 0 || phase !== 'Complete';
}

/**
 * The size that the fleet has by order. During a roll-out the ReplicaSets hold more or fewer, and neither is a size:
 * surge is not growth (kubernetes #72775, #84142: autoscalers that counted it ratcheted up), and an engine that went
 * before its successor is no shrink. `decided` is the size decided last; absent while none is known.
 */
export function orderedSize(snapshot: FleetSnapshot, decided: number | undefined): number {
  const staying = stayingReplicas(snapshot);
  return isRollingOut(snapshot) ? (decided ?? staying) : staying;
}

/** The size that the last status says was decided and carried out: what a new leader goes on from. */
export function decidedSize({ fleet: { spec, status } }: FleetSnapshot): number | undefined {
  const isConflict = status?.conditions?.some(
    ({ type, status: value }) => type === CONDITIONS.conflictingAutoscaler && value === 'True',
  );
  const isAdvice = isConflict === true || (spec.scaling !== undefined && spec.scaling.mode !== 'Auto');
  return isAdvice ? status?.scaling?.current : status?.scaling?.desired;
}
