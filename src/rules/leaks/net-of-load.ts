import { centred, dot } from './curve.ts';
import { autocorrelation } from './statistics.ts';

/** One-sided 95 %. */
const Z_95 = 1.645;
/** A share of the load's variance below which load and time tell the same story and cannot be told apart. */
const COLLINEAR = 1e-6;

/**
 * The slope of `ys` over `xs` that is left when whatever goes with the load is put down to the load: the coefficient of x
 * in the least-squares fit y = a + b·x + c·load, less its standard error times 1.645 (a lower bound), the error widened
 * for autocorrelation as in `robustLine`. Memory that follows the load has none left; where load and time rise together
 * nothing can be said for sure, and the bound is low or negative.
 */
export function slopeNetOfLoad(
  xs: readonly number[],
  ys: readonly number[],
  loads: readonly number[],
): number {
  const x = centred(xs);
  const y = centred(ys);
  const load = centred(loads);
  const xx = dot(x, x);
  const xl = dot(x, load);
  const ll = dot(load, load);
  const determinant = xx * ll - xl * xl;
  const alone = dot(x, y) / xx;
  // A load that never changed explains nothing; one that is a straight line of time could explain everything.
  if (ll === 0) return alone;
  if (determinant < COLLINEAR * xx * ll) return 0;
  const slope = (ll * dot(x, y) - xl * dot(load, y)) / determinant;
  const perLoad = (xx * dot(load, y) - xl * dot(x, y)) / determinant;
  // More load does not free memory: a fit that says so is the leak's doing.
  if (perLoad < 0) return alone;
  const rest = y.map((value, i) => value - slope * (x[i] ?? 0) - perLoad * (load[i] ?? 0));
  const r = autocorrelation(rest);
  const variance = (dot(rest, rest) / Math.max(1, xs.length - 3)) * (ll / determinant) * ((1 + r) / (1 - r));
  return slope - Z_95 * Math.sqrt(variance);
}
