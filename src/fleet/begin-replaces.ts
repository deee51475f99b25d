import type { Disruption } from '../api/v1alpha1/status.ts';
import { claimedUids, claimsOf } from '../disruption/claims.ts';
import {
  mayDrainFirst,
  servingFloor,
  type Strategy,
  tooFewServe,
  whyNotDrainFirst,
} from '../disruption/floor.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import type { ArbitrationInputs } from './arbitrate.ts';
import { newClaim } from './new-claim.ts';
import type { ReplaceNeed } from './needs.ts';
import { countsForTheHour, readOutcomes } from './outcomes.ts';
import { dependable } from './promised.ts';
import { stayingReplicas } from './sizes.ts';
import { moment } from './text.ts';

/** Why an engine that should be replaced is not; the condition RestartBlocked. */
export interface Blocked {
  readonly reason: 'NoRoom' | 'StandInFailed' | 'ServingFloor' | 'MetricsMissing' | 'RestartLimit';
  readonly message: string;
}

/** After a replace could not be done, it is tried again so much later. */
const RETRY_MS = 10 * 60_000;

/**
 * The replaces that begin now: those that a person or a signature asks for one at a time and `remediation.maxPerHour`,
 * those of `rollout.restartAt` within the budget of roll-outs. An engine that is dead waits for nothing but its budget.
 */
export function beginReplaces(
  snapshot: FleetSnapshot,
  inputs: ArbitrationInputs,
  needs: readonly ReplaceNeed[],
): { readonly begin: readonly Disruption[]; readonly blocked?: Blocked } {
  const claims = claimsOf(snapshot);
  const claimed = claimedUids(snapshot);
  const open = needs.filter(({ engine }) => !claimed.has(engine.uid));
  const begin: Disruption[] = [];
  let blocked: Blocked | undefined;
  const isWhole = stayingReplicas(snapshot) === inputs.desired;
  for (const need of open) {
    if (!isWhole && need.cause !== 'Dead') continue;
    const all = [...claims, ...begin];
    if (!hasRoomFor(need, all, inputs)) continue;
    const strategy = strategyFor(need, inputs);
    const obstacle = obstacleTo(need, strategy, all, snapshot, inputs);
    if (obstacle === undefined) {
      const { cause, signature } = need;
      const how = {
        command: 'Replace',
        cause,
        strategy,
        ...(signature !== undefined && { signature }),
      } as const;
      begin.push(newClaim(need.engine, how, inputs.nowMs));
    } else {
      blocked ??= { ...obstacle, message: `${need.engine.name} is not replaced: ${obstacle.message}` };
    }
  }
  return { begin, ...(blocked !== undefined && { blocked }) };
}

type Cause = Disruption['cause'];
const REMEDIATIONS: ReadonlySet<Cause> = new Set(['Requested', 'Recovered', 'Sick', 'Leak']);
const ROLLS: ReadonlySet<Cause> = new Set(['Restart', 'RollOut']);
const DEAD: ReadonlySet<Cause> = new Set(['Dead']);

/**
 * Why an engine that is out of the Service on a suspicion, and now proved sick, is not replaced yet: the budgets hold for
 * it as for any other. `claims` are the others that stand or begin now.
 */
export function waitsForBudget(
  need: Pick<ReplaceNeed, 'cause'>,
  claims: readonly Disruption[],
  { fleet }: FleetSnapshot,
  inputs: ArbitrationInputs,
): string | undefined {
  if (!hasRoomFor(need, claims, inputs)) return 'another engine is replaced first';
  return hourlyLimit(need, fleet, inputs.nowMs)?.message;
}

/** Whether the budget of its kind leaves room for one more: one that is dead does not wait for another's drain. */
function hasRoomFor(
  { cause }: Pick<ReplaceNeed, 'cause'>,
  claims: readonly Disruption[],
  { rollout }: ArbitrationInputs,
): boolean {
  const kind = [DEAD, REMEDIATIONS].find((causes) => causes.has(cause)) ?? ROLLS;
  return claims.filter((claim) => kind.has(claim.cause)).length < (kind === ROLLS ? rollout.budget : 1);
}

/** An engine that serves nothing frees its room before the new one needs it. */
function strategyFor({ engine, cause }: ReplaceNeed, { rollout }: ArbitrationInputs): Strategy {
  return engine.lifecycle === 'Ready' && cause !== 'Dead' ? rollout.strategy : 'DrainFirst';
}

function hourlyLimit(
  { cause }: Pick<ReplaceNeed, 'cause'>,
  { spec, status }: FleetSnapshot['fleet'],
  nowMs: number,
): Blocked | undefined {
  const { maxPerHour } = spec.remediation;
  const history = readOutcomes(status?.disruptionHistory);
  const lastHour = history.filter((outcome) => countsForTheHour(outcome, nowMs));
  if (cause === 'Restart' || lastHour.length < maxPerHour) return undefined;
  const message = `${lastHour.length} engines were replaced within an hour, remediation.maxPerHour is ${maxPerHour}`;
  return { reason: 'RestartLimit', message };
}

function obstacleTo(
  { engine, cause }: ReplaceNeed,
  strategy: Strategy,
  claims: readonly Disruption[],
  snapshot: FleetSnapshot,
  { desired, rollout, sick, nowMs }: ArbitrationInputs,
): Blocked | undefined {
  const { spec, status } = snapshot.fleet;
  const limit = hourlyLimit({ cause }, snapshot.fleet, nowMs);
  if (limit !== undefined) return limit;
  const history = readOutcomes(status?.disruptionHistory);
  if (engine.lifecycle !== 'Ready' || cause === 'Dead') return undefined;
  if (engine.page.state === 'Missing') {
    return {
      reason: 'MetricsMissing',
      message: `nothing tells whether it has requests: ${engine.page.message}`,
    };
  }
  const last = history.findLast(({ engine: name }) => name === engine.name);
  const mayGoFirst = mayDrainFirst(desired, spec.rollout);
  const isStuck = last?.outcome === 'StandInFailed' || (last?.outcome === 'NoRoom' && !mayGoFirst);
  if (last !== undefined && isStuck && nowMs - last.atMs < RETRY_MS) {
    const again = moment(new Date(last.atMs + RETRY_MS).toISOString());
    return {
      reason: last.outcome === 'NoRoom' ? 'NoRoom' : 'StandInFailed',
      message: `${last.message}; tried again at ${again}`,
    };
  }
  if (strategy === 'SurgeFirst' && rollout.isRoomless) {
    return {
      reason: 'NoRoom',
      message: `there is no room for both; ${whyNotDrainFirst(desired, spec.rollout)}`,
    };
  }
  if (strategy === 'DrainFirst' && !mayGoFirst) {
    return { reason: 'ServingFloor', message: whyNotDrainFirst(desired, spec.rollout) };
  }
  // Those that stand in the status already are not among the dependable.
  const known = claimedUids(snapshot);
  const promised = claims.filter(
    ({ strategy: how, victimUID }) => how === 'DrainFirst' && !known.has(victimUID),
  ).length;
  const others = dependable(snapshot, sick).filter(({ uid }) => uid !== engine.uid).length - promised;
  // With a surge the others need to be as many only when the engine is drained, but a fleet that is not whole waits.
  const floor = strategy === 'SurgeFirst' ? desired - 1 : servingFloor(desired, spec.rollout, strategy);
  if (others >= floor) return undefined;
  return { reason: 'ServingFloor', message: tooFewServe(others, floor, 'Read') };
}
