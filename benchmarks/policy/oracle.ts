import type { FleetArrival, FleetPolicy } from '../../src/simulator/fleet/types.ts';

/** Between two decisions; also the resolution of the curve. */
export const ORACLE_INTERVAL_MS = 5000;

/**
 * Seats held over time when every token comes just in time (Little's law): each request holds one from its arrival for
 * output · `tpotMs`. The highest number in each interval.
 */
export function seatCurve(
  arrivals: readonly FleetArrival[],
  tpotMs: number,
  durationMs: number,
): readonly number[] {
  const changes = arrivals
    .flatMap(({ atMs, outputTokens }) => [
      { atMs, by: 1 },
      { atMs: atMs + outputTokens * tpotMs, by: -1 },
    ])
    .toSorted((a, b) => a.atMs - b.atMs);
  const curve = Array.from({ length: Math.ceil(durationMs / ORACLE_INTERVAL_MS) + 1 }, () => 0);
  let seats = 0;
  let index = 0;
  for (const { atMs, by } of changes) {
    const now = Math.floor(atMs / ORACLE_INTERVAL_MS);
    for (; index < now; index += 1) curve[index + 1] = seats;
    if (index >= curve.length) break;
    seats += by;
    curve[index] = Math.max(curve[index] ?? 0, seats);
  }
  return curve.slice(0, Math.ceil(durationMs / ORACLE_INTERVAL_MS) + 1);
}

export interface OracleSetting {
  readonly curve: readonly number[];
  readonly seatsPerEngine: number;
  readonly startupMs: number;
  readonly maxReplicas: number;
}

/** The size that an oracle has at a time: what the seats up to one start-up ahead need, times `factor`. */
export function oracleSizeAt(setting: OracleSetting, factor: number, ms: number): number {
  const { curve, startupMs } = setting;
  const from = Math.floor(ms / ORACLE_INTERVAL_MS);
  const ahead = curve.slice(from, from + Math.ceil(startupMs / ORACLE_INTERVAL_MS) + 2);
  return sizeFor(setting, factor, Math.max(0, ...ahead));
}

function sizeFor({ seatsPerEngine, maxReplicas }: OracleSetting, factor: number, seats: number): number {
  return Math.min(maxReplicas, Math.max(1, Math.ceil((factor * seats) / seatsPerEngine)));
}

/** Knows the trace, orders in time, shrinks at once. */
export function oraclePolicy(setting: OracleSetting, factor: number): FleetPolicy {
  return ({ nowMs }) => oracleSizeAt(setting, factor, nowMs);
}

/** How long a size is held after its seats were last needed: the down-window that HPA and the operator have. */
const HELD_MS = 300_000;

/**
 * The oracle without its foresight: knows the seats that are held now and the oracle's factor, and nothing of what will
 * come. It orders when seats are needed, and holds what was needed in the last five minutes. What it misses is the price of
 * not knowing the future; what any policy misses beyond it is the price of not knowing the load.
 */
export function hindsightPolicy(setting: OracleSetting, factor: number): FleetPolicy {
  return ({ nowMs }) => {
    const now = Math.floor(nowMs / ORACLE_INTERVAL_MS);
    const lately = setting.curve.slice(Math.max(0, now - HELD_MS / ORACLE_INTERVAL_MS), now + 1);
    return sizeFor(setting, factor, Math.max(0, ...lately));
  };
}

const LEAST_FACTOR = 0.25;
const MOST_FACTOR = 6;
/** Six halvings of the logarithm: to within 5 %. */
const HALVINGS = 6;
const GOAL = 0.99;

/**
 * The smallest factor that serves 99 % of the attainable in time, or 99 % of what the largest factor does.
 *
 * @param play runs the oracle with a factor
 * @param goodShareOf share of the attainable requests that a run served in time
 */
export function smallestFactor<Run>(
  play: (factor: number) => Run,
  goodShareOf: (run: Run) => number,
): { readonly factor: number; readonly run: Run } {
  let best = { factor: MOST_FACTOR, run: play(MOST_FACTOR) };
  const goal = GOAL * goodShareOf(best.run);
  let low = LEAST_FACTOR;
  for (let i = 0; i < HALVINGS; i += 1) {
    const factor = Math.sqrt(low * best.factor);
    const run = play(factor);
    if (goodShareOf(run) >= goal) best = { factor, run };
    else low = factor;
  }
  return best;
}
