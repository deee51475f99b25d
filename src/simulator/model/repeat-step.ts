import type { Histogram } from './histogram.ts';
import { stepDurationMs, type StepCost } from './profiles.ts';

/** Decode steps that are all alike but for the context, which grows by one token a sequence. */
export interface DecodeRun {
  readonly stepCost: StepCost;
  /** Sequences, each with one token a step. */
  readonly batch: number;
  /** Context tokens of the first step. */
  readonly contextTokens: number;
  /** At most so many. */
  readonly steps: number;
  /** KV blocks that the n-th step from now takes, at n modulo the block size; n from 0. */
  readonly blocksTaken: Readonly<Uint32Array>;
  readonly freeBlocks: number;
  readonly fromMs: number;
  /** No step may end after it. */
  readonly untilMs: number;
  /** No step may start at it or later. */
  readonly beforeMs: number;
}

/**
 * Plays the steps of a run one after the other, with the additions in the order in which single steps make them, so
 * that not even a rounding differs. @returns how many fit, and when the last one ended
 */
export function repeatDecodeStep(
  run: DecodeRun,
  interTokenLatency: Histogram,
): { readonly steps: number; readonly endMs: number } {
  const { stepCost, batch, blocksTaken, untilMs, beforeMs } = run;
  const load = { computedTokens: batch, decodingSequences: batch, contextTokens: run.contextTokens };
  let free = run.freeBlocks;
  let endMs = run.fromMs;
  let phase = 0;
  let steps = 0;
  for (; steps < run.steps && endMs < beforeMs; steps += 1) {
    free -= blocksTaken[phase] ?? 0;
    if (free < 0) break;
    phase = phase + 1 === blocksTaken.length ? 0 : phase + 1;
    const nextMs = endMs + stepDurationMs(stepCost, load);
    if (nextMs > untilMs) break;
    interTokenLatency.observe((nextMs - endMs) / 1000, batch);
    endMs = nextMs;
    load.contextTokens += batch;
  }
  return { steps, endMs };
}
