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
 * The size that the fleet has by order. During a roll-out the engines above the last decided size are surge,
 * and surge is not growth (kubernetes #72775, #84142: autoscalers that counted it ratcheted up).
 */
export function orderedSize(snapshot: FleetSnapshot): number {
  const total = totalReplicas(snapshot);
  const { spec, status } = snapshot.fleet;
  const isAdvice = spec.scaling !== undefined && spec.scaling.mode !== 'Auto';
  const decided = isAdvice ? status?.scaling?.current : status?.scaling?.desired;
  return oldRevisions(snapshot).length > 0 && decided !== undefined ? Math.min(total, decided) : total;
}
