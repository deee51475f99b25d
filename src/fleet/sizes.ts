import { CONDITIONS } from '../api/v1alpha1/constants.ts';
import type { FleetSnapshot, ReplicaSetSnapshot } from '../snapshot/fleet-snapshot.ts';

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

/**
 * The size that the fleet has by order.
 * During a roll-out the engines above the last decided size are surge, and surge is not growth (kubernetes
 * #72775, #84142: autoscalers that counted it ratcheted up). `decided` is that size; absent while none is known.
 */
export function orderedSize(snapshot: FleetSnapshot, decided: number | undefined): number {
  const total = totalReplicas(snapshot);
  return oldRevisions(snapshot).length > 0 && decided !== undefined ? Math.min(total, decided) : total;
}

/** The size that the last status says was decided and carried out: what a new leader goes on from. */
export function decidedSize({ fleet: { spec, status } }: FleetSnapshot): number | undefined {
  const isConflict = status?.conditions?.some(
    ({ type, status: value }) => type === CONDITIONS.conflictingAutoscaler && value === 'True',
  );
  const isAdvice = isConflict === true || (spec.scaling !== undefined && spec.scaling.mode !== 'Auto');
  return isAdvice ? status?.scaling?.current : status?.scaling?.desired;
}
