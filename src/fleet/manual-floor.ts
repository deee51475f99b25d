import type { ManualFloor } from '../api/v1alpha1/status.ts';
import type { FleetSnapshot, ReplicaSetSnapshot } from '../snapshot/fleet-snapshot.ts';

/**
 * The floor that a person set by hand: `spec.replicas` beside `spec.scaling` (what `kubectl scale` sets), or a
 * write of the ReplicaSet's own size. It begins when the number changes and holds for
 * `scaling.manualHoldMinutes`; after that it stays in status, so that a reader sees why it is ignored. The later
 * of the two counts. `lastSpecReplicas` is `spec.replicas` as the last pass saw it.
 */
export function manualFloorAt(
  snapshot: FleetSnapshot,
  lastSpecReplicas: number | undefined,
  nowMs: number,
): ManualFloor | undefined {
  const { spec, status } = snapshot.fleet;
  if (spec.scaling === undefined) return undefined;
  const holdMs = spec.scaling.manualHoldMinutes * 60_000;
  const known = status?.scaling?.manualFloor;
  const byHand = lastWrite(snapshot.replicaSets);
  if (byHand !== undefined && (known === undefined || byHand.atMs > Date.parse(known.since))) {
    return floor(byHand.replicas, byHand.atMs, holdMs, 'ReplicaSet');
  }
  if (spec.replicas === undefined) return known?.source === 'ReplicaSet' ? known : undefined;
  const isOld =
    known?.source === 'Spec' ? known.replicas === spec.replicas : lastSpecReplicas === spec.replicas;
  if (known === undefined || !isOld) return floor(spec.replicas, nowMs, holdMs, 'Spec');
  return floor(known.replicas, Date.parse(known.since), holdMs, known.source);
}

/**
 * The last write of a ReplicaSet's size by a person, however long ago: it may have come while no operator ran.
 * Our own next write ends it.
 */
function lastWrite(
  sets: readonly ReplicaSetSnapshot[],
): { readonly replicas: number; readonly atMs: number } | undefined {
  return sets
    .flatMap(({ replicas, scaledBy }) => (scaledBy === undefined ? [] : [{ replicas, atMs: scaledBy.atMs }]))
    .toSorted((a, b) => a.atMs - b.atMs)
    .at(-1);
}

function floor(
  replicas: number,
  sinceMs: number,
  holdMs: number,
  source: ManualFloor['source'],
): ManualFloor {
  return {
    replicas,
    since: new Date(sinceMs).toISOString(),
    until: new Date(sinceMs + holdMs).toISOString(),
    source,
  };
}
