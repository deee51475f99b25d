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

/**
 * Foreign writes of the last ten minutes, oldest first, with those that this snapshot shows for the first time.
 * Once they are a conflict, at least as many are kept as make one, until ten minutes after the last.
 */
export function noteForeignWrites(
  snapshot: FleetSnapshot,
  known: readonly ForeignWrite[],
  nowMs: number,
): readonly ForeignWrite[] {
  const seen = snapshot.replicaSets.flatMap(({ name, scaledBy }) =>
    scaledBy === undefined ? [] : [{ replicaSet: name, manager: scaledBy.manager, atMs: scaledBy.atMs }],
  );
  const fresh = seen.filter((write) => !known.some((other) => same(write, other)));
  const all = [...known, ...fresh].toSorted((a, b) => a.atMs - b.atMs);
  const recent = all.filter((write) => nowMs - write.atMs < WATCHED_MS);
  const isConflict = known.length > TOLERATED_WRITES && recent.length > 0;
  return isConflict ? all.slice(-Math.max(recent.length, TOLERATED_WRITES + 1)) : recent;
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
  const [first] = writes;
  const last = writes.at(-1);
  if (first === undefined || last === undefined || writes.length <= TOLERATED_WRITES) return undefined;
  // Nobody fights over a size that the operator does not write.
  if (snapshot.fleet.spec.scaling.mode !== 'Auto') return undefined;
  const until = new Date(last.atMs + WATCHED_MS).toISOString();
  return {
    reason: 'ForeignWrites',
    message:
      `${writes.length} writes of the size since ${new Date(first.atMs).toISOString()}, the last by ${last.manager}; ` +
      `the size is left alone until ${until}, or set spec.scaling.mode to Paused while you scale by hand`,
  };
}
