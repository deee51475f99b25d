import { cronMatches } from '../../api/cron.ts';
import type { VLLMDeploymentSpec } from '../../api/v1alpha1/spec.ts';

export type MaintenanceWindow = VLLMDeploymentSpec['remediation']['maintenanceWindows'][number];

/** Requests that finished in each hour of the day (UTC); undefined where it is not known. */
export type TrafficByHour = readonly (number | undefined)[];

/** A time in which a replace may begin. */
export interface Slot {
  readonly fromMs: number;
  readonly toMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_HOURS = 24;
/** A window may open each minute; what is looked at ends somewhere. */
const MOST_OPENINGS = 64;

/** When windows are open from `nowMs` to `untilMs`, the earliest first. */
export function openWindows(
  windows: readonly MaintenanceWindow[],
  nowMs: number,
  untilMs: number,
): readonly Slot[] {
  return windows
    .flatMap((window) => openings(window, nowMs, untilMs))
    .toSorted((a, b) => a.fromMs - b.fromMs || b.toMs - a.toMs);
}

function openings({ cron, timeZone, durationMinutes }: MaintenanceWindow, nowMs: number, untilMs: number) {
  const slots: Slot[] = [];
  const durationMs = durationMinutes * MINUTE_MS;
  let { lastMs, nextMs } = cronMatches(cron, timeZone, nowMs);
  if (lastMs !== undefined && lastMs + durationMs > nowMs)
    slots.push({ fromMs: nowMs, toMs: lastMs + durationMs });
  while (nextMs !== undefined && nextMs <= untilMs && slots.length < MOST_OPENINGS) {
    slots.push({ fromMs: nextMs, toMs: nextMs + durationMs });
    ({ nextMs } = cronMatches(cron, timeZone, nextMs));
  }
  return slots;
}

/** The window that is open at an instant. */
export function windowAt(windows: readonly MaintenanceWindow[], atMs: number): MaintenanceWindow | undefined {
  return windows.find(({ cron, timeZone, durationMinutes }) => {
    const { lastMs } = cronMatches(cron, timeZone, atMs);
    return lastMs !== undefined && atMs < lastMs + durationMinutes * MINUTE_MS;
  });
}

/** The hours of least traffic from `nowMs` to `untilMs`; none where a day's traffic is not known. */
export function troughs(traffic: TrafficByHour, nowMs: number, untilMs: number): readonly Slot[] {
  const known = traffic.flatMap((requests) => requests ?? []);
  if (known.length < DAY_HOURS) return [];
  const hour = traffic.indexOf(Math.min(...known));
  return hours(nowMs, untilMs).filter(({ fromMs }) => new Date(fromMs).getUTCHours() === hour);
}

/** The hour with the least traffic of those that begin from `nowMs` to `untilMs`; undefined where none is known. */
export function quietestHour(traffic: TrafficByHour, nowMs: number, untilMs: number): Slot | undefined {
  const requestsOf = ({ fromMs }: Slot): number => traffic[new Date(fromMs).getUTCHours()] ?? Infinity;
  return hours(nowMs, Math.min(untilMs, nowMs + DAY_HOURS * HOUR_MS))
    .filter((hour) => requestsOf(hour) < Infinity)
    .toSorted((a, b) => requestsOf(a) - requestsOf(b))[0];
}

/** Weeks ahead are of no use to a projection, and bound the work. */
const MOST_HOURS = 14 * DAY_HOURS;

/** The hours of the clock in a span, the first cut to what is left of it. */
function hours(nowMs: number, untilMs: number): readonly Slot[] {
  const first = Math.floor(nowMs / HOUR_MS);
  const count = Math.min(MOST_HOURS, Math.floor(untilMs / HOUR_MS) - first + 1);
  return Array.from({ length: Math.max(0, count) }, (_, i) => ({
    fromMs: Math.max(nowMs, (first + i) * HOUR_MS),
    toMs: (first + i + 1) * HOUR_MS,
  }));
}
