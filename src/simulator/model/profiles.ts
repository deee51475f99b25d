/**
 * How fast one engine is: `step_ms = max(a, b*T) + d*S + c*KV`, where T counts all tokens computed in the step
 * (prefill chunks plus one a decoding sequence), S the decoding sequences and KV the context tokens they hold.
 * The quadratic attention term is left out: negligible below about 8k tokens of context.
 */
export interface StepCost {
  /** Floor of a step: reading the weights once. ms. */
  readonly a: number;
  /** ms per token computed. */
  readonly b: number;
  /** ms per context token of the decoding sequences. */
  readonly c: number;
  /** ms per decoding sequence. */
  readonly d: number;
}

export interface EngineProfile {
  readonly stepCost: StepCost;
  /** Tokenizing and the way through the API server, once a request; does not occupy the engine. ms. */
  readonly requestOverheadMs: number;
  /** KV blocks of 16 tokens that fit beside the weights. */
  readonly kvBlocks: number;
  /** The model's own context limit in tokens. */
  readonly maxModelLen: number;
  readonly maxNumSeqs: number;
  readonly maxNumBatchedTokens: number;
  /** Pod scheduled on a node that has the image, until ready. Seconds. */
  readonly startupSeconds: number;
}

/** Tokens in one KV block of the profiles. */
export const PROFILE_BLOCK_SIZE = 16;

const LLAMA_31_CONTEXT = 131_072;

/**
 * Each figure is one choice inside the range its sources span. Where from:
 * - a: measured inter-token latency at one sequence, 8B on H100: 7.0 ms (llm-d workload-variant-autoscaler,
 *   docs/tutorials/parameter-estimation.md); A100 between BLIS's fit of 16.4 and 9.8 ms of GEMM alone in
 *   microsoft/vidur's profiles; L40S from that autoscaler's chart; 70B the 14.5 ms of vidur's profile.
 * - b: BLIS defaults.yaml and vidur's mlp.csv (flat up to about 256 tokens, then linear: hence the max);
 *   L40S assumed from its peak arithmetic; 70B vidur's 0.0556, since with BLIS' 0.0764 (and a = 16.2, fitted to
 *   latencies that have the prefill of others in them) a load of 10 requests/s gives 32 ms between tokens where
 *   20.4 were measured (sim-to-real's error_records.csv), and with these 22.7.
 * - c: 6.1e-5 fitted from Llama-2-7B on H100 at 6k, 15k and 30k KV tokens; others by memory bandwidth.
 * - d: inferred from 8.7 ms at 64 sequences on H100; the others from charts. No direct measurement.
 * - kvBlocks: vLLM start-up logs (ai-dynamo/aiperf#449; 70B from BLIS testdata); L40S from the log of an
 *   RTX 6000 Ada, which has the same 48 GB.
 * - maxNumSeqs, maxNumBatchedTokens: vLLM's `get_batch_defaults` by memory of the GPU.
 * - startupSeconds: the typical case of public start-up logs (72 to 277 s); slower with cold images.
 */
export const ENGINE_PROFILES = {
  'llama3.1-8b/H100x1': {
    stepCost: { a: 7, b: 0.0198, c: 0.000065, d: 0.01 },
    requestOverheadMs: 8,
    kvBlocks: 26_071,
    maxModelLen: LLAMA_31_CONTEXT,
    maxNumSeqs: 1024,
    maxNumBatchedTokens: 8192,
    startupSeconds: 120,
  },
  'llama3.1-8b/A100x1': {
    stepCost: { a: 12, b: 0.0578, c: 0.00011, d: 0.018 },
    requestOverheadMs: 8,
    kvBlocks: 26_071,
    maxModelLen: LLAMA_31_CONTEXT,
    maxNumSeqs: 256,
    maxNumBatchedTokens: 2048,
    startupSeconds: 120,
  },
  'llama3.1-8b/L40Sx1': {
    stepCost: { a: 22.6, b: 0.1, c: 0.00026, d: 0.035 },
    requestOverheadMs: 15,
    kvBlocks: 13_586,
    maxModelLen: LLAMA_31_CONTEXT,
    maxNumSeqs: 256,
    maxNumBatchedTokens: 2048,
    startupSeconds: 120,
  },
  'llama3.1-70b/H100x4': {
    stepCost: { a: 14.5, b: 0.0556, c: 0.000045, d: 0.03 },
    requestOverheadMs: 15,
    kvBlocks: 30_251,
    maxModelLen: LLAMA_31_CONTEXT,
    maxNumSeqs: 1024,
    maxNumBatchedTokens: 8192,
    startupSeconds: 240,
  },
} as const satisfies Record<string, EngineProfile>;

export type ProfileName = keyof typeof ENGINE_PROFILES;

export const DEFAULT_PROFILE: ProfileName = 'llama3.1-8b/L40Sx1';

export function isProfileName(name: string): name is ProfileName {
  return Object.hasOwn(ENGINE_PROFILES, name);
}

/** What one step has to compute. */
export interface StepLoad {
  /** T: prefill chunks, and one a decoding sequence. */
  computedTokens: number;
  /** S. */
  decodingSequences: number;
  /** KV: context tokens that the decoding sequences hold. */
  contextTokens: number;
}

/** Duration of one step in ms, by the formula of {@link StepCost}. */
export function stepDurationMs(cost: StepCost, load: Readonly<StepLoad>): number {
  return (
    Math.max(cost.a, cost.b * load.computedTokens) +
    cost.d * load.decodingSequences +
    cost.c * load.contextTokens
  );
}
