import type { LearnedLoad } from '../types.ts';
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

/**
 * What a generated token costs an engine, in prompt tokens. In the four profiles of the simulator's sources a token of
 * a sequence with 1,000 tokens of context takes 1.4 to 3.8 times the time of a prompt token. Only shifts of the mix of
 * requests are judged by it: the load that an engine can carry is learned in the same unit.
 */
const PROMPT_TOKENS_A_GENERATED_ONE = 3;

/** Work of a request, in prompt tokens. */
export function workOf({ promptTokens, generatedTokens }: MeanRequest): number {
  return promptTokens + PROMPT_TOKENS_A_GENERATED_ONE * generatedTokens;
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
  /** The highest load with which engines were known to keep the promise, when it was last known: it does not fade. */
  readonly limit?: number;
  /** A lower load that is tried because the promise was broken at all that were seen. */
  readonly tried?: number;
}

export const FRESH_DEMAND: DemandMemory = {
  subject: '',
  traffic: NO_TRAFFIC,
  rates: [],
  pace: NO_PACE,
  loads: [],
  record: new Map(),
};

/** The memory of a leader that begins to watch; what the one before it learned holds on. */
export function freshDemand(learned: LearnedLoad | undefined): DemandMemory {
  return learned === undefined
    ? FRESH_DEMAND
    : { ...FRESH_DEMAND, subject: learned.subject, limit: learned.load };
}

/** What the next leader shall know. */
export function learnedBy({ subject, limit }: DemandMemory): { readonly learned?: LearnedLoad } {
  return limit === undefined ? {} : { learned: { subject, load: limit } };
}

/** The memory without what was learned of engines that are no more, or of a promise that is no longer given. */
export function forSubject(memory: DemandMemory, subject: string): DemandMemory {
  if (memory.subject === subject) return memory;
  const { rates, request } = memory;
  return { ...FRESH_DEMAND, subject, rates, ...(request !== undefined && { request }) };
}
