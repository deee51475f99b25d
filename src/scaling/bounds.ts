import { scheduleAt, scheduleName, type ScheduleInForce } from './schedules.ts';
import type { ManualFloor, ScalingSettings } from './types.ts';

export interface Bounds {
  readonly lowest: number;
  readonly highest: number;
  /** What sets each bound, for the decision's text. */
  readonly lowestBy: string;
  readonly highestBy: string;
  /** The schedule that holds now, with the one that takes over next; absent when `minReplicas` and `maxReplicas` hold. */
  readonly schedule?: ScheduleInForce;
}

/** One bound and what sets it. */
interface Bound {
  readonly size: number;
  readonly by: string;
}

/**
 * The sizes that the user allows now: those of the schedule in force, else `minReplicas` and `maxReplicas`; the lower
 * one raised by a manual floor while it holds. Where they contradict each other the upper one wins: it caps the cost.
 */
export function boundsAt(settings: ScalingSettings, floor: ManualFloor | undefined, nowMs: number): Bounds {
  const schedule = scheduleAt(settings.schedules, nowMs);
  const upper = boundBy(schedule, 'maxReplicas', settings);
  const lower = raised(boundBy(schedule, 'minReplicas', settings), floor, nowMs);
  const lowest = capped(lower, upper);
  return {
    lowest: lowest.size,
    highest: upper.size,
    lowestBy: lowest.by,
    highestBy: upper.by,
    ...(schedule !== undefined && { schedule }),
  };
}

/** A field that the schedule leaves out keeps the value of the spec. */
function boundBy(
  inForce: ScheduleInForce | undefined,
  field: 'minReplicas' | 'maxReplicas',
  settings: ScalingSettings,
): Bound {
  const size = inForce?.schedule[field];
  if (inForce === undefined || size === undefined) return { size: settings[field], by: field };
  return { size, by: scheduleName(inForce.schedule) };
}

function raised(lower: Bound, floor: ManualFloor | undefined, nowMs: number): Bound {
  if (floor === undefined || nowMs >= floor.untilMs || floor.replicas <= lower.size) return lower;
  return { size: floor.replicas, by: 'manual floor' };
}

function capped(lower: Bound, upper: Bound): Bound {
  if (lower.size <= upper.size) return lower;
  return { size: upper.size, by: `${lower.by} (${lower.size}, capped by ${upper.by})` };
}
