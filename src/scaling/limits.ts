import type { Bounds } from './bounds.ts';
import type { FleetLoad } from './fleet-load.ts';
import { growthLimit, shrinkLimit } from './policies.ts';
import { highestWithin, lowestWithin } from './stabilization.ts';
import type { Limit, ScalingInput, ScalingMemory } from './types.ts';

/** All that a limit may look at. */
export interface LimitContext {
  readonly input: ScalingInput;
  readonly load: FleetLoad;
  readonly bounds: Bounds;
  readonly memory: ScalingMemory;
  readonly nowMs: number;
}

interface Ruling {
  readonly to: number;
  readonly reason: string;
  readonly message: string;
}

type Check = (size: number, context: LimitContext) => Ruling | undefined;

/**
 * The limits on a proposed size, in the order in which they apply. Each sees what the one before it left, and
 * can only move the size towards the current one. The list reads as the policy does.
 */
const CHECKS: readonly { readonly name: string; readonly check: Check }[] = [
  // Make sure that missing pages never shrink a fleet.
  { name: 'MissingData', check: holdOnMissingPages },
  // Make sure that no engine is ordered while one already ordered finds no node.
  { name: 'Unschedulable', check: holdWhileUnschedulable },
  // Make sure that a leader that has not watched for a whole window shrinks nothing.
  { name: 'FreshLeader', check: holdWhileFreshLeader },
  // Make sure that one short dip or peak does not move the fleet.
  { name: 'StabilizationWindow', check: stabilise },
  // Make sure that the fleet changes no faster than its policies allow.
  { name: 'Policies', check: limitRate },
];

/** Runs the checks; returns the size that is left and every limit that moved it. */
export function applyLimits(
  proposed: number,
  context: LimitContext,
): { size: number; limits: readonly Limit[] } {
  let size = proposed;
  const limits: Limit[] = [];
  for (const { name, check } of CHECKS) {
    const ruling = check(size, context);
    if (ruling === undefined || ruling.to === size) continue;
    limits.push({ name, reason: ruling.reason, message: ruling.message, from: size, to: ruling.to });
    size = ruling.to;
  }
  return { size, limits };
}

function holdOnMissingPages(size: number, { input, load }: LimitContext): Ruling | undefined {
  if (size >= input.current || load.missing.length === 0) return undefined;
  const names = load.missing.map((engine) => engine.name).join(', ');
  return {
    to: input.current,
    reason: 'MetricsMissing',
    message: `nothing is removed while the metrics page of ${names} is missing`,
  };
}

function holdWhileUnschedulable(size: number, { input, load }: LimitContext): Ruling | undefined {
  const [first] = load.unschedulable;
  if (size <= input.current || first === undefined) return undefined;
  return {
    to: input.current,
    reason: 'Unschedulable',
    message: `no further engine is ordered while ${first.name} finds no node: ${first.unschedulable ?? ''}`,
  };
}

function holdWhileFreshLeader(size: number, { input, memory, nowMs }: LimitContext): Ruling | undefined {
  const windowSeconds = input.settings.behavior.scaleDown.stabilizationWindowSeconds;
  const watchedSeconds = (nowMs - memory.watchingSinceMs) / 1000;
  if (size >= input.current || watchedSeconds >= windowSeconds) return undefined;
  return {
    to: input.current,
    reason: 'FreshLeader',
    message: `this operator has watched the fleet for ${Math.floor(watchedSeconds)} s of the ${windowSeconds} s window that a shrink needs`,
  };
}

function stabilise(size: number, { input, memory, nowMs }: LimitContext): Ruling | undefined {
  const { current, settings } = input;
  if (size < current) {
    const seconds = settings.behavior.scaleDown.stabilizationWindowSeconds;
    const highest = Math.min(current, highestWithin(memory, seconds, nowMs) ?? size);
    return {
      to: Math.max(size, highest),
      reason: 'ScaleDownStabilized',
      message: `${highest} were asked for within the last ${seconds} s`,
    };
  }
  const seconds = settings.behavior.scaleUp.stabilizationWindowSeconds;
  if (size === current || seconds === 0) return undefined;
  const lowest = Math.max(current, lowestWithin(memory, seconds, nowMs) ?? size);
  return {
    to: Math.min(size, lowest),
    reason: 'ScaleUpStabilized',
    message: `only ${lowest} were asked for within the last ${seconds} s`,
  };
}

function limitRate(size: number, { input, memory, nowMs }: LimitContext): Ruling | undefined {
  const { current, settings } = input;
  if (size > current) {
    const most = growthLimit(settings.behavior.scaleUp, current, memory.changes, nowMs);
    return {
      to: Math.min(size, most),
      reason: 'ScaleUpLimit',
      message: `behavior.scaleUp allows ${most} now`,
    };
  }
  const least = shrinkLimit(settings.behavior.scaleDown, current, memory.changes, nowMs);
  return {
    to: Math.max(size, least),
    reason: 'ScaleDownLimit',
    message: `behavior.scaleDown allows ${least} now`,
  };
}
