import type { FleetSnapshot, ReplicaSetSnapshot } from '../snapshot/fleet-snapshot.ts';
import type { Action, FleetChange } from './actions.ts';
import type { FleetDecision } from './decide-fleet.ts';
import { enginesOf, isRemoving, planRemoval, readyIn, unmarkLeftovers, waitForUnmarks } from './removal.ts';
import { oldRevisions, totalReplicas } from './sizes.ts';

export type { Action, FleetChange } from './actions.ts';

/** Revisions without engines that are kept to go back to. */
const REVISION_HISTORY_LIMIT = 3;

/** The actions of this pass. At most one engine is taken away a pass, and none while one is on its way out. */
export function planFleet(snapshot: FleetSnapshot, decision: FleetDecision): readonly Action[] {
  if (snapshot.fleet.spec.suspend || snapshot.stalled !== undefined) return [];
  const size = planSize(snapshot, decision);
  const unmarks = unmarkLeftovers(snapshot, size);
  return [
    ...planChildren(snapshot),
    ...waitForUnmarks(size, unmarks),
    ...unmarks,
    ...pruneRevisions(snapshot),
  ];
}

function planChildren({ children }: FleetSnapshot): readonly Action[] {
  const wanted = (state: string): boolean => state === 'Absent' || state === 'Differs';
  return [
    ...(wanted(children.service) ? [{ kind: 'ApplyService' } as const] : []),
    ...(wanted(children.podDisruptionBudget) ? [{ kind: 'ApplyPodDisruptionBudget' } as const] : []),
  ];
}

function planSize(snapshot: FleetSnapshot, { size }: FleetDecision): readonly Action[] {
  const total = totalReplicas(snapshot);
  const target = snapshot.replicaSets.find(({ revision }) => revision === snapshot.revision);
  const desired = size.carriedOut ? size.desired : size.current;
  if (target === undefined) {
    // A first revision starts at its size; a later one starts empty, and the roll-out fills it.
    return [{ kind: 'CreateReplicaSet', revision: snapshot.revision, replicas: total > 0 ? 0 : desired }];
  }
  // Growth first: it also calls off a removal that the ReplicaSet has not carried out yet.
  if (total < desired) {
    const set = growingSet(snapshot, target);
    return [grow(set, desired - total, { from: size.current, to: desired })];
  }
  if (snapshot.replicaSets.some((set) => isRemoving(snapshot, set))) return [];
  const surplus = total - desired;
  const old = oldRevisions(snapshot);
  if (old.length > 0) return planRollout(snapshot, target, old, desired, surplus);
  if (surplus === 0) return [];
  const change = { from: total, to: total - 1 };
  return planRemoval(snapshot, [target], { surplus, ...(size.action === 'Shrink' && { change }) });
}

/**
 * One engine more of the new revision, then one of an old one less. The last good engines of an old revision go
 * only when as many others are ready as the fleet should have; what is not ready anyway goes first and need not
 * wait, so that a roll-out can end a bad revision, and finds room on a cluster that has no spare node.
 */
function planRollout(
  snapshot: FleetSnapshot,
  target: ReplicaSetSnapshot,
  old: readonly ReplicaSetSnapshot[],
  desired: number,
  surplus: number,
): readonly Action[] {
  if (surplus > 0) return planRemoval(snapshot, old, { surplus, keepReady: desired });
  return readyIn(snapshot, [target]) >= target.replicas ? [grow(target, 1)] : [];
}

/** The new revision, unless it has yet to show a ready engine and an old one does: load must not wait for proof. */
function growingSet(snapshot: FleetSnapshot, target: ReplicaSetSnapshot): ReplicaSetSnapshot {
  if (readyIn(snapshot, [target]) > 0) return target;
  const proven = oldRevisions(snapshot).filter((set) => readyIn(snapshot, [set]) > 0);
  return proven.toSorted((a, b) => b.createdAtMs - a.createdAtMs)[0] ?? target;
}

function grow(set: ReplicaSetSnapshot, by: number, change?: FleetChange): Action {
  const to = set.replicas + by;
  return {
    kind: 'Grow',
    replicaSet: set.name,
    from: set.replicas,
    to,
    ...(change !== undefined && { change }),
  };
}

function pruneRevisions(snapshot: FleetSnapshot): readonly Action[] {
  return snapshot.replicaSets
    .filter(
      (set) =>
        set.revision !== snapshot.revision && set.replicas === 0 && enginesOf(snapshot, set).length === 0,
    )
    .toSorted((a, b) => b.createdAtMs - a.createdAtMs)
    .slice(REVISION_HISTORY_LIMIT)
    .map(({ name, uid }) => ({ kind: 'DeleteReplicaSet', name, uid }));
}
