import type { RolloutStatus } from '../api/v1alpha1/status.ts';
import { mayDrainFirst, rolloutBudget, whyNotDrainFirst, type Strategy } from '../disruption/floor.ts';
import { failureToStart, type StartFailure } from '../disruption/start-failure.ts';
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

/** What the phase is told from. */
interface Facts {
  readonly snapshot: FleetSnapshot;
  readonly inputs: RolloutInputs;
  readonly old: readonly ReplicaSetSnapshot[];
  /** The old revisions, for texts. */
  readonly names: string;
  /** What keeps engines of the target from starting. */
  readonly failure: StartFailure | undefined;
  readonly strategy: Strategy;
  readonly isRoomless: boolean;
  /** A revision that was stopped and given up for another one, while the spec still asks for it. */
  readonly givenUp: string | undefined;
}

type Phase = Pick<RolloutState, 'phase' | 'reason' | 'message' | 'blockedRevision'>;

/** Tells the state of the roll-out from what stands in the cluster. */
export function rolloutState(snapshot: FleetSnapshot, inputs: RolloutInputs): RolloutState {
  const { desired, noRoomUntilMs = 0, sides, nowMs } = inputs;
  const { rollout } = snapshot.fleet.spec;
  const old = oldRevisions(snapshot).toSorted((a, b) => b.createdAtMs - a.createdAtMs);
  const set = targetSet(snapshot);
  const failure = set === undefined ? undefined : failureToStart(snapshot, set, nowMs);
  const isRoomless = failure?.kind === 'NoRoom' || nowMs < noRoomUntilMs;
  const goesFirst = rollout.strategy === 'DrainFirst' || (isRoomless && mayDrainFirst(desired, rollout));
  const strategy: Strategy = goesFirst ? 'DrainFirst' : 'SurgeFirst';
  const names = old.map(({ revision }) => revision).join(', ') || 'the last engines';
  const givenUp = givenUpRevision(snapshot);
  const facts = { snapshot, inputs, old, names, failure, strategy, isRoomless, givenUp };
  return {
    target: snapshot.revision,
    old,
    strategy,
    budget: rolloutBudget(desired, rollout),
    isRoomless,
    ...(sides !== undefined && { comparison: sides.evidence }),
    ...phaseOf(facts),
  };
}

/** The first of these that holds is the phase. */
const PHASES: readonly ((facts: Facts) => Phase | undefined)[] = [
  unknownRollback,
  complete,
  goingBack,
  regressed,
  failed,
  paused,
  blocked,
];

function phaseOf(facts: Facts): Phase {
  for (const phase of PHASES) {
    const found = phase(facts);
    if (found !== undefined) return found;
  }
  return progressing(facts);
}

function unknownRollback({ snapshot }: Facts): Phase | undefined {
  const { fleet, replicaSets, revision } = snapshot;
  const { rollbackTo } = fleet.spec.rollout;
  if (rollbackTo === undefined || revision === rollbackTo || replicaSets.length === 0) return undefined;
  const known = replicaSets.map((set) => set.revision).toSorted();
  const message = `rollout.rollbackTo is ${rollbackTo}, and there is no such revision: choose one of ${known.join(', ')}`;
  return { phase: 'Blocked', reason: 'RevisionNotFound', message };
}

function complete({ snapshot, inputs, old, givenUp }: Facts): Phase | undefined {
  const isWhole = (targetSet(snapshot)?.replicas ?? -1) >= inputs.desired;
  if (old.length > 0 || (isRollingOut(snapshot) && !isWhole)) return undefined;
  const message = `every engine is on revision ${snapshot.revision}`;
  return { phase: 'Complete', reason: 'Complete', message, ...blocking(givenUp) };
}

function goingBack({ snapshot, names, givenUp }: Facts): Phase | undefined {
  const { revision, fleet } = snapshot;
  if (givenUp === undefined && revision !== fleet.spec.rollout.rollbackTo) return undefined;
  const message = `going back from ${names} to revision ${revision}`;
  return { phase: 'RollingBack', reason: 'RollingBack', message, ...blocking(givenUp) };
}

function regressed({ snapshot, inputs }: Facts): Phase | undefined {
  const message = inputs.sides?.regression;
  if (message === undefined) return undefined;
  return { phase: 'Stopped', reason: 'RolloutRegression', message, ...blocking(snapshot.revision) };
}

function failed({ snapshot, failure, names }: Facts): Phase | undefined {
  if (failure?.kind !== 'Failed') return undefined;
  const message = `${failure.message}; the engines of ${names} stay`;
  return { phase: 'Stopped', reason: failure.reason, message, ...blocking(snapshot.revision) };
}

function paused({ snapshot }: Facts): Phase | undefined {
  const { suspend, rollout } = snapshot.fleet.spec;
  if (!suspend && !rollout.paused) return undefined;
  const message = `spec.${suspend ? 'suspend' : 'rollout.paused'} is set`;
  return { phase: 'Paused', reason: 'Paused', message };
}

function blocked({ snapshot, inputs, failure, strategy }: Facts): Phase | undefined {
  const { rollout } = snapshot.fleet.spec;
  const mayGoOn =
    strategy === 'SurgeFirst' ? failure?.kind !== 'NoRoom' : mayDrainFirst(inputs.desired, rollout);
  if (mayGoOn) return undefined;
  const why = failure === undefined ? '' : `${failure.message}; `;
  const message = `${why}${whyNotDrainFirst(inputs.desired, rollout)}`;
  return { phase: 'Blocked', reason: failure?.reason ?? 'ServingFloor', message };
}

function progressing({ names, strategy, isRoomless }: Facts): Phase {
  const because = isRoomless ? ', since there is no room for both' : '';
  const how =
    strategy === 'SurgeFirst'
      ? 'a new engine is ready before an old one is drained'
      : `an old engine is drained before a new one is made${because}`;
  return { phase: 'Progressing', reason: 'Progressing', message: `replacing ${names}: ${how}` };
}

function blocking(revision: string | undefined): Pick<Phase, 'blockedRevision'> {
  return revision === undefined ? {} : { blockedRevision: revision };
}

function targetSet({ replicaSets, revision }: FleetSnapshot): ReplicaSetSnapshot | undefined {
  return replicaSets.find((set) => set.revision === revision);
}

function givenUpRevision({ fleet, specRevision, revision }: FleetSnapshot): string | undefined {
  const stopped = fleet.status?.rollout?.blockedRevision;
  return stopped === specRevision && stopped !== revision ? stopped : undefined;
}

/**
 * Engines of the target that nobody can count on yet: those that are not ready while it is stopped, or while it has shown
 * no ready engine and an old revision has. They stand beside the size of the fleet.
 */
export function unprovenEngines(
  { engines }: FleetSnapshot,
  { phase, target, strategy }: Pick<RolloutState, 'phase' | 'target' | 'strategy'>,
): number {
  const staying = engines.filter(({ lifecycle, isMember }) => lifecycle !== 'Terminating' && isMember);
  const unready = staying.filter(({ revision, lifecycle }) => revision === target && lifecycle !== 'Ready');
  if (phase === 'Stopped') return unready.length;
  if (phase === 'Complete' || strategy === 'DrainFirst') return 0;
  const proven = staying.filter(({ lifecycle }) => lifecycle === 'Ready');
  const isUnproven = proven.length > 0 && proven.every(({ revision }) => revision !== target);
  return isUnproven ? unready.length : 0;
}

/** Whether old engines are being replaced by those of the target now. */
export function isRolling({ phase }: RolloutState): boolean {
  return phase === 'Progressing' || phase === 'RollingBack' || phase === 'Blocked' || phase === 'Paused';
}
