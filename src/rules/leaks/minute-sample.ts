import { median } from './statistics.ts';

/** What was read of one engine at one moment, from its page or from its container's metrics; what is unknown is absent. */
export interface Reading {
  /** Working set of the engine's container (`metrics.k8s.io`), page cache included. */
  readonly workingSetBytes?: number | undefined;
  /** `process_resident_memory_bytes` of its page: the API server's process alone. */
  readonly apiServerResidentBytes?: number | undefined;
  /** Finished requests since its start. */
  readonly finishedRequests?: number | undefined;
  /** Engine steps since its start: the heartbeat. */
  readonly steps?: number | undefined;
  /** Requests running and waiting, of one page. */
  readonly inFlight?: number | undefined;
  /** Share of the KV cache in use, 0 to 1, of the same page. */
  readonly kvCacheUsage?: number | undefined;
}

/** One minute of one engine. Medians, so that one odd reading moves nothing. */
export interface MinuteSample {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly workingSetBytes?: number | undefined;
  readonly apiServerResidentBytes?: number | undefined;
  /** Counters as read last; the history makes growth of them. */
  readonly finishedRequests?: number | undefined;
  readonly steps?: number | undefined;
  readonly inFlight?: number | undefined;
  /** The lowest KV usage that a page without a request in flight showed. */
  readonly idleKvCacheUsage?: number | undefined;
}

/** The readings of one minute as one sample; undefined without any. */
export function minuteSample(atMs: number, readings: readonly Reading[]): MinuteSample | undefined {
  if (readings.length === 0) return undefined;
  const all = (field: keyof Reading): readonly number[] =>
    readings.flatMap((reading) => reading[field] ?? []);
  const idle = readings.flatMap(({ inFlight, kvCacheUsage }) => (inFlight === 0 ? (kvCacheUsage ?? []) : []));
  return {
    atMs,
    workingSetBytes: median(all('workingSetBytes')),
    apiServerResidentBytes: median(all('apiServerResidentBytes')),
    finishedRequests: all('finishedRequests').at(-1),
    steps: all('steps').at(-1),
    inFlight: median(all('inFlight')),
    idleKvCacheUsage: idle.length > 0 ? Math.min(...idle) : undefined,
  };
}
