/** Bucket bounds of vLLM's histograms, as seen unchanged on the pages of 0.8.5 to 0.32.0. Seconds or tokens. */
export const TIME_TO_FIRST_TOKEN_BUCKETS = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640,
  2560,
] as const;

export const INTER_TOKEN_BUCKETS = [
  0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80,
] as const;

/** End-to-end latency and its phases: queue, prefill, decode, inference. */
export const REQUEST_LATENCY_BUCKETS = [
  0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680,
] as const;

export const ITERATION_TOKENS_BUCKETS = [
  1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384,
] as const;

export const PARAMS_N_BUCKETS = [1, 2, 5, 10, 20] as const;

export const PREEMPTIONS_BUCKETS = [1, 2, 3, 4, 5, 10, 20] as const;

/** Bounds of the token-count histograms: the 1-2-5 series up to `maxModelLen` tokens. */
export function tokenCountBuckets(maxModelLen: number): readonly number[] {
  const bounds: number[] = [];
  for (let decade = 1; decade <= maxModelLen; decade *= 10) {
    for (const mantissa of [1, 2, 5]) {
      if (mantissa * decade <= maxModelLen) bounds.push(mantissa * decade);
    }
  }
  return bounds;
}
