import type { AloneTimes } from '../../src/simulator/fleet/serve-alone.ts';
import type { FleetArrival, FleetResult, RequestRecord } from '../../src/simulator/fleet/types.ts';
import type { LatencyTargets } from './scenarios/types.ts';

export interface Quantiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** What one run of one policy was worth. */
export interface Score {
  readonly requests: number;
  /** Requests that a lone idle engine would have served in time. */
  readonly attainable: number;
  /** Those of them that were. */
  readonly good: number;
  readonly abandoned: number;
  /** A client that gave up counts with the time it waited. ms. */
  readonly ttft: Quantiles;
  /** Of the requests that finished. ms. */
  readonly tpot: Quantiles;
  readonly replicaHours: number;
  readonly peakReplicas: number;
  readonly sizeChangesPerHour: number;
}

/** Of a run, in virtual ms. */
export interface RunLimits {
  readonly durationMs: number;
  readonly abandonAfterMs: number;
}

export type ServeAlone = (request: Omit<FleetArrival, 'atMs'>) => AloneTimes | undefined;

/** Answers of `serve` by lengths of prompt and output: traces repeat them. The cache is taken as empty. */
export function remembering(serve: ServeAlone): ServeAlone {
  const known = new Map<string, AloneTimes | undefined>();
  return ({ promptTokens, outputTokens }) => {
    const key = `${promptTokens} ${outputTokens}`;
    if (!known.has(key)) known.set(key, serve({ promptTokens, outputTokens }));
    return known.get(key);
  };
}

export function meets(times: AloneTimes | undefined, { ttftMs, tpotMs }: LatencyTargets): boolean {
  return times !== undefined && times.ttftMs <= ttftMs && (times.tpotMs ?? 0) <= tpotMs;
}

/** For each request, whether any policy could have served it in time. */
export function attainableOf(
  arrivals: readonly FleetArrival[],
  targets: LatencyTargets,
  serve: ServeAlone,
): readonly boolean[] {
  return arrivals.map((arrival) => meets(serve(arrival), targets));
}

export function isGood(record: RequestRecord, targets: LatencyTargets): boolean {
  return record.outcome === 'Finished' && meets(record, targets);
}

export function countGood(
  records: readonly RequestRecord[],
  attainable: readonly boolean[],
  targets: LatencyTargets,
): number {
  return records.filter((record, index) => attainable[index] === true && isGood(record, targets)).length;
}

export function score(
  { records, replicaHours, peakReplicas, sizeChanges }: FleetResult,
  attainable: readonly boolean[],
  targets: LatencyTargets,
  limits: RunLimits,
): Score {
  const ttft = records.map((record) =>
    record.outcome === 'Finished' ? record.ttftMs : limits.abandonAfterMs,
  );
  const tpot = records.flatMap((record) => (record.outcome === 'Finished' ? (record.tpotMs ?? []) : []));
  return {
    requests: records.length,
    attainable: attainable.filter(Boolean).length,
    good: countGood(records, attainable, targets),
    abandoned: records.filter(({ outcome }) => outcome !== 'Finished').length,
    ttft: quantiles(ttft),
    tpot: quantiles(tpot),
    replicaHours,
    peakReplicas,
    sizeChangesPerHour: (sizeChanges * 3_600_000) / limits.durationMs,
  };
}

/** Nearest rank; 0 where there is nothing. */
export function quantiles(values: readonly number[]): Quantiles {
  const ordered = Float64Array.from(values).sort();
  const at = (share: number): number => ordered[Math.max(0, Math.ceil(share * ordered.length) - 1)] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
