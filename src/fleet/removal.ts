import { isMarked, pickVictim } from '../disruption/pick-victim.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { FleetSnapshot, ReplicaSetSnapshot } from '../snapshot/fleet-snapshot.ts';
import type { Action, FleetChange } from './actions.ts';

type Unmark = Extract<Action, { kind: 'UnmarkEngine' }>;

/** What a removal must leave alone. */
export interface Removal {
  /** At most this many engines go. */
  readonly surplus: number;
  /** A ready engine goes only while more than this many are ready; a shrink need not ask, a roll-out must. */
  readonly keepReady?: number;
  readonly change?: FleetChange;
}

/**
 * Takes one engine away from the given sets in two passes: mark it, and once the mark is seen, shrink its set by
 * one. Orders without an engine (a quota or an admission webhook refuses the pod) are taken back first.
 */
export function planRemoval(
  snapshot: FleetSnapshot,
  sets: readonly ReplicaSetSnapshot[],
  { surplus, keepReady, change }: Removal,
): readonly Action[] {
  const cancelled = sets.map((set) => cancelOrders(snapshot, set, surplus, change)).find(Boolean);
  if (cancelled !== undefined) return [cancelled];
  const victim = pickVictim(sets.flatMap((set) => enginesOf(snapshot, set)));
  const set = sets.find(({ name }) => name === victim?.replicaSet);
  if (victim === undefined || set === undefined) return [];
  if (victim.lifecycle === 'Ready' && keepReady !== undefined && readyIn(snapshot) <= keepReady) return [];
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

function cancelOrders(
  snapshot: FleetSnapshot,
  set: ReplicaSetSnapshot,
  surplus: number,
  change: FleetChange | undefined,
): Action | undefined {
  const unborn = set.replicas - enginesOf(snapshot, set).length;
  if (unborn <= 0) return undefined;
  const by = Math.min(unborn, surplus);
  return {
    kind: 'CancelOrders',
    replicaSet: set.name,
    from: set.replicas,
    to: set.replicas - by,
    ...(change !== undefined && { change: { from: change.from, to: change.from - by } }),
  };
}

/** A mark that no shrink stands behind (a crashed leader's, a decision that turned) would kill the wrong engine later. */
export function unmarkLeftovers(snapshot: FleetSnapshot, actions: readonly Action[]): readonly Unmark[] {
  const victims = actions.flatMap((action) =>
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

/** While a ReplicaSet has two marked engines it may take either: the leftover is unmarked first. */
export function waitForUnmarks(actions: readonly Action[], unmarks: readonly Unmark[]): readonly Action[] {
  const unclear = new Set(unmarks.map(({ replicaSet }) => replicaSet));
  return actions.filter((action) => action.kind !== 'RemoveVictim' || !unclear.has(action.replicaSet));
}

/** The ReplicaSet was told to remove an engine and has not done so yet: its marks must stay. */
export function isRemoving(snapshot: FleetSnapshot, set: ReplicaSetSnapshot): boolean {
  return enginesOf(snapshot, set).length > set.replicas;
}

/** The engines of a ReplicaSet that are not on their way out. */
export function enginesOf(snapshot: FleetSnapshot, { name }: ReplicaSetSnapshot): readonly EngineSnapshot[] {
  return snapshot.engines.filter(
    ({ replicaSet, lifecycle }) => replicaSet === name && lifecycle !== 'Terminating',
  );
}

/** Ready engines of the given sets, or of the whole fleet. */
export function readyIn(
  snapshot: FleetSnapshot,
  sets: readonly ReplicaSetSnapshot[] = snapshot.replicaSets,
): number {
  return sets.flatMap((set) => enginesOf(snapshot, set)).filter(({ lifecycle }) => lifecycle === 'Ready')
    .length;
}
