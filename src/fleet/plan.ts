import { membersOf } from '../disruption/members.ts';
import type { FleetSnapshot, ReplicaSetSnapshot } from '../snapshot/fleet-snapshot.ts';
import type { Action, FleetChange } from './actions.ts';
import type { FleetDecision } from './decide-fleet.ts';
import { isRolling, unprovenEngines } from './rollout-state.ts';
import { carriedOutSize, stayingReplicas, totalReplicas, unbornOrders } from './sizes.ts';

export type { Action, FleetChange } from './actions.ts';

/** The actions of this pass: growth first, then the claims, then what the claims that stand already ask for. */
export function planFleet(snapshot: FleetSnapshot, decision: FleetDecision): readonly Action[] {
  if (snapshot.fleet.spec.suspend || snapshot.stalled !== undefined) return [];
  return [
    ...planChildren(snapshot),
    ...planSize(snapshot, decision),
    ...planClaims(decision),
    ...decision.disruption.actions,
    ...pruneRevisions(snapshot, decision),
    ...planProbes(snapshot, decision),
  ];
}

function planChildren({ children }: FleetSnapshot): readonly Action[] {
  const wanted = (state: string): boolean => state === 'Absent' || state === 'Differs';
  return [
    ...(wanted(children.service) ? [{ kind: 'ApplyService' } as const] : []),
    ...(wanted(children.podDisruptionBudget) ? [{ kind: 'ApplyPodDisruptionBudget' } as const] : []),
  ];
}

/** Engines that are ordered, or whose order is taken back. Those that exist leave by claims alone. */
function planSize(snapshot: FleetSnapshot, decision: FleetDecision): readonly Action[] {
  const { size } = decision;
  const total = totalReplicas(snapshot);
  const desired = carriedOutSize(decision.size);
  const target = snapshot.replicaSets.find(({ revision }) => revision === snapshot.revision);
  if (target === undefined) {
    // A first revision starts at its size; a later one starts empty, and the roll-out fills it.
    return [{ kind: 'CreateReplicaSet', revision: snapshot.revision, replicas: total > 0 ? 0 : desired }];
  }
  const missing = desired - (total - unprovenEngines(snapshot, decision.rollout));
  if (missing > 0) {
    const isGrowth = size.carriedOut && size.desired > size.current;
    return growth(
      snapshot,
      decision,
      target,
      missing,
      isGrowth ? { from: size.current, to: desired } : undefined,
    );
  }
  const cancelled = cancelOrders(snapshot, decision);
  if (cancelled !== undefined) return [cancelled];
  return surge(snapshot, decision, target, total);
}

/**
 * Engines of the new revision, unless it has yet to show a ready engine and an old one does: load must not wait for
 * proof. What a roll-out that drains first has taken away comes back as the new revision, as far as its budget goes.
 */
function growth(
  snapshot: FleetSnapshot,
  { rollout, disruption }: FleetDecision,
  target: ReplicaSetSnapshot,
  missing: number,
  change: FleetChange | undefined,
): readonly Action[] {
  const ready = readyIn(snapshot, target);
  const proven = rollout.old.find((set) => readyIn(snapshot, set) > 0);
  const isProven = proven === undefined || (ready > 0 && rollout.phase !== 'Stopped');
  const unready = target.replicas - ready;
  const trial = rollout.strategy === 'DrainFirst' && isRolling(rollout) ? rollout.budget - unready : 0;
  const onTarget = isProven ? missing : Math.min(missing, Math.max(0, trial));
  const orders: readonly (readonly [ReplicaSetSnapshot, number])[] = [
    [target, onTarget],
    ...(proven === undefined ? [] : [[proven, missing - onTarget] as const]),
  ];
  return orders
    .filter(([set, by]) => by > 0 && !disruption.removing.has(set.revision))
    .map(([set, by], index) => grow(set, by, index === 0 ? change : undefined));
}

/** One engine more than the fleet should have, or as many as the budget says, while old ones are replaced. */
function surge(
  snapshot: FleetSnapshot,
  decision: FleetDecision,
  target: ReplicaSetSnapshot,
  total: number,
): readonly Action[] {
  const { rollout } = decision;
  const { budget } = rollout;
  const desired = carriedOutSize(decision.size);
  const mayBegin = rollout.phase === 'Progressing' || rollout.phase === 'RollingBack';
  if (!mayBegin || rollout.strategy !== 'SurgeFirst') return [];
  const unready = target.replicas - readyIn(snapshot, target);
  const by = Math.min(desired + budget - total, budget - unready, desired - target.replicas);
  return by > 0 ? [grow(target, by, undefined)] : [];
}

function grow(set: ReplicaSetSnapshot, by: number, change: FleetChange | undefined): Action {
  const to = set.replicas + by;
  return {
    kind: 'Grow',
    replicaSet: set.name,
    from: set.replicas,
    to,
    ...(change !== undefined && { change }),
  };
}

function cancelOrders(snapshot: FleetSnapshot, decision: FleetDecision): Action | undefined {
  const surplus = stayingReplicas(snapshot) - carriedOutSize(decision.size);
  const { rollout, size } = decision;
  const sets = isRolling(rollout) ? rollout.old : snapshot.replicaSets;
  const set = sets.find((candidate) => unbornOrders(snapshot, candidate) > 0);
  if (set === undefined || surplus <= 0) return undefined;
  const by = Math.min(unbornOrders(snapshot, set), surplus);
  return {
    kind: 'CancelOrders',
    replicaSet: set.name,
    from: set.replicas,
    to: set.replicas - by,
    ...(size.action === 'Shrink' && { change: { from: size.current, to: size.current - by } }),
  };
}

function planClaims({ disruption, size }: FleetDecision): readonly Action[] {
  const { claims, begun, ended, outcomes } = disruption;
  if (claims === undefined) return [];
  // What a roll-out leaves over goes too, but it is no part of the size, and was no part of it before.
  const shrunk = size.action === 'Shrink' ? begun.filter(({ cause }) => cause === 'ScaleDown').length : 0;
  const kept = ended.filter(
    ({ claim: { cause }, outcome }) =>
      cause === 'ScaleDown' && (outcome === 'Cancelled' || outcome === 'Gone'),
  ).length;
  const to = size.current - shrunk + kept;
  return [
    {
      kind: 'WriteClaims',
      claims,
      begun,
      ended,
      outcomes,
      ...(to !== size.current && { change: { from: size.current, to } }),
    },
  ];
}

function readyIn(snapshot: FleetSnapshot, set: ReplicaSetSnapshot): number {
  return membersOf(snapshot, set).filter(({ lifecycle }) => lifecycle === 'Ready').length;
}

function pruneRevisions(snapshot: FleetSnapshot, { rollout }: FleetDecision): readonly Action[] {
  const { rollbackTo, revisionHistoryLimit } = snapshot.fleet.spec.rollout;
  const kept = new Set([snapshot.revision, snapshot.specRevision, rollbackTo, rollout.blockedRevision]);
  return snapshot.replicaSets
    .filter(
      (set) =>
        !kept.has(set.revision) &&
        set.replicas === 0 &&
        !snapshot.engines.some(({ revision }) => revision === set.revision),
    )
    .toSorted((a, b) => b.createdAtMs - a.createdAtMs)
    .slice(revisionHistoryLimit)
    .map(({ name, uid }) => ({ kind: 'DeleteReplicaSet', name, uid }));
}

function planProbes({ engines }: FleetSnapshot, { health }: FleetDecision): readonly Action[] {
  return health.probes.flatMap(({ uid, why, rank }): Action[] => {
    const engine = engines.find((one) => one.uid === uid);
    if (engine === undefined) return [];
    return [{ kind: 'Probe', engine, why, ...(rank !== undefined && { rank: Number(rank) }) }];
  });
}
