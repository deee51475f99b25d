import {
  DEFAULT_PROFILE,
  ENGINE_PROFILES,
  isProfileName,
  PROFILE_BLOCK_SIZE,
  type EngineProfile,
} from '../model/profiles.ts';
import type { EngineModelConfig } from '../model/engine-config.ts';
import { argparse, type RawFlags } from './argparse.ts';
import { parseFault, type Fault } from './fault.ts';

/** What `vllm serve MODEL …` asks for. */
export interface ServeArgs {
  readonly model: string;
  /** The first one names the model in answers and on the page; clients may use any. */
  readonly servedModelNames: readonly [string, ...string[]];
  /** `undefined`: vLLM listens on all addresses. */
  readonly host: string | undefined;
  readonly port: number;
  readonly apiKeys: readonly string[];
  /** 0: the engine is killed at SIGTERM. */
  readonly shutdownTimeoutSeconds: number;
  readonly logStats: boolean;
  readonly serverLoadTracking: boolean;
  readonly engine: EngineModelConfig;
  /** As they stand on `vllm:cache_config_info`. */
  readonly cache: CacheFlags;
  readonly startupSeconds: number;
  readonly seed: number;
  /** `undefined`: every request runs to its `max_tokens`, as with `ignore_eos`. */
  readonly meanOutputTokens: number | undefined;
  /** Those that it has from its start. */
  readonly faults: readonly Fault[];
  /** Whether faults are begun and ended over HTTP. */
  readonly faultControl: boolean;
  /** `VLLM_SERVER_DEV_MODE`: it says whether it sleeps or is paused. */
  readonly devMode: boolean;
}

export interface CacheFlags {
  readonly cacheDtype: string;
  readonly enablePrefixCaching: boolean;
  readonly gpuMemoryUtilization: number | undefined;
  readonly numGpuBlocksOverride: number | undefined;
  readonly userSpecifiedBlockSize: boolean;
}

export type ServeArgsOutcome =
  | { readonly kind: 'Parsed'; readonly args: ServeArgs }
  | { readonly kind: 'Refused'; readonly message: string };

/**
 * Reads `['serve', MODEL, …flags]` or `['vllm', 'serve', MODEL, …flags]` as vLLM of `vllmVersion` does.
 * A refusal carries the last line of vLLM's own complaint; vLLM then exits with code 2.
 */
export function parseServeArgs(argv: readonly string[], vllmVersion: string): ServeArgsOutcome {
  const words = argv[0] === 'vllm' ? argv.slice(1) : argv;
  if (words[0] !== 'serve') {
    return refused(`argument subparser: invalid choice: '${words[0] ?? ''}' (choose from serve)`);
  }
  const outcome = argparse(words.slice(1), vllmVersion);
  if (outcome.kind === 'Refused') return refused(outcome.message);
  const flags = new Flags(outcome.flags);
  const model = outcome.positionals[0];
  if (model === undefined) return refused('the following arguments are required: model_tag');
  const profile = flags.text('sim-profile') ?? DEFAULT_PROFILE;
  if (!isProfileName(profile)) {
    return refused(
      `argument --sim-profile: invalid choice: '${profile}' (choose from ${Object.keys(ENGINE_PROFILES).join(', ')})`,
    );
  }
  const complaint = outOfRange(flags);
  if (complaint !== undefined) return refused(complaint);
  const faults: Fault[] = [];
  for (const json of flags.list('sim-fault')) {
    const fault = parseFault(json);
    if (fault.kind === 'Refused') return refused(`argument --sim-fault: ${fault.message}`);
    faults.push(fault.fault);
  }
  return { kind: 'Parsed', args: { ...serveArgsOf(model, flags, ENGINE_PROFILES[profile]), faults } };
}

function refused(complaint: string): ServeArgsOutcome {
  return { kind: 'Refused', message: `vllm: error: ${complaint}` };
}

const AT_LEAST_ONE = [
  'max-num-seqs',
  'max-num-batched-tokens',
  'num-gpu-blocks-override',
  'block-size',
  'max-model-len',
] as const;

function outOfRange(flags: Flags): string | undefined {
  for (const name of AT_LEAST_ONE) {
    const value = flags.number(name);
    if (value !== undefined && value < 1) return `argument --${name}: must be at least 1, got ${value}`;
  }
  const ranks = flags.number('data-parallel-size') ?? 1;
  if (ranks !== 1) return `argument --data-parallel-size: the simulator runs 1 rank, got ${ranks}`;
  const speed = flags.number('sim-speed') ?? 1;
  return speed > 0 ? undefined : `argument --sim-speed: must be above 0, got ${speed}`;
}

function serveArgsOf(model: string, flags: Flags, profile: EngineProfile): Omit<ServeArgs, 'faults'> {
  const speed = flags.number('sim-speed') ?? 1;
  const [name = model, ...aliases] = flags.list('served-model-name');
  return {
    model,
    servedModelNames: [name, ...aliases],
    host: flags.text('host'),
    port: flags.number('port') ?? 8000,
    apiKeys: flags.list('api-key'),
    shutdownTimeoutSeconds: flags.number('shutdown-timeout') ?? 0,
    logStats: !flags.on('disable-log-stats', false),
    serverLoadTracking: flags.on('enable-server-load-tracking', false),
    engine: engineConfigOf(flags, profile, speed),
    cache: {
      cacheDtype: flags.text('kv-cache-dtype') ?? 'auto',
      enablePrefixCaching: flags.on('enable-prefix-caching', true),
      gpuMemoryUtilization: flags.number('gpu-memory-utilization'),
      numGpuBlocksOverride: flags.number('num-gpu-blocks-override'),
      userSpecifiedBlockSize: flags.number('block-size') !== undefined,
    },
    startupSeconds: flags.number('sim-startup-seconds') ?? profile.startupSeconds / speed,
    seed: flags.number('sim-seed') ?? 0,
    meanOutputTokens: flags.number('sim-mean-output-tokens'),
    faultControl: flags.on('sim-faults', false),
    devMode: flags.on('sim-dev-mode', false),
  };
}

/** `--sim-speed X` makes every duration of the engine X times as short; clients and page still agree. */
function engineConfigOf(flags: Flags, profile: EngineProfile, speed: number): EngineModelConfig {
  const { a, b, c, d } = profile.stepCost;
  const blockSize = flags.number('block-size') ?? PROFILE_BLOCK_SIZE;
  const fitting = Math.floor((profile.kvBlocks * PROFILE_BLOCK_SIZE) / blockSize);
  return {
    stepCost: { a: a / speed, b: b / speed, c: c / speed, d: d / speed },
    requestOverheadMs: profile.requestOverheadMs / speed,
    numGpuBlocks: flags.number('num-gpu-blocks-override') ?? fitting,
    blockSize,
    maxModelLen: flags.number('max-model-len') ?? profile.maxModelLen,
    maxNumSeqs: flags.number('max-num-seqs') ?? profile.maxNumSeqs,
    maxNumBatchedTokens: flags.number('max-num-batched-tokens') ?? profile.maxNumBatchedTokens,
    maxNumQueuedReqs: flags.number('max-num-queued-reqs'),
    maxNumQueuedTokens: flags.number('max-num-queued-tokens'),
    prefixCaching: flags.on('enable-prefix-caching', true),
  };
}

/** Typed access to what argparse has already checked by kind. */
class Flags {
  readonly #raw: RawFlags;

  constructor(raw: RawFlags) {
    this.#raw = raw;
  }

  text(name: string): string | undefined {
    const value = this.#raw.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  number(name: string): number | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : Number(value);
  }

  list(name: string): readonly string[] {
    const value = this.#raw.get(name);
    return Array.isArray(value) ? value : [];
  }

  on(name: string, otherwise: boolean): boolean {
    const value = this.#raw.get(name);
    return typeof value === 'boolean' ? value : otherwise;
  }
}
