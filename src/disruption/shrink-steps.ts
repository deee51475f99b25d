import type { Disruption } from '../api/v1alpha1/status.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { ReplicaSetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { claimedUids } from './claims.ts';
import {
  afterReturn,
  awaitEmpty,
  beginDraining,
  drainAnew,
  giveBack,
  removed,
  shortenGrace,
} from './draining.ts';
import { servingFloor, tooFewServe } from './floor.ts';
import { isMarkedBy, REMOVING_DELETION_COST } from './marks.ts';
import { isSettled, membersOf, otherServing, removalRank } from './members.ts';
import { act, end, update, wait, type ClaimStep, type DisruptionView } from './steps.ts';

const REMOVAL_TIMEOUT_MS = 60_000;

/**
 * The next step of a Shrink: mark, drain, then one engine less by an absolute number. Every step is told from what
 * stands in the cluster, so that any leader goes on where another one stopped. `cancel` says why the engine is
 * wanted after all, if it is.
 */
export function nextShrinkStep(
  claim: Disruption,
  view: DisruptionView,
  cancel: string | undefined,
): ClaimStep {
  const { snapshot } = view;
  const engine = snapshot.engines.find(({ uid }) => uid === claim.victimUID);
  const set = snapshot.replicaSets.find(({ revision }) => revision === claim.revision);
  if (set === undefined) return end('Gone', 'its ReplicaSet is gone');
  if (claim.step === 'Removing') return remove(claim, engine, set, view, cancel);
  if (engine === undefined || engine.lifecycle === 'Terminating') return goneBefore();
  const obstacle = cancel ?? obstacleTo(claim, engine, set, view);
  if (obstacle !== undefined) return giveBack(claim, engine, 'Cancelled', obstacle);
  const over = afterReturn(claim, engine);
  if (over !== undefined) return over;
  // The least cost is that of the one engine that is removed: one that was let go first gives it back.
  if (!isMarkedBy(engine, claim) || engine.deletionCost === REMOVING_DELETION_COST) {
    return act({ kind: 'MarkDraining', engine, claim }, 'it is taken out of the Service');
  }
  if (claim.step === 'Claimed') return beginDraining(claim, view);
  const drained = awaitEmpty(claim, engine, view);
  if ('step' in drained) return drained.step;
  if (view.removing.has(claim.revision)) return wait('it is empty, another engine is removed first');
  const first = weakerThan(engine, set, view);
  if (first !== undefined) return wait(`it is empty, the ReplicaSet would take ${first.name} first`);
  if (!isSettled(snapshot, set)) return wait(`it is empty, ReplicaSet ${set.name} is still at work`);
  const toReplicas = set.replicas - 1;
  return update(claim, 'Removing', view.nowMs + REMOVAL_TIMEOUT_MS, { toReplicas, ...drained });
}

function remove(
  claim: Disruption,
  engine: EngineSnapshot | undefined,
  set: ReplicaSetSnapshot,
  view: DisruptionView,
  cancel: string | undefined,
): ClaimStep {
  const { snapshot, nowMs } = view;
  const to = claim.toReplicas ?? set.replicas;
  const isLeaving = engine === undefined || engine.lifecycle === 'Terminating';
  if (set.replicas === to) {
    if (isLeaving) return shortenGrace(claim, engine, snapshot) ?? removed(claim, nowMs);
    if (set.isSizeObserved && membersOf(snapshot, set).length <= to) {
      return giveBack(
        claim,
        engine,
        'OtherRemoved',
        `ReplicaSet ${set.name} removed another engine in its place`,
      );
    }
    return wait(`ReplicaSet ${set.name} is to remove it`);
  }
  if (isLeaving) return goneBefore();
  if (set.replicas !== to + 1) {
    const message = `ReplicaSet ${set.name} was scaled to ${set.replicas} by another hand`;
    return giveBack(claim, engine, 'Cancelled', message);
  }
  const obstacle = cancel ?? obstacleTo(claim, engine, set, view);
  if (obstacle !== undefined) return giveBack(claim, engine, 'Cancelled', obstacle);
  // A claimed one that has become the weaker since goes first: each would wait for the other for ever. One that
  // somebody put back into the Service has requests again.
  if (weakerThan(engine, set, view) !== undefined || !isMarkedBy(engine, claim))
    return drainAnew(claim, view);
  if (engine.deletionCost !== REMOVING_DELETION_COST) {
    return act({ kind: 'MarkRemoving', engine }, 'it is the next to go');
  }
  const action = { kind: 'ShrinkReplicaSet', engine, replicaSet: set.name, to } as const;
  return act(action, `ReplicaSet ${set.name} is told to have ${to}`);
}

function goneBefore(): ClaimStep {
  return end('Gone', 'somebody else removed it; its ReplicaSet makes another one');
}

/** What stands against taking this engine: the ReplicaSet would take another one, or too few would serve. */
function obstacleTo(
  claim: Disruption,
  engine: EngineSnapshot,
  set: ReplicaSetSnapshot,
  view: DisruptionView,
): string | undefined {
  const { snapshot, desired } = view;
  const weaker = weakerThan(engine, set, view, claimedUids(snapshot));
  if (weaker !== undefined) {
    return `${weaker.name} is not ready, so the ReplicaSet would remove it instead`;
  }
  // One that was lost is made anew, unless it is refused: then that order is what the smaller size takes back.
  const isShort = membersOf(snapshot, set).length < set.replicas;
  if (claim.cause === 'ScaleDown' && isShort && (!isMarkedBy(engine, claim) || set.failure !== undefined)) {
    return `ReplicaSet ${set.name} lacks an engine already`;
  }
  if (claim.cause !== 'RollOut' || engine.lifecycle !== 'Ready') return undefined;
  const others = otherServing(view, engine.uid);
  const floor = servingFloor(desired, snapshot.fleet.spec.rollout, claim.strategy ?? 'SurgeFirst');
  return others >= floor ? undefined : tooFewServe(others, floor);
}

/** An engine that the ReplicaSet would remove before this one, whatever their deletion costs; claimed ones aside. */
function weakerThan(
  engine: EngineSnapshot,
  set: ReplicaSetSnapshot,
  { snapshot }: DisruptionView,
  claimed: ReadonlySet<string> = new Set(),
): EngineSnapshot | undefined {
  return membersOf(snapshot, set).find(
    (member) => !claimed.has(member.uid) && removalRank(member) < removalRank(engine),
  );
}
