import type { Disruption } from '../api/v1alpha1/status.ts';
import { claimedUids, claimsOf } from '../disruption/claims.ts';
import { servingFloor, shrinkBudget } from '../disruption/floor.ts';
import { membersOf, removalRank } from '../disruption/members.ts';
import { pickVictim } from '../disruption/pick-victim.ts';
import { isJudged, type SickEngines } from '../disruption/sick.ts';
import type { FleetSnapshot, ReplicaSetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { beginIsolates } from './begin-isolates.ts';
import { beginReplaces, type Blocked } from './begin-replaces.ts';
import { beginRollout } from './begin-rollout.ts';
import { newClaim } from './new-claim.ts';
import { replaceNeeds, type ReplaceNeed } from './needs.ts';
import { isRolling, unprovenEngines, type RolloutState } from './rollout-state.ts';
import { stayingReplicas, totalReplicas } from './sizes.ts';

/** What arbitration depends on beside the snapshot. */
export interface ArbitrationInputs {
  /** Engines that the fleet is to have. */
  readonly desired: number;
  /** Why the size is not the operator's to write now; absent while it is. */
  readonly held?: string;
  readonly rollout: RolloutState;
  /** Engines that should not go on as they are. */
  readonly sick: SickEngines;
  readonly nowMs: number;
}

/** Which claims are given up and which are made. */
export interface Arbitration {
  /** By uid of the victim: why it is wanted after all. */
  readonly cancel: ReadonlyMap<string, string>;
  readonly begin: readonly Disruption[];
  /** Why an engine that should be replaced is not, if a person could change that. */
  readonly blocked?: Blocked;
}

/**
 * Orders what the fleet needs: dead engines before suspected ones before growth before roll-out before replaces. A
 * scale-up first takes claims back that have not
 * reached the step that cannot be taken back; a shrink takes engines that would be replaced, and so comes before their
 * replaces; what is begun stays within its budget.
 */
export function arbitrate(snapshot: FleetSnapshot, inputs: ArbitrationInputs): Arbitration {
  const { desired, rollout, sick, nowMs } = inputs;
  const needs = replaceNeeds(snapshot, sick, nowMs);
  const cancel = cancellations(snapshot, inputs, needs);
  const dead = needs.filter(({ cause }) => cause === 'Dead');
  const first = beginReplaces(snapshot, inputs, dead);
  if (first.begin.length > 0) return { cancel, ...first };
  const isolates = beginIsolates(snapshot, inputs);
  if (isolates.length > 0) return { cancel, ...first, begin: isolates };
  const isGrowing = stayingReplicas(snapshot) < desired && !isRolling(rollout);
  if (isGrowing || cancel.size > 0) return { cancel, ...first };
  if (isRolling(rollout)) return { cancel, ...first, begin: beginRollout(snapshot, inputs, needs) };
  const shrinks = beginShrinks(snapshot, inputs, needs);
  if (shrinks.length > 0) return { cancel, ...first, begin: shrinks };
  return { cancel, ...beginReplaces(snapshot, inputs, needs) };
}

function cancellations(
  snapshot: FleetSnapshot,
  { desired, held, rollout, sick, nowMs }: ArbitrationInputs,
  needs: readonly ReplaceNeed[],
): ReadonlyMap<string, string> {
  const claims = claimsOf(snapshot);
  const cancel = new Map<string, string>();
  for (const claim of claims) {
    const why =
      (claim.command === 'Isolate'
        ? suspicionOver(claim, snapshot, sick, nowMs)
        : noLongerWanted(claim, rollout, needs)) ?? (isRevocableScaleDown(claim) ? held : undefined);
    if (why !== undefined) cancel.set(claim.victimUID, why);
  }
  // Without a surge, a roll-out leaves the fleet some engines short: that is no growth.
  const isShort = isRolling(rollout) && rollout.strategy === 'DrainFirst';
  const least = isShort ? servingFloor(desired, snapshot.fleet.spec.rollout, 'DrainFirst') : desired;
  const missing = least - stayingReplicas(snapshot);
  claims
    .filter(({ victimUID, command }) => command === 'Shrink' && !cancel.has(victimUID))
    .filter(({ step }) => step === 'Claimed' || step === 'Draining')
    .toSorted((a, b) => worth(b, snapshot) - worth(a, snapshot) || b.claimedAt.localeCompare(a.claimedAt))
    .slice(0, Math.max(0, missing))
    .forEach(({ victimUID }) => cancel.set(victimUID, `the fleet is to have ${desired} engines after all`));
  return cancel;
}

/** What a claim that is taken back is worth: one of a ready engine gives capacity at once, one of a gone engine none. */
function worth({ victimUID }: Disruption, { engines }: FleetSnapshot): number {
  const engine = engines.find(({ uid }) => uid === victimUID);
  return engine === undefined || engine.lifecycle === 'Terminating' ? -1 : removalRank(engine);
}

/** To finish it would write the size. */
function isRevocableScaleDown({ cause, step }: Disruption): boolean {
  return cause === 'ScaleDown' && (step === 'Claimed' || step === 'Draining');
}

/** Why an engine is suspected no longer; a leader that has not watched it for long enough cannot tell. */
function suspicionOver(
  { victimUID }: Disruption,
  { engines }: FleetSnapshot,
  sick: SickEngines,
  nowMs: number,
): string | undefined {
  const engine = engines.find(({ uid }) => uid === victimUID);
  const isOver = engine !== undefined && isJudged(engine, nowMs) && !sick.has(victimUID);
  return isOver ? 'it is well, or remediation is halted or not Auto' : undefined;
}

/** Why the need behind a claim is gone. A Replace that has begun goes on: its engine is out of its ReplicaSet. */
function noLongerWanted(
  { command, cause, revision, step, victimUID }: Disruption,
  { target, phase }: RolloutState,
  needs: readonly ReplaceNeed[],
): string | undefined {
  if (cause === 'RollOut') {
    if (revision === target) return `revision ${revision} is to serve after all`;
    return phase === 'Stopped' && step !== 'Removing' ? 'the roll-out is stopped' : undefined;
  }
  if (command === 'Shrink' || step !== 'Claimed' || cause === 'Recovered' || cause === 'Dead')
    return undefined;
  return needs.some(({ engine }) => engine.uid === victimUID) ? undefined : 'nobody asks for it any more';
}

/** The engines that a smaller size takes; those that are not ready, or would be replaced anyway, go first. */
function beginShrinks(
  snapshot: FleetSnapshot,
  { desired, rollout, nowMs }: ArbitrationInputs,
  needs: readonly ReplaceNeed[],
): readonly Disruption[] {
  const claims = claimsOf(snapshot);
  // One that may be dead is no engine that the fleet has too many of: those that are left would be one fewer than it has.
  const inDoubt = claims.filter(({ command, cause }) => command === 'Isolate' || cause === 'Dead').length;
  const surplus = stayingReplicas(snapshot) - inDoubt - desired - unprovenEngines(snapshot, rollout);
  const claimed = claimedUids(snapshot);
  const unwanted = new Set(needs.map(({ engine }) => engine.uid));
  // A roll-out that was stopped keeps the engine that failed, to be looked at.
  const sets = rollout.phase === 'Stopped' ? rollout.old : snapshot.replicaSets;
  if (sets.some((set) => membersOf(snapshot, set).length < set.replicas)) return [];
  let candidates = sets
    .filter((set) => !isUnsettled(snapshot, set, claims))
    .flatMap((set) => membersOf(snapshot, set))
    .filter(({ uid }) => !claimed.has(uid));
  const draining = snapshot.engines.filter(({ uid, lifecycle }) => claimed.has(uid) && lifecycle === 'Ready');
  let budget = shrinkBudget(totalReplicas(snapshot)) - draining.length;
  const begun: Disruption[] = [];
  while (begun.length < surplus && begun.length < MOST_AT_ONCE) {
    const victim = pickVictim(candidates, ({ uid }) => unwanted.has(uid));
    if (victim === undefined) break;
    if (victim.lifecycle === 'Ready') budget -= 1;
    if (budget < 0) break;
    candidates = candidates.filter(({ uid }) => uid !== victim.uid);
    begun.push(newClaim(victim, { command: 'Shrink', cause: 'ScaleDown' }, nowMs));
  }
  return begun;
}

/** Bounds the list of claims, however many starting engines a large shrink takes. */
const MOST_AT_ONCE = 10;

/** The ReplicaSet makes or removes engines without a claim: who goes is not certain until it is done. */
function isUnsettled(
  snapshot: FleetSnapshot,
  set: ReplicaSetSnapshot,
  claims: readonly Disruption[],
): boolean {
  const isExplained = claims.some(({ revision }) => revision === set.revision);
  return !isExplained && membersOf(snapshot, set).length > set.replicas;
}
