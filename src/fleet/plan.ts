import { pickVictim, VICTIM_DELETION_COST } from '../disruption/pick-victim.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { SizeChange } from '../scaling/types.ts';
import type { FleetSnapshot, ReplicaSetSnapshot } from '../snapshot/fleet-snapshot.ts';
import type { FleetDecision } from './decide-fleet.ts';
import { oldRevisions, totalReplicas } from './sizes.ts';

/**
 * What a pass does, as data. Each action carries what it expects to find, so that the executor can look at the
 * live objects just before it acts, and leave it when the world has moved on.
 */
export type Action =
  | { readonly kind: 'ApplyService' }
  | { readonly kind: 'ApplyPodDisruptionBudget' }
  | { readonly kind: 'CreateReplicaSet'; readonly revision: string; readonly replicas: number }
  | {
      readonly kind: 'Grow';
      readonly replicaSet: string;
      readonly from: number;
      readonly to: number;
      readonly change?: FleetChange;
    }
  /** Makes the engine the one that the ReplicaSet removes next. */
  | { readonly kind: 'MarkVictim'; readonly engine: EngineSnapshot }
  | {
      readonly kind: 'RemoveVictim';
      readonly engine: EngineSnapshot;
      readonly replicaSet: string;
      readonly from: number;
      readonly change?: FleetChange;
    }
  | { readonly kind: 'UnmarkEngine'; readonly engine: EngineSnapshot; readonly replicaSet: string }
  | { readonly kind: 'DeleteReplicaSet'; readonly name: string; readonly uid: string };

/** The change of the fleet's size that an action carries out; absent on the surge of a roll-out and its end. */
export type FleetChange = Pick<SizeChange, 'from' | 'to'>;

/** Revisions without engines that are kept to go back to. */
const REVISION_HISTORY_LIMIT = 3;

/** The actions of this pass. At most one engine is taken away a pass, and none while one is on its way out. */
export function planFleet(snapshot: FleetSnapshot, decision: FleetDecision): readonly Action[] {
  if (snapshot.fleet.spec.suspend || snapshot.stalled !== undefined) return [];
  const size = planSize(snapshot, decision);
  return [
    ...planChildren(snapshot),
    ...size,
    ...unmarkLeftovers(snapshot, size),
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

function planSize(snapshot: FleetSnapshot, decision: FleetDecision): readonly Action[] {
  const total = totalReplicas(snapshot);
  const target = snapshot.replicaSets.find(({ revision }) => revision === snapshot.revision);
  const desired = decision.size.carriedOut ? decision.size.desired : decision.size.current;
  if (target === undefined) {
    // A first revision starts at its size; a later one starts empty, and the roll-out fills it.
    return [{ kind: 'CreateReplicaSet', revision: snapshot.revision, replicas: total > 0 ? 0 : desired }];
  }
  if (snapshot.replicaSets.some((set) => isRemoving(snapshot, set))) return [];
  if (total < desired) return [grow(target, desired - total, { from: total, to: desired })];
  const old = oldRevisions(snapshot);
  const targetReady = enginesOf(snapshot, target).filter(({ lifecycle }) => lifecycle === 'Ready').length;
  if (total > desired) {
    const change = decision.size.action === 'Shrink' ? { from: total, to: total - 1 } : undefined;
    if (old.length === 0) return shrink(snapshot, target, change);
    return targetReady >= target.replicas
      ? old.slice(0, 1).flatMap((set) => shrink(snapshot, set, change))
      : [];
  }
  return old.length > 0 && targetReady >= target.replicas ? [grow(target, 1)] : [];
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

/** Takes one engine away in two passes: mark it, and once the mark is seen, shrink the set by one. */
function shrink(snapshot: FleetSnapshot, set: ReplicaSetSnapshot, change?: FleetChange): readonly Action[] {
  const engines = enginesOf(snapshot, set);
  const best = pickVictim(engines);
  if (best === undefined) return [];
  const marked = engines.find(isMarked);
  const victim = marked !== undefined && marked.lifecycle === best.lifecycle ? marked : best;
  if (!isMarked(victim)) return [{ kind: 'MarkVictim', engine: victim }];
  return [
    {
      kind: 'RemoveVictim',
      engine: victim,
      replicaSet: set.name,
      from: set.replicas,
      ...(change !== undefined && { change }),
    },
  ];
}

/** A mark that no shrink stands behind (a crashed leader's, a decision that turned) would kill the wrong engine later. */
function unmarkLeftovers(snapshot: FleetSnapshot, size: readonly Action[]): readonly Action[] {
  const victims = size.flatMap((action) =>
    action.kind === 'MarkVictim' || action.kind === 'RemoveVictim' ? [action.engine.uid] : [],
  );
  return snapshot.replicaSets
    .filter((set) => !isRemoving(snapshot, set))
    .flatMap((set) =>
      enginesOf(snapshot, set)
        .filter((engine) => isMarked(engine) && !victims.includes(engine.uid))
        .map((engine) => ({ kind: 'UnmarkEngine', engine, replicaSet: set.name }) as const),
    );
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

function enginesOf(snapshot: FleetSnapshot, set: ReplicaSetSnapshot): readonly EngineSnapshot[] {
  return snapshot.engines.filter(
    (engine) => engine.replicaSet === set.name && engine.lifecycle !== 'Terminating',
  );
}

/** The ReplicaSet was told to remove an engine and has not done so yet: its marks must stay. */
function isRemoving(snapshot: FleetSnapshot, set: ReplicaSetSnapshot): boolean {
  return enginesOf(snapshot, set).length > set.replicas;
}

function isMarked(engine: EngineSnapshot): boolean {
  return engine.deletionCost === VICTIM_DELETION_COST;
}
