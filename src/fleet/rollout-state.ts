import type { RolloutStatus } from '../api/v1alpha1/status.ts';
import { mayDrainFirst, rolloutBudget, whyNotDrainFirst, type Strategy } from '../disruption/floor.ts';
import { failureToStart } from '../disruption/start-failure.ts';
import type { FleetSnapshot, ReplicaSetSnapshot } from '../snapshot/fleet-snapshot.ts';
import type { SideBySide } from './compare-sides.ts';
import { isRollingOut, oldRevisions } from './sizes.ts';

/** How the fleet gets from one revision to another, as far as one pass can tell. */
export interface RolloutState {
  /** Revision that is to serve. */
  readonly target: string;
  /** ReplicaSets of other revisions that still have engines, newest first. */
  readonly old: readonly ReplicaSetSnapshot[];
  readonly phase: RolloutStatus['phase'];
  readonly reason: string;
  readonly message: string;
  /** What is done now: without room for a surge, SurgeFirst goes on as DrainFirst if it may. */
  readonly strategy: Strategy;
  /** Most engines that may be under way at a time. */
  readonly budget: number;
  /** A revision that is bad, for as long as it is the spec's. */
  readonly blockedRevision?: string;
  /** How old and new engines compare, for people; absent while not both serve. */
  readonly comparison?: readonly string[];
  /** There is no room for one engine more than the fleet should have. */
  readonly isRoomless: boolean;
}

/** What is known beside the snapshot. */
export interface RolloutInputs {
  /** Engines that the fleet is to have. */
  readonly desired: number;
  /** A surge found no room a while ago: none is tried until then; milliseconds since the epoch. */
  readonly noRoomUntilMs?: number;
  /** How old and new engines compare, while both serve. */
  readonly sides?: SideBySide;
  readonly nowMs: number;
}

/** Tells the state of the roll-out from what stands in the cluster. */
export function rolloutState(snapshot: FleetSnapshot, inputs: RolloutInputs): RolloutState {
  const { desired, noRoomUntilMs = 0, sides, nowMs } = inputs;
  const { rollout, suspend } = snapshot.fleet.spec;
  const target = snapshot.revision;
  const old = oldRevisions(snapshot).toSorted((a, b) => b.createdAtMs - a.createdAtMs);
  const set = snapshot.replicaSets.find(({ revision }) => revision === target);
  const failure = set === undefined ? undefined : failureToStart(snapshot, set, nowMs);
  const isRoomless = failure?.kind === 'NoRoom' || nowMs < noRoomUntilMs;
  const goesFirst = rollout.strategy === 'DrainFirst' || (isRoomless && mayDrainFirst(desired, rollout));
  const strategy: Strategy = goesFirst ? 'DrainFirst' : 'SurgeFirst';
  const common = {
    target,
    old,
    strategy,
    budget: rolloutBudget(desired, rollout),
    isRoomless,
    ...(sides !== undefined && { comparison: sides.evidence }),
  };
  const unknown = unknownRollback(snapshot);
  if (unknown !== undefined) {
    return { ...common, phase: 'Blocked', reason: 'RevisionNotFound', message: unknown };
  }
  const stopped = stoppedRevision(snapshot);
  const isWhole = set !== undefined && set.replicas >= desired;
  if (old.length === 0 && (isWhole || !isRollingOut(snapshot))) {
    return {
      ...common,
      phase: 'Complete',
      reason: 'Complete',
      message: `every engine is on revision ${target}`,
      ...stopped,
    };
  }
  const names = old.map(({ revision }) => revision).join(', ') || 'the last engines';
  if (stopped !== undefined || target === rollout.rollbackTo) {
    const message = `going back from ${names} to revision ${target}`;
    return { ...common, phase: 'RollingBack', reason: 'RollingBack', message, ...stopped };
  }
  if (sides?.regression !== undefined) {
    const { regression: message } = sides;
    return { ...common, phase: 'Stopped', reason: 'RolloutRegression', message, blockedRevision: target };
  }
  if (failure?.kind === 'Failed') {
    const message = `${failure.message}; the engines of ${names} stay`;
    return { ...common, phase: 'Stopped', reason: failure.reason, message, blockedRevision: target };
  }
  if (suspend || rollout.paused) {
    const switchName = suspend ? 'suspend' : 'rollout.paused';
    return { ...common, phase: 'Paused', reason: 'Paused', message: `spec.${switchName} is set` };
  }
  if (strategy === 'SurgeFirst' ? failure?.kind === 'NoRoom' : !mayDrainFirst(desired, rollout)) {
    const why = failure === undefined ? '' : `${failure.message}; `;
    const message = `${why}${whyNotDrainFirst(desired, rollout)}`;
    return { ...common, phase: 'Blocked', reason: failure?.reason ?? 'ServingFloor', message };
  }
  const how =
    strategy === 'SurgeFirst'
      ? 'a new engine is ready before an old one is drained'
      : `an old engine is drained before a new one is made${isRoomless ? ', since there is no room for both' : ''}`;
  return { ...common, phase: 'Progressing', reason: 'Progressing', message: `replacing ${names}: ${how}` };
}

/** Whether old engines are being replaced by those of the target now. */
export function isRolling({ phase }: RolloutState): boolean {
  return phase === 'Progressing' || phase === 'RollingBack' || phase === 'Blocked' || phase === 'Paused';
}

/** A revision that was stopped and given up for another one, while the spec still asks for it. */
function stoppedRevision({
  fleet,
  specRevision,
  revision,
}: FleetSnapshot): Pick<RolloutState, 'blockedRevision'> | undefined {
  const blocked = fleet.status?.rollout?.blockedRevision;
  return blocked !== undefined && blocked === specRevision && blocked !== revision
    ? { blockedRevision: blocked }
    : undefined;
}

function unknownRollback({ fleet, replicaSets, revision }: FleetSnapshot): string | undefined {
  const { rollbackTo } = fleet.spec.rollout;
  if (rollbackTo === undefined || revision === rollbackTo || replicaSets.length === 0) return undefined;
  const known = replicaSets.map((set) => set.revision).toSorted();
  return `rollout.rollbackTo is ${rollbackTo}, and there is no such revision: choose one of ${known.join(', ')}`;
}
