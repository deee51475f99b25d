const QUANTILES = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, p999: 0.999 } as const;

export type Percentile = keyof typeof QUANTILES;

const PERCENTILES: readonly Percentile[] = ['p50', 'p90', 'p95', 'p99', 'p999'];

export interface Distribution {
  readonly samples: number;
  /** Undefined, as all figures, without samples. */
  readonly mean: number | undefined;
  readonly max: number | undefined;
  /** By linear interpolation between the closest ranks (Hyndman and Fan's type 7, the default of NumPy). */
  readonly percentiles: Readonly<Record<Percentile, number | undefined>>;
  /** Percentiles that too few samples lie beyond to judge by: fewer than 1/(1-q), so 100 for p99, 1000 for p99.9. */
  readonly insufficientSamples: readonly Percentile[];
}

/** Describes the values that are there; undefined ones (requests without that latency) are left out. */
export function describeDistribution(values: readonly (number | undefined)[]): Distribution {
  const sorted = values.filter((value) => value !== undefined).toSorted((a, b) => a - b);
  return {
    samples: sorted.length,
    mean: sorted.length === 0 ? undefined : sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    max: sorted.at(-1),
    percentiles: {
      p50: quantile(sorted, QUANTILES.p50),
      p90: quantile(sorted, QUANTILES.p90),
      p95: quantile(sorted, QUANTILES.p95),
      p99: quantile(sorted, QUANTILES.p99),
      p999: quantile(sorted, QUANTILES.p999),
    },
    insufficientSamples: PERCENTILES.filter((name) => sorted.length < Math.round(1 / (1 - QUANTILES[name]))),
  };
}

function quantile(sorted: readonly number[], q: number): number | undefined {
  const rank = q * (sorted.length - 1);
  const below = sorted[Math.floor(rank)];
  const above = sorted[Math.ceil(rank)];
  if (below === undefined || above === undefined) return undefined;
  return below + (above - below) * (rank - Math.floor(rank));
}
