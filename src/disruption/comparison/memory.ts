import { addGrowth, NO_GROWTH, type Growth } from './growth.ts';
import { PERIOD_MS, PERIOD_REQUESTS } from './limits.ts';
import type { Observation, WatchedEngine } from './observe.ts';
import { oddsOfErrors, oddsOfSlowness } from './odds.ts';
import type { ComparisonVerdict } from './verdict.ts';
import { addWeighted, NO_TALLY, talliesOf, type Sides, type Tally } from './tally.ts';

/** The part of the comparison that is still under way. */
interface Period {
  readonly sinceMs: number;
  readonly growth: Sides<Growth>;
}

/** All periods that have ended. */
export interface Compared {
  /** Requests of each side, each counted once. */
  readonly requests: Sides<number>;
  /**
   * Both sides with the requests of each period weighted to as many as the lesser side had in it: else a load that grows
   * during the roll-out, as the new side does, would be laid at its door.
   */
  readonly weighted: Sides<Tally>;
  /** Natural logarithms of the odds against chance. */
  readonly logOdds: { readonly errors: number; readonly slowness: number };
}

/**
 * What the leader keeps of a comparison between two passes. It begins with the first pass that sees a new revision, and a
 * new leader begins it anew.
 */
export interface ComparisonMemory {
  /** The new side's revision: with another one the comparison begins anew. */
  readonly revision: string;
  readonly engines: ReadonlyMap<string, WatchedEngine>;
  /** When both sides were first counted. */
  readonly sinceMs: number | undefined;
  readonly period: Period | undefined;
  readonly compared: Compared;
  /** The regression that was found. */
  readonly regression?: ComparisonVerdict;
}

export function emptyMemory(revision: string): ComparisonMemory {
  return {
    revision,
    engines: new Map(),
    sinceMs: undefined,
    period: undefined,
    compared: {
      requests: { Old: 0, New: 0 },
      weighted: { Old: NO_TALLY, New: NO_TALLY },
      logOdds: { errors: 0, slowness: 0 },
    },
  };
}

/** The memory after one more pass. What a side did while the other had nobody to be counted is left out. */
export function remember(
  memory: ComparisonMemory,
  { watched, growth, counted }: Observation,
  nowMs: number,
): ComparisonMemory {
  const engines = watched;
  if (counted.Old === 0 || counted.New === 0) return { ...memory, engines };
  const { sinceMs = nowMs, period = emptyPeriod(nowMs) } = memory;
  const grown = {
    Old: addGrowth(period.growth.Old, growth.Old),
    New: addGrowth(period.growth.New, growth.New),
  };
  const tallies = talliesOf(grown);
  const isFull = Math.min(tallies.Old.requests, tallies.New.requests) >= PERIOD_REQUESTS;
  if (nowMs - period.sinceMs < PERIOD_MS || !isFull)
    return { ...memory, engines, sinceMs, period: { sinceMs: period.sinceMs, growth: grown } };
  const compared = addPeriod(memory.compared, tallies);
  return { ...memory, engines, sinceMs, period: emptyPeriod(nowMs), compared };
}

function emptyPeriod(sinceMs: number): Period {
  return { sinceMs, growth: { Old: NO_GROWTH, New: NO_GROWTH } };
}

function addPeriod({ requests, weighted, logOdds }: Compared, period: Sides<Tally>): Compared {
  const { Old, New } = period;
  const fewest = Math.min(Old.requests, New.requests);
  return {
    requests: { Old: requests.Old + Old.requests, New: requests.New + New.requests },
    weighted: {
      Old: addWeighted(weighted.Old, Old, fewest / Old.requests),
      New: addWeighted(weighted.New, New, fewest / New.requests),
    },
    logOdds: {
      errors: logOdds.errors + oddsOfErrors(period),
      slowness: logOdds.slowness + oddsOfSlowness(period),
    },
  };
}
