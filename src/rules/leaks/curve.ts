import { autocorrelation } from './statistics.ts';

/** One-sided 99 %. */
const Z_99 = 2.326;

/**
 * How much the pace of a curve falls at worst: its slope in the middle of its last third over that in the middle of its
 * first, from the least-squares parabola, less the standard error times 2.326, widened for autocorrelation as in
 * `robustLine`. 1 is a straight line; infinite where the curve only begins to rise in its course.
 */
export function leastPaceOfCurve(xs: readonly number[], ys: readonly number[]): number {
  const from = xs[0] ?? 0;
  const half = ((xs.at(-1) ?? 0) - from) / 2;
  // From -1 to 1, so that the thirds have their middles at ±2/3.
  const u = centred(xs.map((x) => (x - from) / half - 1));
  const y = centred(ys);
  const square = centred(u.map((value) => value * value));
  const uu = dot(u, u);
  const skew = dot(u, square) / uu;
  const bend = square.map((value, i) => value - skew * (u[i] ?? 0));
  const bends = dot(bend, bend);
  if (!(bends > 0)) return -Infinity;
  const c = dot(bend, y) / bends;
  const b = dot(u, y) / uu - c * skew;
  const rest = y.map((value, i) => value - b * (u[i] ?? 0) - c * (square[i] ?? 0));
  const r = autocorrelation(rest);
  const variance = (dot(rest, rest) / Math.max(1, xs.length - 3)) * ((1 + r) / (1 - r));
  const least = c - Z_99 * Math.sqrt(variance / bends);
  const [first, last] = [b - (4 / 3) * least, b + (4 / 3) * least];
  return first <= 0 ? Infinity : last / first;
}

/** The values less their mean. */
export function centred(values: readonly number[]): readonly number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}

export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}
