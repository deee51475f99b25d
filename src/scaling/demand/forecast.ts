/** Arrivals per second at a time. */
export interface RatePoint {
  readonly atMs: number;
  readonly rate: number;
}

/** The rate to be ready for, and why. */
export interface Forecast {
  readonly rate: number;
  /** `Rises`: it has risen to that before, and may again. */
  readonly because: 'Now' | 'Trend' | 'Rises';
}

const STEP_MS = 15_000;
const SMOOTH_MS = 60_000;
/** A trend looks back over two starts of an engine. */
const LEAST_KEPT_MS = 1_260_000;
/** Below it, a history says nothing of what recurs. */
const LEAST_POINTS = 12;
/** A rise that the history does not hold in this share of its moments is no habit. */
const QUANTILE = 0.9;
/**
 * Nor is one that a steady load shows by chance: a rate is counted over half a minute, its variance is that of the number
 * of arrivals (Poisson), and the highest of some minutes is usually three deviations above the lowest tenth.
 */
const CHANCE_DEVIATIONS = 4;
const COUNTED_MS = 30_000;
/** What happened once does not recur. */
const LEAST_EPISODES = 2;
/** How long a single rise is remembered, and rises that come back, in down-windows: 20 minutes and an hour by default. */
const SINGLE_RISE_WINDOWS = 4;
const RECURRING_RISE_WINDOWS = 12;

/** How far a forecast looks. */
export interface Horizon {
  /** Until an engine that is ordered now is ready. */
  readonly aheadSeconds: number;
  /** The stabilisation window of the way down: who lets a fleet shrink sooner wants less remembered. */
  readonly windowSeconds: number;
}

/** Adds a point, at most one in 15 s; what no forecast looks at is forgotten. */
export function recordRate(
  points: readonly RatePoint[],
  rate: number,
  { windowSeconds }: Horizon,
  nowMs: number,
): readonly RatePoint[] {
  const last = points.at(-1);
  if (last !== undefined && nowMs - last.atMs < STEP_MS) return points;
  const keepMs = Math.max(LEAST_KEPT_MS, RECURRING_RISE_WINDOWS * windowSeconds * 1000);
  return [...points.filter(({ atMs }) => nowMs - atMs < keepMs), { atMs: nowMs, rate }];
}

/**
 * The rate that an engine ordered now will meet when it is ready. Two reasons to expect more than now. It grew in each
 * of the last two spans of that length: the smaller growth, less its noise, goes on. Or it has risen within such a span
 * in a tenth of all moments that are remembered: that rise comes again, up to the highest rate seen. A rise that was
 * seen once is remembered for four down-windows, one that came back for twelve. Never less than `rate`.
 */
export function forecast(
  points: readonly RatePoint[],
  rate: number,
  { aheadSeconds, windowSeconds }: Horizon,
  nowMs: number,
): Forecast {
  const since = (windows: number): readonly RatePoint[] =>
    points.filter(({ atMs }) => nowMs - atMs < windows * windowSeconds * 1000);
  const remembered = since(RECURRING_RISE_WINDOWS);
  const rise = Math.max(
    usualRise(remembered, aheadSeconds, LEAST_EPISODES),
    usualRise(since(SINGLE_RISE_WINDOWS), aheadSeconds, 1),
  );
  const highest = remembered.reduce((most, point) => Math.max(most, point.rate), rate);
  const again = Math.min(rate + rise, highest);
  const trend = trendAhead(points, aheadSeconds, nowMs);
  if (again > rate && again >= trend) return { rate: again, because: 'Rises' };
  return trend > rate ? { rate: trend, because: 'Trend' } : { rate, because: 'Now' };
}

function trendAhead(points: readonly RatePoint[], aheadSeconds: number, nowMs: number): number {
  const spanMs = 1000 * Math.max(60, aheadSeconds);
  const now = meanBefore(points, nowMs);
  const once = meanBefore(points, nowMs - spanMs);
  const twice = meanBefore(points, nowMs - 2 * spanMs);
  if (now === undefined || once === undefined || twice === undefined) return 0;
  // Arrivals are counted over a minute: their variance is their number (Poisson), and a growth has twice that.
  const noise = Math.sqrt((2 * now * 1000) / SMOOTH_MS);
  const growth = Math.min(now - once, once - twice) - noise;
  return growth > 0 ? now + (growth * (1000 * aheadSeconds + SMOOTH_MS / 2)) / spanMs : 0;
}

function meanBefore(points: readonly RatePoint[], endMs: number): number | undefined {
  const within = points.filter(({ atMs }) => atMs <= endMs && atMs > endMs - SMOOTH_MS);
  return within.length === 0 ? undefined : within.reduce((sum, { rate }) => sum + rate, 0) / within.length;
}

function usualRise(points: readonly RatePoint[], aheadSeconds: number, leastEpisodes: number): number {
  if (points.length < LEAST_POINTS) return 0;
  const ahead = Math.round((1000 * aheadSeconds) / STEP_MS);
  const rises = points.slice(0, -1).map(({ atMs, rate }, index) =>
    points
      .slice(index + 1, index + 1 + ahead)
      .filter((later) => later.atMs - atMs <= 1000 * aheadSeconds)
      .reduce((most, later) => Math.max(most, later.rate - rate), 0),
  );
  const usual = rises.toSorted((a, b) => a - b)[Math.floor(QUANTILE * rises.length)] ?? 0;
  const mean = points.reduce((sum, { rate }) => sum + rate, 0) / points.length;
  const isChance = usual < CHANCE_DEVIATIONS * Math.sqrt((1000 * mean) / COUNTED_MS);
  return isChance || episodes(rises, usual, ahead) < leastEpisodes ? 0 : usual;
}

/** How many times the rise was at least `height`; moments less than `apart` steps from the last one are the same time. */
function episodes(rises: readonly number[], height: number, apart: number): number {
  const high = rises.flatMap((rise, index) => (rise >= height ? [index] : []));
  return high.filter((index, nth) => index - (high[nth - 1] ?? -Infinity) > apart).length;
}
