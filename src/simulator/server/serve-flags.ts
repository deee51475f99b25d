import type { VersionSpan } from './vllm-version.ts';

/**
 * - `switch`: no value; `toggle`: no value, and `--no-…` says the contrary;
 * - `list`: one or more values; the others take exactly one.
 */
export type FlagKind = 'switch' | 'toggle' | 'integer' | 'number' | 'text' | 'list';

export interface FlagSpec extends VersionSpan {
  readonly kind: FlagKind;
}

const integer: FlagSpec = { kind: 'integer' };
const number: FlagSpec = { kind: 'number' };
const text: FlagSpec = { kind: 'text' };
const list: FlagSpec = { kind: 'list' };
const toggle: FlagSpec = { kind: 'toggle' };
const onOff: FlagSpec = { kind: 'switch' };

/**
 * The flags of `vllm serve` that the simulator knows, by their `--help` in fourteen versions (a span names the
 * first or last version in which the flag was seen), and our own, which start with `sim-`. Most are accepted and
 * change nothing; any other flag ends the engine as an unknown one ends vLLM.
 */
export const SERVE_FLAGS: Readonly<Record<string, FlagSpec>> = {
  host: text,
  port: integer,
  'api-key': list,
  'served-model-name': list,
  'max-model-len': integer,
  'max-num-seqs': integer,
  'max-num-batched-tokens': integer,
  'max-num-queued-reqs': { ...integer, since: '0.30.0' },
  'max-num-queued-tokens': { ...integer, since: '0.30.0' },
  'num-gpu-blocks-override': integer,
  'block-size': integer,
  'gpu-memory-utilization': number,
  'kv-cache-memory-bytes': { ...integer, since: '0.10.2' },
  'kv-cache-dtype': text,
  dtype: text,
  quantization: text,
  'load-format': text,
  revision: text,
  'tokenizer-revision': text,
  'code-revision': text,
  tokenizer: text,
  'tokenizer-mode': text,
  'download-dir': text,
  'hf-token': text,
  'hf-overrides': text,
  seed: integer,
  'tensor-parallel-size': integer,
  'pipeline-parallel-size': integer,
  'data-parallel-size': integer,
  'distributed-executor-backend': text,
  'shutdown-timeout': { ...integer, since: '0.18.1' },
  'scheduling-policy': text,
  'long-prefill-token-threshold': integer,
  watermark: { ...number, since: '0.24.0' },
  'cpu-offload-gb': number,
  'kv-offloading-size': { ...number, since: '0.11.2' },
  'kv-offloading-backend': { ...text, since: '0.11.2' },
  'compilation-config': text,
  'optimization-level': { ...text, since: '0.12.0' },
  'performance-mode': { ...text, since: '0.17.1' },
  'speculative-config': text,
  'limit-mm-per-prompt': text,
  'override-generation-config': text,
  'generation-config': text,
  'chat-template': text,
  'tool-call-parser': text,
  'reasoning-parser': text,
  'otlp-traces-endpoint': text,
  'uvicorn-log-level': text,
  'max-log-len': integer,
  'allowed-origins': text,
  'root-path': text,
  'swap-space': { ...number, until: '0.17.1' },
  'num-scheduler-steps': { ...integer, until: '0.9.2' },
  'preemption-mode': { ...text, until: '0.10.2' },
  'max-seq-len-to-capture': { ...integer, until: '0.10.2' },
  'scheduler-delay-factor': { ...number, until: '0.10.2' },
  'max-num-partial-prefills': { ...integer, until: '0.24.0' },
  'max-long-partial-prefills': { ...integer, until: '0.24.0' },
  'enable-chunked-prefill': toggle,
  'enable-sleep-mode': toggle,
  'enable-prefix-caching': toggle,
  'enforce-eager': toggle,
  'trust-remote-code': toggle,
  'async-scheduling': { ...toggle, since: '0.10.2' },
  'scheduler-reserve-full-isl': { ...toggle, since: '0.20.2' },
  'calculate-kv-scales': { ...toggle, until: '0.24.0' },
  'disable-custom-all-reduce': toggle,
  'enable-log-requests': { ...toggle, since: '0.10.2' },
  'kv-cache-metrics': { ...toggle, since: '0.12.0' },
  'enable-mfu-metrics': { ...toggle, since: '0.15.1' },
  'disable-log-stats': onOff,
  'disable-log-requests': { ...onOff, until: '0.15.1' },
  'disable-uvicorn-access-log': onOff,
  'enable-server-load-tracking': onOff,
  'enable-auto-tool-choice': onOff,
  'enable-prompt-tokens-details': onOff,
  'sim-profile': text,
  'sim-startup-seconds': number,
  'sim-seed': integer,
  'sim-speed': number,
  'sim-mean-output-tokens': number,
  'sim-faults': onOff,
  'sim-fault': list,
  'sim-dev-mode': onOff,
};

/** Short forms that people use. */
export const FLAG_ALIASES: Readonly<Record<string, string>> = {
  '-tp': 'tensor-parallel-size',
  '-pp': 'pipeline-parallel-size',
  '-dp': 'data-parallel-size',
  '-q': 'quantization',
};
