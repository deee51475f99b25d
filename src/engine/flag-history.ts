/**
 * When a flag of `vllm serve` came and went, by `vllm serve --help` of fifteen releases from 0.8.5.post2 to 0.32.0.
 * Between the two releases of a pair nobody looked: there a flag is neither promised nor refused.
 */
export interface FlagHistory {
  /** The last release without the flag and the first one with it; left out if it was there from the beginning. */
  readonly came?: readonly [lastWithout: string, firstWith: string];
  /** The last release with the flag and the first one without it; left out if it is still there. */
  readonly went?: readonly [lastWith: string, firstWithout: string];
  /** What to do where the flag does not exist any more. */
  readonly instead?: string;
}

/** Flags that are not in every release, those included that only guides for old releases still name. */
export const FLAG_HISTORY: Readonly<Record<string, FlagHistory>> = {
  '--swap-space': {
    went: ['0.17.1', '0.18.1'],
    instead: 'remove it: nothing is swapped any more; --kv-offloading-size keeps KV blocks in host memory',
  },
  '--preemption-mode': {
    went: ['0.10.2', '0.11.2'],
    instead: 'remove it: a preempted request is always recomputed',
  },
  '--num-scheduler-steps': {
    went: ['0.9.2', '0.10.2'],
    instead: 'use --async-scheduling, which hides the cost of scheduling',
  },
  '--use-v2-block-manager': {
    went: ['0.9.2', '0.10.2'],
    instead: 'remove it: there is one block manager',
  },
  '--scheduler-delay-factor': {
    went: ['0.10.2', '0.11.2'],
    instead: 'remove it: prefill and decode share each step (chunked prefill)',
  },
  '--max-seq-len-to-capture': {
    went: ['0.10.2', '0.11.2'],
    instead: 'remove it, or set cudagraph_capture_sizes in --compilation-config',
  },
  '--cuda-graph-sizes': {
    came: ['0.8.5', '0.9.2'],
    went: ['0.12.0', '0.13.0'],
    instead: 'set cudagraph_capture_sizes in --compilation-config',
  },
  '--guided-decoding-backend': {
    went: ['0.11.2', '0.12.0'],
    instead: 'set backend in --structured-outputs-config',
  },
  '--disable-log-requests': {
    went: ['0.15.1', '0.17.1'],
    instead: 'remove it: requests are logged only with --enable-log-requests',
  },
  '--disable-frontend-multiprocessing': {
    went: ['0.18.1', '0.20.2'],
    instead: 'remove it: the engine always runs in a process of its own',
  },
  '--max-num-partial-prefills': {
    went: ['0.24.0', '0.28.0'],
    instead: 'use --long-prefill-token-threshold, which keeps long prompts from filling a step',
  },
  '--max-long-partial-prefills': {
    went: ['0.24.0', '0.28.0'],
    instead: 'use --long-prefill-token-threshold, which keeps long prompts from filling a step',
  },
  '--calculate-kv-scales': {
    went: ['0.24.0', '0.28.0'],
    instead: 'remove it, and use a checkpoint that holds its KV scales',
  },
  '--api-server-count': { came: ['0.8.5', '0.9.2'] },
  '--async-scheduling': { came: ['0.9.2', '0.10.2'] },
  '--enable-log-requests': { came: ['0.9.2', '0.10.2'] },
  '--kv-cache-memory-bytes': { came: ['0.9.2', '0.10.2'] },
  '--kv-offloading-size': { came: ['0.10.2', '0.11.2'] },
  '--stream-interval': { came: ['0.10.2', '0.11.2'] },
  '--kv-cache-metrics': { came: ['0.11.2', '0.12.0'] },
  '--kv-cache-metrics-sample': { came: ['0.11.2', '0.12.0'] },
  '--optimization-level': { came: ['0.11.2', '0.12.0'] },
  '--profiler-config': { came: ['0.12.0', '0.13.0'] },
  '--enable-mfu-metrics': { came: ['0.13.0', '0.15.1'] },
  '--performance-mode': { came: ['0.15.1', '0.17.1'] },
  '--shutdown-timeout': { came: ['0.17.1', '0.18.1'] },
  '--scheduler-reserve-full-isl': { came: ['0.18.1', '0.20.2'] },
  '--watermark': { came: ['0.22.1', '0.24.0'] },
  '--enable-fault-tolerance': { came: ['0.24.0', '0.28.0'] },
  '--max-num-queued-reqs': { came: ['0.28.0', '0.30.0'] },
  '--max-num-queued-tokens': { came: ['0.28.0', '0.30.0'] },
  '--prefix-cache-retention-interval': { came: ['0.28.0', '0.30.0'] },
  '--custom-histogram-buckets': { came: ['0.30.0', '0.32.0'] },
};
