import type { ManualFloor } from '../api/v1alpha1/status.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import type { ForeignWrite } from './foreign-scale.ts';

/**
 * The floor that a person set by hand: `spec.replicas` beside `spec.scaling` (what `kubectl scale` sets), or a
 * write of the ReplicaSet's own size. It begins when the number changes and holds for
 * `scaling.manualHoldMinutes`; after that it stays in status, so that a reader sees why it is ignored.
 */
export function manualFloorAt(
  snapshot: FleetSnapshot,
  writes: readonly ForeignWrite[],
  nowMs: number,
): ManualFloor | undefined {
  const { spec, status } = snapshot.fleet;
  if (spec.scaling === undefined) return undefined;
  const holdMs = spec.scaling.manualHoldMinutes * 60_000;
  const known = status?.scaling?.manualFloor;
  const byHand = lastWrite(writes);
  if (byHand !== undefined && (known === undefined || byHand.atMs > Date.parse(known.since))) {
    const replicas = snapshot.replicaSets.find(({ name }) => name === byHand.replicaSet)?.replicas;
    if (replicas !== undefined) return floor(replicas, byHand.atMs, holdMs, 'ReplicaSet');
  }
  if (spec.replicas === undefined) return known?.source === 'ReplicaSet' ? known : undefined;
  if (known?.source === 'ReplicaSet' && nowMs < Date.parse(known.until)) return known;
  if (known?.source === 'Spec' && known.replicas === spec.replicas) {
    return floor(spec.replicas, Date.parse(known.since), holdMs, 'Spec');
  }
  return floor(spec.replicas, nowMs, holdMs, 'Spec');
}

function lastWrite(writes: readonly ForeignWrite[]): ForeignWrite | undefined {
  return writes.toSorted((a, b) => a.atMs - b.atMs).at(-1);
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
