import type { RatePoint } from './forecast.ts';
import type { LoadRecord } from './safe-load.ts';
import { NO_PACE, type PaceLine } from './seats.ts';
import { NO_TRAFFIC, type Traffic } from './traffic.ts';

/** Means of the requests of a fleet. */
export interface MeanRequest {
  /** Prompt tokens that the prefix cache did not have. */
  readonly promptTokens: number;
  readonly generatedTokens: number;
}

/** What is remembered of a fleet's demand and of what its engines can carry; lost with the leader. */
export interface DemandMemory {
  /** What the learned capacity holds for: another revision or another promise makes it void. */
  readonly subject: string;
  /** Of the last pass; absent before the first. */
  readonly seenAtMs?: number;
  readonly traffic: Traffic;
  /** As long as requests end, those of the last minutes; then the last that was known. */
  readonly request?: MeanRequest;
  readonly rates: readonly RatePoint[];
  readonly pace: PaceLine;
  /** Work per second that each engine had, lately. */
  readonly loads: readonly { readonly atMs: number; readonly load: number }[];
  readonly record: LoadRecord;
}

export const FRESH_DEMAND: DemandMemory = {
  subject: '',
  traffic: NO_TRAFFIC,
  rates: [],
  pace: NO_PACE,
  loads: [],
  record: new Map(),
};

/** The memory without what was learned of engines that are no more, or of a promise that is no longer given. */
export function forSubject(memory: DemandMemory, subject: string): DemandMemory {
  if (memory.subject === subject) return memory;
  const { traffic, rates, request } = memory;
  return {
    ...FRESH_DEMAND,
    subject,
    rates,
    ...(request !== undefined && { request }),
    traffic: memory.subject === '' ? traffic : NO_TRAFFIC,
  };
}
