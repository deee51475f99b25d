import type { Disruption } from '../api/v1alpha1/status.ts';
import { claimedUids, claimsOf } from '../disruption/claims.ts';
import { hasOurCost, isMarked } from '../disruption/marks.ts';
import { membersOf } from '../disruption/members.ts';
import { nextIsolateStep } from '../disruption/isolate-steps.ts';
import { nextReplaceStep } from '../disruption/replace-steps.ts';
import { nextShrinkStep } from '../disruption/shrink-steps.ts';
import {
  update,
  type ClaimStep,
  type DisruptionView,
  type EndOfClaim,
  type EngineAction,
} from '../disruption/steps.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { arbitrate, type ArbitrationInputs } from './arbitrate.ts';
import { waitsForBudget, type Blocked } from './begin-replaces.ts';
import { newClaim } from './new-claim.ts';
import { notices, type Notice } from './notices.ts';
import { withOutcomes } from './outcomes.ts';

/** A claim that is over, and how it ended. */
export interface EndedClaim {
  readonly claim: Disruption;
  readonly outcome: EndOfClaim;
  readonly message: string;
}

/** What this pass does about engines that leave. */
export interface DisruptionPlan {
  /** The whole list of claims to be written; absent when it stays as it is. */
  readonly claims?: readonly Disruption[];
  readonly begun: readonly Disruption[];
  readonly ended: readonly EndedClaim[];
  /** `status.disruptionHistory` with what has ended now. */
  readonly outcomes: readonly string[];
  readonly actions: readonly EngineAction[];
  /** By uid of the victim: what its claim does or waits for. */
  readonly progress: ReadonlyMap<string, string>;
  /** Revisions whose ReplicaSet is about to be told to remove an engine: its size is not to be touched. */
  readonly removing: ReadonlySet<string>;
  readonly blocked?: Blocked;
  readonly notices: readonly Notice[];
}

export interface DisruptionInputs extends ArbitrationInputs {
  readonly watches: DisruptionView['watches'];
}

/**
 * One step of each claim, the new claims, and the marks that nobody stands behind. Claims are taken in the order in
 * which they were made, and each sees what those before it do in this pass.
 */
export function planDisruptions(snapshot: FleetSnapshot, inputs: DisruptionInputs): DisruptionPlan {
  const claims = claimsOf(snapshot);
  const arbitration = arbitrate(snapshot, inputs);
  // A Replace leaves the size alone: what it waits for at its end may be the very engine that a shrink takes.
  const shrinking = claims.filter(({ command, step }) => command === 'Shrink' && step === 'Removing');
  const removing = new Set(shrinking.map(({ revision }) => revision));
  const markedNow = new Set<string>();
  const view: DisruptionView = { ...inputs, snapshot, removing, markedNow };
  const kept: Disruption[] = [];
  const ended: EndedClaim[] = [];
  const actions: EngineAction[] = [];
  const progress = new Map<string, string>();
  for (const [index, claim] of claims.entries()) {
    const others = [...kept, ...claims.slice(index + 1), ...arbitration.begin];
    const cancel = arbitration.cancel.get(claim.victimUID);
    const step =
      diesMeanwhile(claim, view, others) ??
      nextStep(claim, view, cancel, provedWaits(claim, others, inputs, snapshot));
    if (step.kind === 'End') {
      ended.push({ claim, outcome: step.outcome, message: step.message });
      continue;
    }
    const next = step.kind === 'Update' ? step.claim : claim;
    kept.push(next);
    if (step.kind === 'Update') {
      if (next.step === 'Removing' && next.command === 'Shrink') removing.add(next.revision);
      continue;
    }
    progress.set(claim.victimUID, step.message);
    if (step.kind === 'Wait') continue;
    actions.push(step.action);
    if (step.action.kind === 'MarkDraining' || step.action.kind === 'MarkSuspect')
      markedNow.add(step.action.engine.uid);
  }
  const leftovers = leftoverMarks(snapshot);
  // An engine that is about to serve again is not missed by a claim that begins now.
  const begin = leftovers.length > 0 ? [] : arbitration.begin;
  const begun = [...recovered(snapshot, inputs.nowMs), ...begin];
  const list = [...kept, ...begun];
  const isSame = list.length === claims.length && list.every((claim, index) => claim === claims[index]);
  return {
    ...(!isSame && { claims: list }),
    begun,
    ended,
    outcomes: withOutcomes(
      snapshot.fleet.status?.disruptionHistory ?? [],
      ended.map(({ claim, outcome, message }) => ({ ...claim, atMs: inputs.nowMs, outcome, message })),
      inputs.nowMs,
    ),
    // What is to serve again does so before another one leaves: a pass ends at the first write that fails.
    actions: [...leftovers, ...actions],
    progress,
    removing,
    notices: notices(snapshot, inputs.watches),
    ...(arbitration.blocked !== undefined && { blocked: arbitration.blocked }),
  };
}

function nextStep(
  claim: Disruption,
  view: DisruptionView,
  cancel: string | undefined,
  held: string | undefined,
): ClaimStep {
  switch (claim.command) {
    case 'Shrink':
      return nextShrinkStep(claim, view, cancel);
    case 'Replace':
      return nextReplaceStep(claim, view, cancel);
    case 'Isolate':
      return nextIsolateStep(claim, view, cancel, held);
  }
}

/** Why an engine that is isolated and proved sick is not replaced in this pass. */
function provedWaits(
  { command, victimUID }: Disruption,
  others: readonly Disruption[],
  inputs: DisruptionInputs,
  snapshot: FleetSnapshot,
): string | undefined {
  const seen = inputs.sick.get(victimUID);
  if (command !== 'Isolate' || seen === undefined || seen.cause === 'Suspected') return undefined;
  return waitsForBudget({ cause: seen.cause }, others, snapshot, inputs);
}

/**
 * An engine that is to be replaced for another cause and is proved dead need neither be drained nor waited for; while
 * another dead one is replaced it goes its way.
 */
function diesMeanwhile(
  { command, cause, step, ...claim }: Disruption,
  { sick, nowMs }: DisruptionView,
  others: readonly Disruption[],
): ClaimStep | undefined {
  if (others.some((other) => other.cause === 'Dead')) return undefined;
  const seen = sick.get(claim.victimUID);
  const isWaiting = step === 'Surging' || step === 'Draining';
  if (command !== 'Replace' || seen?.cause !== 'Dead' || cause === 'Dead' || !isWaiting) return undefined;
  const { signature } = seen;
  return update({ ...claim, command, step, cause: 'Dead' }, 'Claimed', nowMs, {
    signature,
    strategy: 'DrainFirst',
  });
}

/** Engines outside their ReplicaSet without a claim (somebody emptied the status): their replace is finished. */
function recovered(snapshot: FleetSnapshot, nowMs: number): readonly Disruption[] {
  const how = { command: 'Replace', cause: 'Recovered', strategy: 'SurgeFirst' } as const;
  return unclaimed(snapshot)
    .filter(({ isMember }) => !isMember)
    .map((engine) => newClaim(engine, how, nowMs));
}

/**
 * A mark that no claim stands behind (somebody emptied the status, or edited a label) would keep an engine idle for
 * ever, or kill the wrong one later. While a ReplicaSet has more engines than it should, its marks say who goes.
 */
function leftoverMarks(snapshot: FleetSnapshot): readonly EngineAction[] {
  const claims = claimsOf(snapshot);
  const returning = new Set(claims.flatMap(({ step, revision }) => (step === 'Returning' ? [revision] : [])));
  const removing = new Set(
    snapshot.replicaSets
      .filter((set) => membersOf(snapshot, set).length > set.replicas)
      .map(({ revision }) => revision),
  );
  return unclaimed(snapshot)
    .filter((engine) => engine.isMember && isMarked(engine) && !removing.has(engine.revision))
    .filter((engine) => !(returning.has(engine.revision) && hasOurCost(engine)))
    .map((engine) => ({ kind: 'PutBack', engine }));
}

function unclaimed(snapshot: FleetSnapshot): readonly EngineSnapshot[] {
  const claimed = claimedUids(snapshot);
  return snapshot.engines.filter(({ uid, lifecycle }) => !claimed.has(uid) && lifecycle !== 'Terminating');
}
