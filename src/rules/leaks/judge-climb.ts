import {
  slopePerRequest,
  leastPace,
  pacesOf,
  shareNetOfLoad,
  sureOfNoPlateau,
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
  /** Last third over first third on the axis, time or requests, that shows less of a climb. */
  readonly otherPace: number;
}

/** A reason that speaks against a leak, and whether more of the same could still become one. */
export interface Objection {
  readonly kind: 'Innocent' | 'Open';
  readonly reason: string;
  readonly because: string;
}

/** The last third of a climb that goes on, against the whole. */
const LEAST_PACE_NOW = 0.5;
/** Logarithm of the likelihood ratio that rules a plateau out. */
const RULED_OUT = 7;

/** Of its slope, what a climb must have at the lower end of the slope's interval. */
const LEAST_SURE_SHARE = 0.75;

type Check = (climb: Climb, earlier: readonly ClimbPoint[], demands: Demands) => Objection | undefined;

/** In this order: what proves innocence stands before what only asks for patience. */
const CHECKS: readonly Check[] = [
  isSignificant,
  isLine,
  isNewHigh,
  goesOn,
  isNotTheLoad,
  isEnough,
  isNoPlateau,
];

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
function goesOn(climb: Climb, _: readonly ClimbPoint[], demands: Demands): Objection | undefined {
  const paces = pacesOf(climb);
  const [first] = paces;
  if (first === undefined)
    return {
      kind: 'Innocent',
      reason: 'TooFewSamples',
      because: 'a third of the window has too few samples',
    };
  const least = leastPace(climb);
  const steady = paces.some(({ ratio, now }) => ratio >= (1 + least) / 2 && now >= LEAST_PACE_NOW);
  if (steady && paces.every(({ ratio }) => ratio >= demands.otherPace)) return undefined;
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
  if (growth >= demands.growthShare * remaining) return undefined;
  const because = `it is still small: ${((100 * growth) / remaining).toFixed(0)} % of what is left (${100 * demands.growthShare} % needed)`;
  return { kind: 'Open', reason: 'TooEarly', because };
}

function isNoPlateau(climb: Climb): Objection | undefined {
  const sure = sureOfNoPlateau(climb);
  if (sure >= RULED_OUT) return undefined;
  if (sure < 0)
    return {
      kind: 'Innocent',
      reason: 'Plateau',
      because: 'a curve that levels off fits better than a line',
    };
  const because = `a curve that levels off below the limit is not ruled out (likelihood ratio e^${sure.toFixed(1)}, e^${RULED_OUT} needed)`;
  return { kind: 'Open', reason: 'MayLevelOff', because };
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
