import type { EngineSample, RankSample } from '../../engine/sample.ts';
import { finished } from '../../signals/requests.ts';

/** What a page says of one data-parallel rank; of an engine with one rank, what it says of the engine. */
export interface RankReading extends RankSample {
  /** Unix time in seconds at which the server started. */
  readonly processStartTimeSeconds?: number | undefined;
}

export function readingsOf(sample: EngineSample): readonly RankReading[] {
  const count = Math.max(1, sample.ranks.length);
  return Array.from({ length: count }, (_, index) => readingOf(sample, index)).flatMap((one) => one ?? []);
}

/**
 * The rank at `index`, if it is still the one named `engine`. Pages of one server name their ranks in one order, so that
 * another name there means another server.
 */
export function readingOf(sample: EngineSample, index: number, engine?: string): RankReading | undefined {
  const { ranks, processStartTimeSeconds } = sample;
  const rank = ranks[index];
  if (ranks.length > 1) {
    if (rank === undefined || (engine !== undefined && rank.engine !== engine)) return undefined;
    return { ...rank, processStartTimeSeconds };
  }
  if (index > 0) return undefined;
  return {
    engine: rank?.engine ?? '0',
    running: sample.running,
    waiting: sample.waiting,
    waitingForCapacity: sample.waitingByReason?.['capacity'],
    kvCacheUsage: sample.kvCacheUsage,
    promptTokens: sample.promptTokens,
    generationTokens: sample.generationTokens,
    preemptions: sample.preemptions,
    steps: sample.steps,
    finished: finished(sample),
    processStartTimeSeconds,
  };
}

/** Requests that wait for a seat or for KV blocks: all that wait, where an engine does not say why they do. */
export function waitsForCapacity({ waitingForCapacity, waiting }: RankReading): number {
  return waitingForCapacity ?? waiting ?? 0;
}

/** Whether an engine counts anything by which it could be told that it works. */
export function counts({ steps, promptTokens, generationTokens, finished: ended }: RankReading): boolean {
  return [steps, promptTokens, generationTokens, ended].some((value) => value !== undefined);
}

/**
 * Whether nothing happened between two pages: no engine step, no token, no request that finished or was thrown out, on
 * one and the same server. Usage of the KV cache is pushed with each step, also with those of a long prefill, which the
 * count of steps leaves out: it is written when an output comes (vllm/v1/engine/async_llm.py, output_handler).
 */
export function standsStill(a: RankReading, b: RankReading): boolean {
  return (
    a.steps === b.steps &&
    a.promptTokens === b.promptTokens &&
    a.generationTokens === b.generationTokens &&
    a.finished === b.finished &&
    a.preemptions === b.preemptions &&
    a.kvCacheUsage === b.kvCacheUsage &&
    a.processStartTimeSeconds === b.processStartTimeSeconds
  );
}
