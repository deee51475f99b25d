import {
  slopePerRequest,
  leastPace,
  pacesOf,
  shareNetOfLoad,
  timeToLimit,
  type Climb,
  type ClimbPoint,
} from './climb.ts';
import type { LeakEvidence } from './verdict.ts';

/** What a climb must show. */
export interface Demands {
  /** Mann-Kendall's z. */
  readonly significance: number;
  /** Growth in the window over what is left to the limit. */
  readonly growthShare: number;
  /** Most of the growth that the points may lie off the line, as a median: two levels in turn lie a quarter off or more. */
  readonly scatter: number;
  /** Of the climb, what the load must leave unexplained. */
  readonly netOfLoad: number;
}

/** A reason that speaks against a leak, and whether more of the same could still become one. */
export interface Objection {
  readonly kind: 'Innocent' | 'Open';
  readonly reason: string;
  readonly because: string;
}

/** The other axis than the one that shows a steady climb may bend, as traffic does in a day, but no more than this. */
const LEAST_OTHER_PACE = 0.55;
/**
 * Growth over what is left that is needed where one axis says that the climb slows down: a cache that fills by request
 * while traffic rises is a straight line of time, for a while.
 */
const DISAGREED_SHARE = 0.6;
/** The last third of a climb that goes on, against the whole. */
const LEAST_PACE_NOW = 0.5;

/** Of its slope, what a climb must have at the lower end of the slope's interval. */
const LEAST_SURE_SHARE = 0.75;

type Check = (climb: Climb, earlier: readonly ClimbPoint[], demands: Demands) => Objection | undefined;

/** In this order: what proves innocence stands before what only asks for patience. */
const CHECKS: readonly Check[] = [isSignificant, isLine, isNewHigh, goesOn, isNotTheLoad, isEnough];

/**
 * What speaks against a leak first; undefined if nothing does.
 *
 * @param earlier what was before the window, all of it
 */
export function objectionTo(
  climb: Climb,
  earlier: readonly ClimbPoint[],
  demands: Demands,
): Objection | undefined {
  for (const check of CHECKS) {
    const objection = check(climb, earlier, demands);
    if (objection !== undefined) return objection;
  }
  return undefined;
}

function isSignificant({ line }: Climb, _: readonly ClimbPoint[], demands: Demands): Objection | undefined {
  if (line.significance >= demands.significance && line.low >= LEAST_SURE_SHARE * line.slope)
    return undefined;
  const because = `its ups and downs could be chance (Mann-Kendall z ${line.significance.toFixed(1)}, ${demands.significance} needed)`;
  return { kind: 'Innocent', reason: 'NoTrend', because };
}

/** Steps and noise leave points far from any line. */
function isLine({ line, growth }: Climb, _: readonly ClimbPoint[], demands: Demands): Objection | undefined {
  if (line.scatter <= demands.scatter * growth) return undefined;
  return {
    kind: 'Innocent',
    reason: 'NoLine',
    because: 'its steps and swings are too large beside that',
  };
}

/** What a leak took never comes back: it stands higher than ever. A wave has been here before. */
function isNewHigh({ level }: Climb, earlier: readonly ClimbPoint[]): Objection | undefined {
  if (earlier.every(({ value }) => value < level)) return undefined;
  return { kind: 'Innocent', reason: 'SeenBefore', because: 'it stood as high before, and came down again' };
}

/** A leak keeps its pace, 1; midway between that and the pace to a plateau at the limit the line is drawn. */
function goesOn(climb: Climb): Objection | undefined {
  const paces = pacesOf(climb);
  const [first] = paces;
  if (first === undefined)
    return {
      kind: 'Innocent',
      reason: 'TooFewSamples',
      because: 'a third of the window has too few samples',
    };
  const least = leastPace(climb);
  const steady = paces.some(
    ({ ratio, atLeast, now }) => ratio >= (1 + least) / 2 && atLeast >= least && now >= LEAST_PACE_NOW,
  );
  if (steady && paces.every(({ ratio }) => ratio >= LEAST_OTHER_PACE)) return undefined;
  const because = `it slows down: its last third climbs at ${first.ratio.toFixed(2)} of the first third's pace (${((1 + least) / 2).toFixed(2)} needed)`;
  return { kind: 'Innocent', reason: 'Plateau', because };
}

function isNotTheLoad(climb: Climb, _: readonly ClimbPoint[], demands: Demands): Objection | undefined {
  const share = shareNetOfLoad(climb);
  if (share === undefined)
    return {
      kind: 'Open',
      reason: 'LoadUnknown',
      because: 'the load meanwhile is not known for every sample',
    };
  if (share >= demands.netOfLoad) return undefined;
  return { kind: 'Open', reason: 'FollowsLoad', because: 'the load rose as well and may explain it' };
}

function isEnough(climb: Climb, _: readonly ClimbPoint[], demands: Demands): Objection | undefined {
  const { growth, remaining } = climb;
  const agreed = pacesOf(climb).every(({ ratio }) => ratio >= leastPace(climb));
  const share = agreed ? demands.growthShare : Math.max(demands.growthShare, DISAGREED_SHARE);
  if (growth >= share * remaining) return undefined;
  const because = `it is still small: ${((100 * growth) / remaining).toFixed(0)} % of what is left (${100 * share} % needed)`;
  return { kind: 'Open', reason: 'TooEarly', because };
}

const HOUR_MS = 3_600_000;

/** The numbers of a climb, for people and programs. */
export function evidenceOf(climb: Climb): LeakEvidence {
  const { points, line, level, remaining, growth } = climb;
  const ratios = pacesOf(climb).map(({ ratio }) => ratio);
  return {
    fromMs: points[0]?.atMs ?? 0,
    toMs: points.at(-1)?.atMs ?? 0,
    samples: points.length,
    perHour: line.slope * HOUR_MS,
    perHourLow: line.low * HOUR_MS,
    perHourHigh: line.high * HOUR_MS,
    perRequest: slopePerRequest(points),
    level,
    limit: level + remaining,
    growth,
    significance: line.significance,
    pace: ratios.length === 0 ? undefined : Math.max(...ratios),
    timeToLimit: timeToLimit(climb),
  };
}
