import type { EngineModelConfig } from './engine-model.ts';
import { PROFILE_BLOCK_SIZE, type EngineProfile } from './profiles.ts';

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
