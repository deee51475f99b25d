import { evidenceAgainstPlateau } from './curve.ts';
import { slopeNetOfLoad } from './net-of-load.ts';
import { median, robustLine, type Line } from './statistics.ts';

/** A point of what may climb towards a limit; what is unknown is absent. */
export interface ClimbPoint {
  readonly atMs: number;
  readonly value: number;
  /** What the value may follow without a leak: requests in flight, or requests a minute. */
  readonly load?: number | undefined;
  /** Finished requests so far. */
  readonly requests?: number | undefined;
}

/** How a value rose over a window, and what of the way to its limit that was. */
export interface Climb {
  readonly points: readonly ClimbPoint[];
  readonly spanMs: number;
  /** Per millisecond. */
  readonly line: Line;
  /** What the line rises over the window: a step or a spike hardly counts. */
  readonly growth: number;
  /** The newest level, and what is left from there to the limit. */
  readonly level: number;
  readonly remaining: number;
}

const END_POINTS = 3;
/** Below this share of what is left to the limit growth is not looked at: it has five times as far to go. */
const LEAST_GROWTH_SHARE = 0.2;
/** Of all growth, what its last third must have brought; a straight line has a third. */
const LEAST_LATE_SHARE = 0.15;

/**
 * The climb over a window, or undefined where there is none worth a look, or none any more: by medians at both ends and
 * at two thirds, so that most engines cost no more than this.
 */
export function climbOf(points: readonly ClimbPoint[], limit: number): Climb | undefined {
  const [first] = points;
  const last = points.at(-1);
  const late = Math.floor((2 * points.length) / 3);
  const start = middle(points.slice(0, END_POINTS));
  const then = middle(points.slice(late - 1, late - 1 + END_POINTS));
  const level = middle(points.slice(-END_POINTS));
  if (first === undefined || last === undefined || start === undefined) return undefined;
  if (level === undefined || then === undefined) return undefined;
  const remaining = Math.max(0, limit - level);
  if (level <= start || level - start < LEAST_GROWTH_SHARE * remaining) return undefined;
  if (level - then < LEAST_LATE_SHARE * (level - start)) return undefined;
  const line = robustLine(
    points.map(({ atMs }) => atMs - first.atMs),
    points.map(({ value }) => value),
  );
  if (line === undefined) return undefined;
  const spanMs = last.atMs - first.atMs;
  return { points, spanMs, line, growth: line.slope * spanMs, level, remaining };
}

function middle(points: readonly ClimbPoint[]): number | undefined {
  return median(points.map(({ value }) => value));
}

/** How a climb goes on, on one axis: time, or finished requests. */
export interface Pace {
  /** Slope of the last third over the first third's. */
  readonly ratio: number;
  /** Slope of the last third over the whole climb's. */
  readonly now: number;
}

/** By time, and by request where each point counts them; none where a third has too few points for a slope. */
export function pacesOf({ points, line }: Climb): readonly Pace[] {
  const origin = points[0]?.atMs ?? 0;
  const counted = points.filter(({ requests }) => requests !== undefined);
  const perRequest = counted.length < points.length ? undefined : slopePerRequest(points);
  return [
    ...paceBy(points, ({ atMs }) => atMs - origin, line.slope),
    ...(perRequest !== undefined && perRequest > 0
      ? paceBy(points, ({ requests }) => requests ?? 0, perRequest)
      : []),
  ];
}

function paceBy(
  points: readonly ClimbPoint[],
  axis: (point: ClimbPoint) => number,
  slope: number,
): readonly Pace[] {
  const ends = thirds(points, axis);
  if (ends === undefined) return [];
  return [{ ratio: ends.last / Math.max(ends.first, 0), now: ends.last / slope }];
}

/** The robust slope of the value per finished request; undefined where requests are not counted or none finished. */
export function slopePerRequest(points: readonly ClimbPoint[]): number | undefined {
  const counted = points.filter(({ requests }) => requests !== undefined);
  return robustLine(
    counted.map(({ requests }) => requests ?? 0),
    counted.map(({ value }) => value),
  )?.slope;
}

function thirds(
  points: readonly ClimbPoint[],
  axis: (point: ClimbPoint) => number,
): { readonly first: number; readonly last: number } | undefined {
  const [head] = points;
  const tail = points.at(-1);
  if (head === undefined || tail === undefined) return undefined;
  const from = axis(head);
  const third = (axis(tail) - from) / 3;
  const slope = (part: readonly ClimbPoint[]): number | undefined =>
    robustLine(
      part.map(axis),
      part.map(({ value }) => value),
    )?.slope;
  const first = slope(points.filter((point) => axis(point) <= from + third));
  const last = slope(points.filter((point) => axis(point) >= from + 2 * third));
  return first === undefined || last === undefined ? undefined : { first, last };
}

/**
 * The pace at which a climb would just reach its limit. Growth that slows as 1 − e^(−t/τ) and ends at the limit has, once
 * the share x of the way is gone, its last third at (1 − x)^(2/3) of the first; what slows more levels off below.
 */
export function leastPace({ growth, remaining }: Climb): number {
  return (remaining / (remaining + growth)) ** (2 / 3);
}

/** How surely a climb does not level off below its limit, by time or by request, beside its load (see curve.ts). */
export function sureOfNoPlateau({ points, level, remaining }: Climb): number {
  const origin = points[0]?.atMs ?? 0;
  const requests = points.flatMap((point) => point.requests ?? []);
  const loads = points.flatMap(({ load }) => load ?? []);
  return evidenceAgainstPlateau(
    {
      values: points.map(({ value }) => value),
      axes: [points.map(({ atMs }) => atMs - origin), ...(requests.length < points.length ? [] : [requests])],
      loads: loads.length < points.length ? [] : explaining(loads),
    },
    level + remaining,
  );
}

/**
 * Share of the climb that its load does not explain, as a lower bound; undefined where a point has no load. Memory may
 * follow the load, or keep the most that it ever took: the better explanation counts.
 */
export function shareNetOfLoad({ points, line }: Climb): number | undefined {
  const loads = points.flatMap(({ load }) => load ?? []);
  const origin = points[0]?.atMs ?? 0;
  if (loads.length < points.length) return undefined;
  const xs = points.map(({ atMs }) => atMs - origin);
  const ys = points.map(({ value }) => value);
  return Math.min(...explaining(loads).map((load) => slopeNetOfLoad(xs, ys, load))) / line.slope;
}

/** The load, and its highest so far. */
function explaining(loads: readonly number[]): readonly (readonly number[])[] {
  const level = smoothed(loads);
  let most = -Infinity;
  return [level, level.map((load) => (most = Math.max(most, load)))];
}

/** Points on each side that a load is averaged with. */
const SMOOTHING = 2;

/**
 * A few requests come and go by chance; noise in an explaining figure hides what it explains. As many points on each side
 * everywhere, so that a straight line stays one.
 */
function smoothed(loads: readonly number[]): readonly number[] {
  return loads.map((_, i) => {
    const reach = Math.min(SMOOTHING, i, loads.length - 1 - i);
    const near = loads.slice(i - reach, i + reach + 1);
    return near.reduce((sum, load) => sum + load, 0) / near.length;
  });
}

/** When the limit is reached if the climb goes on, with the ends of the slope's 95 % interval; milliseconds from now. */
export interface TimeToLimit {
  readonly expectedMs: number;
  readonly earliestMs: number;
  /** Infinite where the interval of the slope reaches down to a flat line. */
  readonly latestMs: number;
}

export function timeToLimit({ line, remaining }: Pick<Climb, 'line' | 'remaining'>): TimeToLimit {
  const after = (slope: number): number => (slope > 0 ? remaining / slope : Infinity);
  return { expectedMs: after(line.slope), earliestMs: after(line.high), latestMs: after(line.low) };
}
