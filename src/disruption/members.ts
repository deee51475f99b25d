import { isServing, type EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import { mayBeDead } from './sick.ts';
import type { DisruptionView } from './steps.ts';
import type { FleetSnapshot, ReplicaSetSnapshot } from '../snapshot/fleet-snapshot.ts';

/** The engines that the ReplicaSet counts: its members that are not on their way out. */
export function membersOf(
  { engines }: Pick<FleetSnapshot, 'engines'>,
  { name }: Pick<ReplicaSetSnapshot, 'name'>,
): readonly EngineSnapshot[] {
  return engines.filter(
    ({ replicaSet, isMember, lifecycle }) => replicaSet === name && isMember && lifecycle !== 'Terminating',
  );
}

/** Whether the ReplicaSet has made and removed all that it was told to. */
export function isSettled(snapshot: FleetSnapshot, set: ReplicaSetSnapshot): boolean {
  return set.isSizeObserved && membersOf(snapshot, set).length === set.replicas;
}

/**
 * How many engines requests are sent to, besides the given one, those that leave in this pass and those that may be dead. `Read`: only those
 * whose page is fresh, since nothing is begun on missing data; what has begun does not turn back for a late page.
 */
export function otherServing(
  { snapshot, markedNow, sick }: Pick<DisruptionView, 'snapshot' | 'markedNow' | 'sick'>,
  uid: string,
  which: 'All' | 'Read' = 'All',
): number {
  return snapshot.engines
    .filter((engine) => engine.uid !== uid && isServing(engine) && !markedNow.has(engine.uid))
    .filter(({ uid: other }) => !mayBeDead(sick, other))
    .filter(({ page }) => which === 'All' || page.state === 'Fresh').length;
}

/**
 * The place of an engine in the order by which a ReplicaSet removes pods before it looks at any deletion cost:
 * unassigned, then pending, then not ready, then ready (kubernetes `ActivePodsWithRanks`).
 */
export function removalRank({
  nodeName,
  phase,
  lifecycle,
}: Pick<EngineSnapshot, 'nodeName' | 'phase' | 'lifecycle'>): number {
  if (lifecycle === 'Ready') return 3;
  if (nodeName === undefined) return 0;
  return phase === 'Running' ? 2 : 1;
}
