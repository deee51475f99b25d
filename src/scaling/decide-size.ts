import { boundsAt, type Bounds } from './bounds.ts';
import { fleetLoad, sizeInputs } from './fleet-load.ts';
import { freshDemand, learnedBy } from './demand/memory.ts';
import { proposeByDemand } from './demand/propose.ts';
import { proposeByKVCache } from './kv-cache.ts';
import { applyLimits } from './limits.ts';
import { proposeByQueueDepth } from './queue-depth.ts';
import { recommend } from './stabilization.ts';
import type {
  LearnedLoad,
  Limit,
  Proposal,
  ScalingInput,
  ScalingMemory,
  SizeChange,
  SizeDecision,
} from './types.ts';
import { whatWouldChange } from './would-change.ts';

/** A memory that has seen nothing: that of a leader that begins to watch now. */
export function freshMemory(
  nowMs: number,
  changes: readonly SizeChange[] = [],
  learned?: LearnedLoad,
): ScalingMemory {
  return { watchingSinceMs: nowMs, recommendedAtMs: new Map(), changes, demand: freshDemand(learned) };
}

/** The longest period that a policy may have (`periodSeconds` ≤ 1800). */
const LONGEST_PERIOD_MS = 1_800_000;

/** The memory after a change of size was carried out; changes that no policy can count any more are forgotten. */
export function rememberChange(memory: ScalingMemory, change: SizeChange): ScalingMemory {
  const counted = memory.changes.filter(({ atMs }) => change.atMs - atMs < LONGEST_PERIOD_MS);
  return { ...memory, changes: [...counted, change] };
}

/**
 * Decides the size of a fleet: proposals → the largest that speaks → bounds → limits → mode. Pure: the same
 * input, memory and time give the same decision. `nowMs` is milliseconds since the epoch.
 */
export function decideSize(
  input: ScalingInput,
  memory: ScalingMemory,
  nowMs: number,
): { decision: SizeDecision; memory: ScalingMemory } {
  const { current, settings } = input;
  const load = fleetLoad(input.engines, settings.startupTimeoutSeconds, nowMs);
  const bounds = boundsAt(settings, input.manualFloor, nowMs);
  const demand = proposeByDemand(memory.demand, input, load, nowMs);
  const proposals = [
    demand.proposal,
    proposeByQueueDepth(current, load, settings.targets.queueDepth),
    proposeByKVCache(current, load, settings.targets.kvCacheUsage),
  ];
  const chosen = largest(proposals);
  const bounded = clamp(chosen?.size ?? current, bounds);
  const { scaleUp, scaleDown } = settings.behavior;
  const keepMs = 1000 * Math.max(scaleUp.stabilizationWindowSeconds, scaleDown.stabilizationWindowSeconds);
  const nextMemory = recommend({ ...memory, demand: demand.memory }, bounded, nowMs, keepMs);
  const outcome =
    outOfBounds(current, bounds) ??
    proposed(
      chosen,
      bounded,
      bounds,
      applyLimits(bounded, { input, load, bounds, memory: nextMemory, nowMs }),
    );
  const draft = {
    ...outcome,
    ...modeOf(settings.mode, current, outcome),
    current,
    proposals,
    inputs: sizeInputs(load),
  };
  const decision = {
    ...draft,
    action: actionOf(current, draft.desired),
    wouldChange: whatWouldChange(input, load, bounds, demand.turns),
    ...(demand.unreachable !== undefined && { unreachable: demand.unreachable }),
    ...learnedBy(demand.memory),
  };
  return { decision, memory: nextMemory };
}

interface Outcome {
  readonly desired: number;
  readonly reason: string;
  readonly message: string;
  readonly limits: readonly Limit[];
}

type SizeProposal = Extract<Proposal, { kind: 'Size' }>;

function largest(proposals: readonly Proposal[]): SizeProposal | undefined {
  return proposals
    .filter((proposal) => proposal.kind === 'Size')
    .reduce<SizeProposal | undefined>(
      (best, next) => (best === undefined || next.size > best.size ? next : best),
      undefined,
    );
}

function clamp(size: number, bounds: Bounds): number {
  return Math.min(bounds.highest, Math.max(bounds.lowest, size));
}

/**
 * A size outside the bounds is corrected at once and past all limits, as HPA does: it is the user's order, not a
 * judgement on load.
 */
function outOfBounds(current: number, bounds: Bounds): Outcome | undefined {
  if (current < bounds.lowest) {
    return {
      desired: bounds.lowest,
      reason: 'TooFewReplicas',
      message: `${current} is below ${bounds.lowestBy} of ${bounds.lowest}`,
      limits: [],
    };
  }
  if (current > bounds.highest) {
    return {
      desired: bounds.highest,
      reason: 'TooManyReplicas',
      message: `${current} is above ${bounds.highestBy} of ${bounds.highest}`,
      limits: [],
    };
  }
  return undefined;
}

function proposed(
  chosen: SizeProposal | undefined,
  bounded: number,
  bounds: Bounds,
  limited: { size: number; limits: readonly Limit[] },
): Outcome {
  const desired = limited.size;
  if (chosen === undefined) {
    return {
      desired,
      reason: 'NoProposal',
      message: 'no signal asks for a size: hold',
      limits: limited.limits,
    };
  }
  const limits =
    bounded === chosen.size ? limited.limits : [boundLimit(chosen.size, bounded, bounds), ...limited.limits];
  const last = limits.at(-1);
  const asked = `${chosen.signal} asks for ${chosen.size} (${chosen.message})`;
  return last === undefined
    ? { desired, reason: chosen.reason, message: asked, limits }
    : { desired, reason: last.reason, message: `${asked}, limited to ${desired}: ${last.message}`, limits };
}

function boundLimit(from: number, to: number, bounds: Bounds): Limit {
  const high = from > to;
  return {
    name: 'Bounds',
    reason: high ? 'TooManyReplicas' : 'TooFewReplicas',
    message: high ? `${bounds.highestBy} is ${bounds.highest}` : `${bounds.lowestBy} is ${bounds.lowest}`,
    from,
    to,
  };
}

function modeOf(
  mode: 'Auto' | 'Advisory' | 'Paused',
  current: number,
  outcome: Outcome,
): Partial<Outcome> & { carriedOut: boolean } {
  if (mode === 'Paused') {
    return {
      carriedOut: true,
      desired: current,
      reason: 'Paused',
      message: `scaling.mode is Paused; ${outcome.message}`,
    };
  }
  return { carriedOut: mode === 'Auto' };
}

function actionOf(current: number, desired: number): SizeDecision['action'] {
  if (desired === current) return 'Hold';
  return desired > current ? 'Grow' : 'Shrink';
}
