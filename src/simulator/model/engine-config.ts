import { PROFILE_BLOCK_SIZE, type EngineProfile, type StepCost } from './profiles.ts';

export interface EngineModelConfig {
  readonly stepCost: StepCost;
  readonly requestOverheadMs: number;
  readonly numGpuBlocks: number;
  /** Tokens. */
  readonly blockSize: number;
  readonly maxModelLen: number;
  readonly maxNumSeqs: number;
  readonly maxNumBatchedTokens: number;
  /** `undefined`: the queue is unbounded. */
  readonly maxNumQueuedReqs: number | undefined;
  /** Prompt tokens that may be queued; absent: any number. */
  readonly maxNumQueuedTokens?: number | undefined;
  /** Adapters that a batch may have; absent: any number. */
  readonly maxLoras?: number | undefined;
  /** Whether full blocks are found again by later requests; off where it is not given. */
  readonly prefixCaching?: boolean;
}

/** An engine with vLLM's defaults on the hardware and model of a profile. */
export function engineConfigOf(profile: EngineProfile): EngineModelConfig {
  return {
    stepCost: profile.stepCost,
    requestOverheadMs: profile.requestOverheadMs,
    numGpuBlocks: profile.kvBlocks,
    blockSize: PROFILE_BLOCK_SIZE,
    maxModelLen: profile.maxModelLen,
    maxNumSeqs: profile.maxNumSeqs,
    maxNumBatchedTokens: profile.maxNumBatchedTokens,
    maxNumQueuedReqs: undefined,
  };
}
