import type { FleetArrival, FleetResult } from '../../src/simulator/fleet/types.ts';
import { quantiles, type RunLimits } from './score.ts';

const MINUTE = 60_000;
/** Between two points of a size. */
const SIZE_STEP_MS = 15_000;

/** One run over time, for a plot. */
export interface RunSeries {
  /** Engines ordered, a value every 15 s. */
  readonly sizes: readonly number[];
  /** 95th percentile of the requests that arrived in each minute; absent for a minute without one. ms. */
  readonly ttftP95: readonly (number | undefined)[];
}

export const SIZES_PER_MINUTE = MINUTE / SIZE_STEP_MS;

export function drawRun(
  { ticks, records }: FleetResult,
  { durationMs, abandonAfterMs }: RunLimits,
): RunSeries {
  const sizes: number[] = [];
  let next = 0;
  for (let atMs = SIZE_STEP_MS; atMs <= durationMs; atMs += SIZE_STEP_MS) {
    while ((ticks[next + 1]?.atMs ?? Infinity) <= atMs) next += 1;
    sizes.push(ticks[next]?.size ?? 0);
  }
  const byMinute = Array.from({ length: Math.ceil(durationMs / MINUTE) }, (): number[] => []);
  for (const record of records)
    byMinute[Math.floor(record.arrival.atMs / MINUTE)]?.push(
      record.outcome === 'Finished' ? record.ttftMs : abandonAfterMs,
    );
  return {
    sizes,
    ttftP95: byMinute.map((times) => (times.length === 0 ? undefined : quantiles(times).p95)),
  };
}

/** Requests per second in each minute. */
export function loadPerMinute(arrivals: readonly FleetArrival[], durationMs: number): readonly number[] {
  const counts = Array.from({ length: Math.ceil(durationMs / MINUTE) }, () => 0);
  for (const { atMs } of arrivals) {
    const minute = Math.floor(atMs / MINUTE);
    if (minute < counts.length) counts[minute] = (counts[minute] ?? 0) + 1 / 60;
  }
  return counts;
}
