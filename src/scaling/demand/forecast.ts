/** Arrivals per second at a time. */
export interface RatePoint {
  readonly atMs: number;
  readonly rate: number;
}

/** The rate to be ready for, and why. */
export interface Forecast {
  readonly rate: number;
  readonly because: 'Now' | 'Trend' | 'Recurring';
  /** For `Recurring`: how much it rose. */
  readonly rise?: number;
}

const STEP_MS = 15_000;
const SMOOTH_MS = 60_000;
/** Below it, a history says nothing of what recurs. */
const LEAST_POINTS = 12;
/** A rise that the history does not hold in this share of its moments is no habit. */
const QUANTILE = 0.9;

/** Adds a point, at most one in 15 s; what is older than `keepMs` is forgotten. */
export function recordRate(
  points: readonly RatePoint[],
  rate: number,
  nowMs: number,
  keepMs: number,
): readonly RatePoint[] {
  const last = points.at(-1);
  if (last !== undefined && nowMs - last.atMs < STEP_MS) return points;
  return [...points.filter(({ atMs }) => nowMs - atMs < keepMs), { atMs: nowMs, rate }];
}

/**
 * The rate that an engine ordered now will meet when it is ready, `aheadSeconds` from now. Two reasons to expect more
 * than now: it grew in each of the last two spans of that length (the smaller growth, less its noise, goes on), or it
 * has risen within such a span in a tenth of all moments that are remembered (that rise comes again, up to the highest
 * rate seen). Never less than `rate`.
 */
export function forecast(
  points: readonly RatePoint[],
  rate: number,
  aheadSeconds: number,
  nowMs: number,
): Forecast {
  const trend = trendAhead(points, aheadSeconds, nowMs);
  const rise = usualRise(points, aheadSeconds);
  const highest = points.reduce((most, point) => Math.max(most, point.rate), rate);
  const recurring = Math.min(rate + rise, highest);
  if (recurring > rate && recurring >= trend) return { rate: recurring, because: 'Recurring', rise };
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

function usualRise(points: readonly RatePoint[], aheadSeconds: number): number {
  if (points.length < LEAST_POINTS) return 0;
  const ahead = Math.round((1000 * aheadSeconds) / STEP_MS);
  const rises = points
    .slice(0, -1)
    .map(
      ({ rate }, index) =>
        points.slice(index, index + ahead + 1).reduce((most, later) => Math.max(most, later.rate), rate) -
        rate,
    )
    .toSorted((a, b) => a - b);
  return rises[Math.floor(QUANTILE * rises.length)] ?? 0;
}
