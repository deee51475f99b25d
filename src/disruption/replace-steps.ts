import type { Disruption } from '../api/v1alpha1/status.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { ReplicaSetSnapshot } from '../snapshot/fleet-snapshot.ts';
import {
  afterReturn,
  awaitEmpty,
  beginDraining,
  cutGraceSeconds,
  drainAnew,
  giveBack,
  removed,
  shortenGrace,
  wholeAgainByMs,
} from './draining.ts';
import { nextDeadStep } from './dead-steps.ts';
import { mayDrainFirst, servingFloor, tooFewServe, whyNotDrainFirst } from './floor.ts';
import { hasOurCost, isMarked, isMarkedBy } from './marks.ts';
import { membersOf, otherServing } from './members.ts';
import { failureToStart } from './start-failure.ts';
import { act, end, update, wait, type ClaimStep, type DisruptionView } from './steps.ts';

/** An engine that was given back to its ReplicaSet has no owner for a moment, and is not seen then. */
const ADOPTION_TIMEOUT_MS = 60_000;
/** Creation times in the API are whole seconds. */
const CREATION_SLACK_MS = 1000;

/**
 * The next step of a Replace. SurgeFirst: detach, so that the ReplicaSet makes another engine, and drain once enough
 * others serve. DrainFirst: drain, delete, and wait for the other one. `cancel` says why it is not wanted any more.
 */
export function nextReplaceStep(
  claim: Disruption,
  view: DisruptionView,
  cancel: string | undefined,
): ClaimStep {
  const { snapshot } = view;
  const engine = snapshot.engines.find(({ uid }) => uid === claim.victimUID);
  const set = snapshot.replicaSets.find(({ revision }) => revision === claim.revision);
  if (claim.step === 'Returning') return returning(claim, engine, set, view);
  if (claim.cause === 'Dead') return nextDeadStep(claim, engine, view);
  if (claim.step === 'Removing') return remove(claim, engine, view);
  if (engine === undefined || engine.lifecycle === 'Terminating') {
    return end('Gone', 'somebody else removed it');
  }
  switch (claim.step) {
    case 'Claimed':
      return claimed(claim, engine, view, cancel);
    case 'Surging':
      return surging(claim, engine, set, view);
    case 'Draining':
      return draining(claim, engine, view);
    case 'Isolated':
      return giveBack(claim, engine, 'Cancelled', 'no Replace has the step Isolated');
  }
}

function claimed(
  claim: Disruption,
  engine: EngineSnapshot,
  view: DisruptionView,
  cancel: string | undefined,
): ClaimStep {
  if (claim.strategy !== 'DrainFirst') {
    if (!engine.isMember) {
      return update(claim, 'Surging', surgeDeadlineMs(view));
    }
    if (cancel !== undefined) return giveBack(claim, engine, 'Cancelled', cancel);
    const detach = { kind: 'Detach', engine, claim } as const;
    return (
      afterReturn(claim, engine) ?? act(detach, 'another engine is made in its place, it goes on serving')
    );
  }
  const few = tooFewWithout(claim, engine, view);
  const obstacle = cancel ?? few;
  if (obstacle !== undefined) return giveBack(claim, engine, 'Cancelled', obstacle);
  if (!isMarkedBy(engine, claim)) return afterReturn(claim, engine) ?? markDraining(claim, engine);
  return beginDraining(claim, view);
}

function surging(
  claim: Disruption,
  engine: EngineSnapshot,
  set: ReplicaSetSnapshot | undefined,
  view: DisruptionView,
): ClaimStep {
  const { snapshot, desired, nowMs } = view;
  const few = tooFewWithout(claim, engine, view);
  if (few === undefined) {
    return isMarkedBy(engine, claim) ? beginDraining(claim, view) : markDraining(claim, engine);
  }
  if (isMarked(engine)) return act({ kind: 'PutBack', engine, claim }, few);
  const sinceMs = Date.parse(claim.claimedAt) - CREATION_SLACK_MS;
  const failure = set === undefined ? undefined : failureToStart(snapshot, set, nowMs, sinceMs);
  const { rollout } = snapshot.fleet.spec;
  if (failure === undefined) {
    // The one in its place may be there, and another one of the fleet be sick for ever.
    const isLate = nowMs >= Date.parse(claim.deadline) && claim.strategy !== 'DrainFirst';
    if (!isLate || !mayDrainFirst(desired, rollout))
      return wait(`it serves on until enough others do (${few})`);
    const message = `the fleet was not whole in time: ${few}`;
    return update(claim, 'Surging', surgeDeadlineMs(view), { strategy: 'DrainFirst', message });
  }
  if (failure.kind === 'NoRoom' && claim.strategy !== 'DrainFirst' && mayDrainFirst(desired, rollout)) {
    return update(claim, 'Surging', Date.parse(claim.deadline), {
      strategy: 'DrainFirst',
      obstacle: 'NoRoom',
      message: `no room for both: ${failure.message}`,
    });
  }
  const remedy = failure.kind === 'NoRoom' ? `; ${whyNotDrainFirst(desired, rollout)}` : '';
  return update(claim, 'Returning', nowMs + ADOPTION_TIMEOUT_MS, {
    obstacle: failure.kind === 'NoRoom' ? 'NoRoom' : 'StandInFailed',
    message: `${failure.message}${remedy}`,
  });
}

function draining(claim: Disruption, engine: EngineSnapshot, view: DisruptionView): ClaimStep {
  const few = tooFewWithout(claim, engine, view);
  if (few !== undefined) {
    if (engine.isMember) return giveBack(claim, engine, 'Cancelled', few);
    if (isMarked(engine)) return act({ kind: 'PutBack', engine, claim }, few);
    return update(claim, 'Surging', surgeDeadlineMs(view));
  }
  if (!isMarkedBy(engine, claim)) {
    return (engine.isMember ? afterReturn(claim, engine) : undefined) ?? markDraining(claim, engine);
  }
  const drained = awaitEmpty(claim, engine, view);
  if ('step' in drained) return drained.step;
  return update(claim, 'Removing', wholeAgainByMs(view), drained);
}

/** Deletes the engine, and holds the claim until the fleet is whole again: no second one goes before. */
function remove(claim: Disruption, engine: EngineSnapshot | undefined, view: DisruptionView): ClaimStep {
  const { snapshot, desired, nowMs } = view;
  if (engine !== undefined && engine.lifecycle !== 'Terminating') {
    // Somebody put it back into the Service: it has requests again.
    if (!isMarkedBy(engine, claim)) return drainAnew(claim, view);
    const grace = claim.cut === undefined ? {} : { graceSeconds: cutGraceSeconds(snapshot) };
    return act({ kind: 'DeleteEngine', engine, ...grace }, 'it is deleted');
  }
  const shorter = shortenGrace(claim, engine, snapshot);
  if (shorter !== undefined) return shorter;
  const serving = otherServing(view, claim.victimUID);
  if (serving < desired && nowMs < Date.parse(claim.deadline)) {
    return wait(`it has left; ${serving} of ${desired} engines serve until the one in its place is ready`);
  }
  return removed(claim, nowMs);
}

/**
 * Gives the engine back. Its ReplicaSet then has one too many and takes the one that is not ready; its deletion cost is
 * lowered first, in case it becomes ready at this very moment.
 */
function returning(
  claim: Disruption,
  engine: EngineSnapshot | undefined,
  set: ReplicaSetSnapshot | undefined,
  view: DisruptionView,
): ClaimStep {
  const { snapshot, nowMs } = view;
  const message = claim.message ?? 'it stays';
  if (engine === undefined || set === undefined) {
    if (nowMs < Date.parse(claim.deadline)) return wait('its ReplicaSet is to adopt it');
    return end('Gone', 'somebody else removed it');
  }
  if (engine.lifecycle === 'Terminating') return end('Gone', 'somebody else removed it');
  if (engine.isMember) {
    if (!set.isSizeObserved || membersOf(snapshot, set).length > set.replicas) {
      return wait(`ReplicaSet ${set.name} is to remove the engine that did not start`);
    }
    return giveBack(claim, engine, claim.obstacle ?? 'NoRoom', message);
  }
  const members = membersOf(snapshot, set);
  if (members.length >= set.replicas) {
    const standIn = members.find(({ lifecycle }) => lifecycle !== 'Ready');
    if (standIn === undefined) return update(claim, 'Surging', surgeDeadlineMs(view));
    if (!hasOurCost(standIn)) return act({ kind: 'MarkStandIn', engine: standIn }, message);
  }
  return act({ kind: 'Reattach', engine, claim }, message);
}

function markDraining(claim: Disruption, engine: EngineSnapshot): ClaimStep {
  return act({ kind: 'MarkDraining', engine, claim }, 'it is taken out of the Service');
}

/** Until when a stand-in is waited for that starts as slowly as it may; milliseconds since the epoch. */
function surgeDeadlineMs({ snapshot, nowMs }: DisruptionView): number {
  const { engine, rollout } = snapshot.fleet.spec;
  return nowMs + (engine.startupTimeoutSeconds + rollout.surgeTimeoutSeconds) * 1000;
}

/** Why the engine cannot leave the Service: too few others serve. One that does not serve itself always may. */
function tooFewWithout(claim: Disruption, engine: EngineSnapshot, view: DisruptionView): string | undefined {
  if (engine.lifecycle !== 'Ready') return undefined;
  const { rollout } = view.snapshot.fleet.spec;
  const floor = servingFloor(view.desired, rollout, claim.strategy ?? 'SurgeFirst');
  const which = claim.step === 'Draining' ? 'All' : 'Read';
  const others = otherServing(view, engine.uid, which);
  return others >= floor ? undefined : tooFewServe(others, floor, which);
}
