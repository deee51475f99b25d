import type { VLLMDeploymentSpec } from '../../api/v1alpha1/spec.ts';
import { valuesInArgs } from '../../workload/flags.ts';

/** What of a fleet's spec decides how its engines are judged. */
export interface AcuteContext {
  /** Between two reads of an engine's page. */
  readonly intervalMs: number;
  /** Whether an engine can be asked for a token. */
  readonly probe: { readonly isPossible: true } | { readonly isPossible: false; readonly why: string };
  /** A profile that is written stops an engine for minutes. */
  readonly hasProfiler: boolean;
  /** It may be paused or put to sleep over HTTP. */
  readonly canBePaused: boolean;
  /** Keeps KV blocks in files of `/dev/shm`, which a container that crashes leaves behind. */
  readonly offloadsKv: boolean;
  /** The longest context, in tokens of prompt and answer; absent where it is the model's own. */
  readonly maxModelLen?: number;
}

const PROFILER_VARIABLES = ['VLLM_TORCH_PROFILER_DIR', 'VLLM_TORCH_CUDA_PROFILE'];
/** vLLM reads `32k` as 32,000 and `32K` as 32,768 (vllm/engine/arg_utils.py, human_readable_int). */
const MULTIPLIERS: Readonly<Record<string, number>> = {
  k: 1e3,
  m: 1e6,
  g: 1e9,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
};

export function acuteContext({ engine }: VLLMDeploymentSpec): AcuteContext {
  const { args } = engine;
  const variables = new Set(engine.env.map(({ name }) => name));
  const key = whereIsTheKey(engine, variables);
  const maxModelLen = tokens(valuesInArgs(args, ['--max-model-len']).at(-1)) ?? engine.maxModelLen;
  return {
    intervalMs: engine.metrics.intervalSeconds * 1000,
    probe:
      key === undefined
        ? { isPossible: true }
        : { isPossible: false, why: `its API key (${key}) is not known` },
    hasProfiler:
      has(args, '--profiler-config') || PROFILER_VARIABLES.some((variable) => variables.has(variable)),
    canBePaused: has(args, '--enable-sleep-mode') || variables.has('VLLM_SERVER_DEV_MODE'),
    offloadsKv: has(args, '--kv-offloading-size') || has(args, '--kv-transfer-config'),
    ...(maxModelLen !== undefined && { maxModelLen }),
  };
}

function whereIsTheKey(
  { args, apiKeySecretRef }: VLLMDeploymentSpec['engine'],
  variables: ReadonlySet<string>,
): string | undefined {
  if (apiKeySecretRef !== undefined) return 'engine.apiKeySecretRef';
  if (has(args, '--api-key')) return '--api-key';
  return variables.has('VLLM_API_KEY') ? 'VLLM_API_KEY' : undefined;
}

/** vLLM takes `--a-b`, `--a_b`, a value behind `=`, and `--a-b.part` for a part of what is JSON. */
function has(args: readonly string[], flag: string): boolean {
  return args.some((arg) => nameOf(arg) === flag);
}

function nameOf(arg: string): string {
  return (arg.split(/[=.]/, 1)[0] ?? '').replaceAll('_', '-');
}

/** `-1` and `auto` leave the length to the engine. */
function tokens(text: string | undefined): number | undefined {
  const [, figure, unit = ''] = /^(\d+(?:\.\d+)?)([kmgKMG]?)$/.exec(text ?? '') ?? [];
  if (figure === undefined) return undefined;
  const count = Number(figure) * (MULTIPLIERS[unit] ?? 1);
  return count > 0 ? count : undefined;
}
