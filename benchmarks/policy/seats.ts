import type { FleetArrival } from '../../src/simulator/fleet/types.ts';
import type { EngineModelConfig } from '../../src/simulator/model/engine-config.ts';
import { stepDurationMs } from '../../src/simulator/model/profiles.ts';

/** Mean tokens of a request. */
export interface MeanRequest {
  readonly promptTokens: number;
  readonly outputTokens: number;
}

export function meanRequest(arrivals: readonly FleetArrival[]): MeanRequest {
  const mean = (read: (arrival: FleetArrival) => number): number =>
    arrivals.reduce((sum, arrival) => sum + read(arrival), 0) / Math.max(1, arrivals.length);
  return {
    promptTokens: mean(({ promptTokens }) => promptTokens),
    outputTokens: mean(({ outputTokens }) => outputTokens),
  };
}

/**
 * Most requests of this kind that an engine can hold so that a step, prefill of the next ones included, takes no
 * longer than `tpotMs`, and their context fits the KV cache. At least 1.
 *
 * In the steady state each step of S sequences also computes S/output prompts of newcomers.
 */
export function seatsPerEngine(
  { stepCost, numGpuBlocks, blockSize, maxNumSeqs }: EngineModelConfig,
  { promptTokens, outputTokens }: MeanRequest,
  tpotMs: number,
): number {
  const context = promptTokens + outputTokens / 2;
  const most = Math.min(maxNumSeqs, Math.floor((numGpuBlocks * blockSize) / context));
  const stepMs = (seats: number): number =>
    stepDurationMs(stepCost, {
      computedTokens: seats * (1 + promptTokens / outputTokens),
      decodingSequences: seats,
      contextTokens: seats * context,
    });
  let seats = 1;
  while (seats < most && stepMs(seats + 1) <= tpotMs) seats += 1;
  return seats;
}
