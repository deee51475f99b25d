import type { EngineSample } from '../../../src/engine/sample.ts';
import { sumOf } from './observe.ts';
import { wva, type WvaAnalyser, type WvaReplica } from './wva.ts';

const KV_THRESHOLD = 0.8;
const QUEUE_THRESHOLD = 5;
const SCALE_UP_THRESHOLD = 0.85;
const SCALE_DOWN_BOUNDARY = 0.7;
/** Observations of the compute-bound capacity that are averaged. */
const HISTORY = 10;

/** Figures that WVA reads from the engine's flags. */
export interface EngineLimits {
  readonly kvTokens: number;
  readonly maxNumBatchedTokens: number;
  readonly maxNumSeqs: number;
}

/** Mean tokens of a request. */
export interface MeanRequest {
  readonly input: number;
  readonly output: number;
}

/** Tokens in use at which compute binds, from the flags: min(B·O/(I+O), S) · (I + O/2). */
export function computeBoundTokens(
  { maxNumBatchedTokens, maxNumSeqs }: EngineLimits,
  { input, output }: MeanRequest,
): number {
  const batch = Math.min((maxNumBatchedTokens * output) / (input + output), maxNumSeqs);
  return batch * (input + output / 2);
}

/**
 * Replicas by tokens: capacity of one, demand, what was ordered (pending ones included). More when demand exceeds 85 %
 * of the supply, fewer when it is below 70 %.
 */
export function sizeByTokens(current: number, demand: number, capacity: number): number {
  const supply = current * capacity;
  const need = demand / SCALE_UP_THRESHOLD - supply;
  if (need > 0) return current + Math.ceil(need / capacity);
  const spare = supply - demand / SCALE_DOWN_BOUNDARY;
  return spare > 0 ? Math.max(1, current - Math.floor(spare / capacity)) : current;
}

/** WVA's second analyser, in tokens (internal/engines/analyzers/saturation_v2). */
export function createTokenAnalyser(limits: EngineLimits): WvaAnalyser {
  let history: readonly number[] = [];
  const used = ({ kvCacheUsage }: WvaReplica): number => kvCacheUsage * limits.kvTokens;
  return ({ replicas, pages, current }) => {
    const mean = meanRequest(pages);
    if (replicas.length === 0 || mean === undefined) return current;
    const observed = replicas.filter(({ queue }) => queue >= QUEUE_THRESHOLD).map(used);
    history = [...history, ...observed].slice(-HISTORY);
    const computeBound =
      history.length > 0
        ? history.reduce((sum, tokens) => sum + tokens, 0) / history.length
        : computeBoundTokens(limits, mean);
    const capacity = Math.max(1, Math.min(KV_THRESHOLD * limits.kvTokens, computeBound));
    const demand = replicas.reduce((sum, replica) => sum + used(replica) + replica.queue * mean.input, 0);
    return sizeByTokens(current, demand, capacity);
  };
}

function meanRequest(pages: readonly EngineSample[]): MeanRequest | undefined {
  const prompts = sumOf(pages, ({ histograms }) => histograms.ttft?.count ?? 0);
  const finished = sumOf(pages, ({ histograms }) => histograms.e2e?.count ?? 0);
  if (prompts === 0 || finished === 0) return undefined;
  return {
    input: sumOf(pages, ({ promptTokens = 0 }) => promptTokens) / prompts,
    output: sumOf(pages, ({ generationTokens = 0 }) => generationTokens) / finished,
  };
}

export const WVA_V2 = wva('WVA v2', ({ engine }) =>
  createTokenAnalyser({
    kvTokens: engine.numGpuBlocks * engine.blockSize,
    maxNumBatchedTokens: engine.maxNumBatchedTokens,
    maxNumSeqs: engine.maxNumSeqs,
  }),
);
