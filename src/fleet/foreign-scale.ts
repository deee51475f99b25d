import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';

/** One write of a ReplicaSet's size that was not ours. */
export interface ForeignWrite {
  readonly replicaSet: string;
  readonly manager: string;
  readonly atMs: number;
}

/** Two foreign writes are a person who corrects himself; more within this time are a program. */
const TOLERATED_WRITES = 2;
const WATCHED_MS = 10 * 60_000;

/** Foreign writes of the last ten minutes, with those that this snapshot shows for the first time. */
export function noteForeignWrites(
  snapshot: FleetSnapshot,
  known: readonly ForeignWrite[],
  nowMs: number,
): readonly ForeignWrite[] {
  const seen = snapshot.replicaSets.flatMap(({ name, scaledBy }) =>
    scaledBy === undefined ? [] : [{ replicaSet: name, manager: scaledBy.manager, atMs: scaledBy.atMs }],
  );
  const fresh = seen.filter((write) => !known.some((other) => same(write, other)));
  return [...known, ...fresh].filter((write) => nowMs - write.atMs < WATCHED_MS);
}

function same(a: ForeignWrite, b: ForeignWrite): boolean {
  return a.replicaSet === b.replicaSet && a.atMs === b.atMs && a.manager === b.manager;
}

/** Why the operator stops writing the size of a fleet: somebody else writes it too. */
export interface Conflict {
  readonly reason: 'HorizontalPodAutoscaler' | 'ForeignWrites';
  readonly message: string;
}

/**
 * An autoscaler that aims at a fleet which the operator sizes, or more than two foreign writes in ten minutes.
 * It ends ten minutes after the last foreign write, or when the autoscaler is gone.
 */
export function findConflict(snapshot: FleetSnapshot, writes: readonly ForeignWrite[]): Conflict | undefined {
  if (snapshot.fleet.spec.scaling === undefined) return undefined;
  const [autoscaler] = snapshot.autoscalers;
  if (autoscaler !== undefined) {
    return {
      reason: 'HorizontalPodAutoscaler',
      message:
        `HorizontalPodAutoscaler ${autoscaler} aims at this fleet while spec.scaling is set; ` +
        'the size is left alone until it is deleted, or spec.scaling is removed so that it may rule',
    };
  }
  const last = writes.at(-1);
  if (last === undefined || writes.length <= TOLERATED_WRITES) return undefined;
  const until = new Date(last.atMs + WATCHED_MS).toISOString();
  return {
    reason: 'ForeignWrites',
    message:
      `${writes.length} writes of the size by ${last.manager} within 10 minutes; the size is left alone ` +
      `until ${until}, or set spec.scaling.mode to Paused while you scale by hand`,
  };
}
