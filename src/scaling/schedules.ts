import { cronMatches, cronProblem } from '../api/cron.ts';
import type { ScalingSchedule } from './types.ts';

/** The schedule that holds now. */
export interface ScheduleInForce {
  readonly schedule: ScalingSchedule;
  /** When it took over, in milliseconds since the epoch. */
  readonly sinceMs: number;
  /** The schedule of the list that fires next, which may be the same one again; absent if none ever will. */
  readonly next?: { readonly schedule: ScalingSchedule; readonly atMs: number };
}

/**
 * The schedule that fired last at or before `nowMs`, which holds until one of the list fires again; undefined while
 * none ever has. Of two that fire at once the later in the list holds. One that cannot be parsed never fires.
 */
export function scheduleAt(
  schedules: readonly ScalingSchedule[],
  nowMs: number,
): ScheduleInForce | undefined {
  let inForce: Omit<ScheduleInForce, 'next'> | undefined;
  let next: ScheduleInForce['next'];
  for (const schedule of schedules) {
    const { lastMs, nextMs } = cronMatches(schedule.cron, schedule.timeZone, nowMs);
    if (lastMs !== undefined && lastMs >= (inForce?.sinceMs ?? -Infinity)) {
      inForce = { schedule, sinceMs: lastMs };
    }
    if (nextMs !== undefined && nextMs <= (next?.atMs ?? Infinity)) next = { schedule, atMs: nextMs };
  }
  return inForce && { ...inForce, ...(next !== undefined && { next }) };
}

/** How messages name a schedule. */
export function scheduleName({ cron, timeZone }: ScalingSchedule): string {
  return `schedule "${cron}" ${timeZone}`;
}

/** The first schedule that can never fire, as a sentence with field, value and remedy; undefined if all can. */
export function scheduleConflict(schedules: readonly ScalingSchedule[]): string | undefined {
  for (const [index, { cron, timeZone }] of schedules.entries()) {
    const problem = cronProblem(cron, timeZone);
    if (problem !== undefined) {
      return `spec.scaling.schedules[${index}].${problem.field}: ${problem.message}`;
    }
  }
  return undefined;
}
