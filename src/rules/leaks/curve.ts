import { autocorrelation } from './statistics.ts';

/** Values that climb, and what may explain them. All arrays are of one length, at least four. */
export interface ClimbingSeries {
  readonly values: readonly number[];
  /** What growth may go by, each ascending: time, finished requests. */
  readonly axes: readonly (readonly number[])[];
  /** What else the values may follow: requests in flight, the most of them so far. */
  readonly loads: readonly (readonly number[])[];
}

/** Of the window, in time constants: a bend of less is a line, one of more is over within the first points. */
const [LEAST_BEND, MOST_BEND] = [0.02, 12];
const BOUND_STEPS = 7;
const SEARCH_STEPS = 12;
const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** Of the variance: fits cannot be told apart more finely than figures are written. */
const ROUNDING = 1e-9;

/**
 * How much better a climb that goes on explains the values than one that levels off at the limit or below: the logarithm
 * of the likelihood ratio of the best line y = a + b·x + c·load to the best plateau y = a + b·(1 − e^(−x/τ)) + c·load
 * with a + b ≤ limit, each on its best axis, with its best load, b and c not negative. Least squares; as many independent
 * points as are left after the lag-1 autocorrelation of the line's residuals. 0 where both explain the values as well, and
 * negative where they level off.
 */
export function evidenceAgainstPlateau(series: ClimbingSeries, limit: number): number {
  const values = centred(series.values);
  const room = limit - meanOf(series.values);
  const loads = [undefined, ...series.loads.map(centred).filter((load) => dot(load, load) > 0)];
  const bases = series.axes.flatMap((axis) => loads.map((load) => ({ values, x: unit(axis), load })));
  const lines = bases.map((base) => ({ base, ...fit(base, base.x) }));
  const line = lines.reduce((best, one) => (one.square < best.square ? one : best));
  const plateau = Math.min(...bases.map((base) => leastSquareOfPlateau(base, room)));
  if (plateau === Infinity) return Infinity;
  const rest = values.map(
    (value, i) => value - line.slope * (line.base.x[i] ?? 0) - line.perLoad * (line.base.load?.[i] ?? 0),
  );
  const r = autocorrelation(centred(rest));
  const independent = values.length * ((1 - r) / (1 + r));
  const floor = ROUNDING * dot(values, values);
  return (independent / 2) * Math.log((plateau + floor) / (line.square + floor));
}

/** Centred values, an axis from 0 to 1, and a centred load. */
interface Basis {
  readonly values: readonly number[];
  readonly x: readonly number[];
  readonly load: readonly number[] | undefined;
}

/** The least sum of squares of a plateau that ends within the room; infinite if none does. */
function leastSquareOfPlateau(basis: Basis, room: number): number {
  const at = (logBend: number): Fit & { readonly end: number } => {
    const bend = Math.exp(logBend);
    const fitted = fit(
      basis,
      basis.x.map((x) => 1 - Math.exp(-bend * x)),
    );
    return { ...fitted, end: fitted.slope * (1 - fitted.mean) };
  };
  let [low, high] = [Math.log(LEAST_BEND), Math.log(MOST_BEND)];
  if (at(high).end > room) return Infinity;
  // The more it bends the lower it ends: from where it ends at the limit on.
  let feasible = high;
  for (let step = 0; step < BOUND_STEPS; step++) {
    const middle = (low + feasible) / 2;
    if (at(middle).end > room) low = middle;
    else feasible = middle;
  }
  low = feasible;
  let least = at(low).square;
  let [a, b] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
  let [atA, atB] = [at(a).square, at(b).square];
  for (let step = 0; step < SEARCH_STEPS; step++) {
    least = Math.min(least, atA, atB);
    if (atA < atB) {
      [high, b, atB] = [b, a, atA];
      a = high - GOLDEN * (high - low);
      atA = at(a).square;
    } else {
      [low, a, atA] = [a, b, atB];
      b = low + GOLDEN * (high - low);
      atB = at(b).square;
    }
  }
  return least;
}

interface Fit {
  readonly slope: number;
  readonly perLoad: number;
  /** Sum of the squares of what is left. */
  readonly square: number;
  /** Of the curve. */
  readonly mean: number;
}

/**
 * Least squares of the values on a curve and, where it takes part with a positive share, on the load. One pass: this runs a
 * hundred times for one climb.
 */
function fit({ values, load }: Basis, curve: readonly number[]): Fit {
  let [sum, xx, xy, xl, ll, ly, yy] = [0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < curve.length; i++) {
    const x = curve[i] ?? 0;
    const y = values[i] ?? 0;
    const l = load?.[i] ?? 0;
    sum += x;
    xx += x * x;
    xy += x * y;
    xl += x * l;
    ll += l * l;
    ly += l * y;
    yy += y * y;
  }
  const mean = sum / curve.length;
  xx -= sum * mean;
  const determinant = xx * ll - xl * xl;
  const both = determinant > 0 ? (ll * xy - xl * ly) / determinant : 0;
  const share = determinant > 0 ? (xx * ly - xl * xy) / determinant : 0;
  const isBoth = both > 0 && share > 0;
  const slope = isBoth ? both : Math.max(0, xx > 0 ? xy / xx : 0);
  const perLoad = isBoth ? share : 0;
  return { slope, perLoad, square: Math.max(0, yy - slope * xy - perLoad * ly), mean };
}

/** From 0 at the first to 1 at the last. */
function unit(axis: readonly number[]): readonly number[] {
  const from = axis[0] ?? 0;
  const length = (axis.at(-1) ?? 0) - from;
  return axis.map((value) => (length > 0 ? (value - from) / length : 0));
}

/** The values less their mean. */
export function centred(values: readonly number[]): readonly number[] {
  const mean = meanOf(values);
  return values.map((value) => value - mean);
}

export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
