/** The middle value, or the mean of the two middle ones; undefined without values. */
export function median(values: ArrayLike<number>): number | undefined {
  return middle(Float64Array.from(values).sort());
}

/** A robust straight line through points: `slope` in y per x. */
export interface Line {
  readonly slope: number;
  /** Ends of the 95 % interval of the slope. */
  readonly low: number;
  readonly high: number;
  /** Median distance of the points from the line, in y. */
  readonly scatter: number;
  /** Mann-Kendall's z: how far the order of the values is from chance, in standard deviations; negative if it falls. */
  readonly significance: number;
}

const Z_95 = 1.96;
/** A smooth wave leaves residuals that hardly differ from their neighbours; beyond this nothing would be significant. */
const MAX_AUTOCORRELATION = 0.8;

/**
 * Theil and Sen's line: the median of the slopes between all pairs of points, which up to 29 % of outliers do not move,
 * with Sen's interval (Sen 1968, "Estimates of the regression coefficient based on Kendall's tau") and the significance
 * of Mann and Kendall. The variance is widened by (1 + r) / (1 − r) for the lag-1 autocorrelation r of the residuals
 * (Yue and Wang 2004, for a first-order process), because memory of one minute is much like that of the minute before.
 * Undefined with fewer than three distinct `xs`, which ascend.
 */
export function robustLine(xs: readonly number[], ys: readonly number[]): Line | undefined {
  const slopes = new Float64Array((xs.length * (xs.length - 1)) / 2);
  let pairs = 0;
  let concordance = 0;
  for (const [i, x] of xs.entries()) {
    for (let j = i + 1; j < xs.length; j++) {
      const run = (xs[j] ?? 0) - x;
      if (run <= 0) continue;
      const rise = (ys[j] ?? 0) - (ys[i] ?? 0);
      concordance += Math.sign(rise);
      slopes[pairs++] = rise / run;
    }
  }
  const sorted = slopes.subarray(0, pairs).sort();
  const slope = middle(sorted);
  if (slope === undefined || pairs < 3) return undefined;
  const n = xs.length;
  const rest = residuals(xs, ys, slope);
  const r = autocorrelation(rest);
  const deviation = Math.sqrt(((n * (n - 1) * (2 * n + 5)) / 18) * ((1 + r) / (1 - r)));
  const reach = (Z_95 * deviation) / 2;
  return {
    slope,
    low: at(sorted, pairs / 2 - reach),
    high: at(sorted, pairs / 2 + reach),
    scatter: median(rest.map(Math.abs)) ?? 0,
    significance: concordance / deviation,
  };
}

/** What is left of the values when the line is taken away, around its median. */
function residuals(xs: readonly number[], ys: readonly number[], slope: number): readonly number[] {
  const rest = ys.map((y, i) => y - slope * (xs[i] ?? 0));
  const centre = median(rest) ?? 0;
  return rest.map((value) => value - centre);
}

/** Correlation of each value with its neighbour, 0 to 0.8. */
export function autocorrelation(values: readonly number[]): number {
  const square = values.reduce((sum, value) => sum + value * value, 0);
  const product = values.reduce((sum, value, i) => sum + value * (values[i + 1] ?? 0), 0);
  return square === 0 ? 0 : Math.min(MAX_AUTOCORRELATION, Math.max(0, product / square));
}

function middle(sorted: Float64Array): number | undefined {
  if (sorted.length === 0) return undefined;
  return (
    (at(sorted, Math.floor((sorted.length - 1) / 2)) + at(sorted, Math.ceil((sorted.length - 1) / 2))) / 2
  );
}

function at(sorted: Float64Array, rank: number): number {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(rank)))] ?? 0;
}
