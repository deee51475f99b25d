import type { FleetResult, FleetTick } from '../../src/simulator/fleet/types.ts';
import type { LatencyTargets } from './scenarios/types.ts';
import { isGood } from './score.ts';

/** When the attainable requests came that were not served in time, held against what the oracle had at that time. */
export interface Blame {
  /** Fewer engines were ordered than the oracle had. */
  readonly tooFew: number;
  /** As many were ordered, but not all of those were ready. */
  readonly starting: number;
  /** As many were ready: a backlog from before, or bad luck in routing. */
  readonly enough: number;
}

/** Tells why a policy missed targets. */
export function blame(
  { records, ticks }: FleetResult,
  attainable: readonly boolean[],
  targets: LatencyTargets,
  oracle: readonly FleetTick[],
): Blame {
  const counts = { tooFew: 0, starting: 0, enough: 0 };
  const fleetAt = follow(ticks);
  const oracleAt = follow(oracle);
  for (const [index, record] of records.entries()) {
    const { atMs } = record.arrival;
    const fleet = fleetAt(atMs);
    const needed = oracleAt(atMs)?.ready ?? 0;
    if (attainable[index] !== true || isGood(record, targets)) continue;
    if ((fleet?.size ?? 0) < needed) counts.tooFew += 1;
    else if ((fleet?.ready ?? 0) < needed) counts.starting += 1;
    else counts.enough += 1;
  }
  return counts;
}

/** The last tick at or before a time, for times that only grow; the first one before all of them. */
function follow(ticks: readonly FleetTick[]): (ms: number) => FleetTick | undefined {
  let index = 0;
  return (ms) => {
    while ((ticks[index + 1]?.atMs ?? Infinity) <= ms) index += 1;
    return ticks[index];
  };
}
