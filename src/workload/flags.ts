import type { VLLMDeploymentSpec } from '../api/v1alpha1/spec.ts';
import { checkFlags, isFlagOf } from '../engine/flags.ts';
import { drainTimes } from './drain-times.ts';
import { engineVersion } from './version.ts';

type Spec = VLLMDeploymentSpec;

interface Knob {
  readonly flag: string;
  readonly value: (spec: Spec) => string | number | undefined;
}

/** A size of 1 is vLLM's own default and is left out. */
const unlessOne = (size: number): number | undefined => (size === 1 ? undefined : size);

/** In the order of the command line. */
const KNOBS: readonly Knob[] = [
  { flag: '--served-model-name', value: ({ model }) => model.servedName },
  { flag: '--revision', value: ({ model }) => model.revision },
  { flag: '--port', value: ({ engine }) => engine.port },
  { flag: '--max-model-len', value: ({ engine }) => engine.maxModelLen },
  { flag: '--max-num-seqs', value: ({ engine }) => engine.maxNumSeqs },
  { flag: '--max-num-batched-tokens', value: ({ engine }) => engine.maxNumBatchedTokens },
  { flag: '--gpu-memory-utilization', value: ({ engine }) => engine.gpuMemoryUtilization },
  { flag: '--tensor-parallel-size', value: ({ engine }) => unlessOne(engine.tensorParallelSize) },
  { flag: '--pipeline-parallel-size', value: ({ engine }) => unlessOne(engine.pipelineParallelSize) },
  { flag: '--kv-cache-dtype', value: ({ engine }) => engine.kvCacheDtype },
  { flag: '--max-num-queued-reqs', value: ({ engine }) => engine.maxQueuedRequests },
  { flag: '--shutdown-timeout', value: ({ drain }) => drainTimes(drain).timeoutSeconds },
];

/**
 * The arguments of `vllm serve`: the model, the typed knobs that are set, then `engine.args`. argparse lets
 * the last occurrence win, so raw arguments override typed ones. A knob whose flag only some versions have is
 * left out unless the engine's is one of them: an engine exits on a flag that it does not know.
 */
export function serveArgs(spec: Spec): readonly string[] {
  const version = engineVersion(spec.engine);
  const args = [spec.model.name];
  for (const knob of KNOBS) {
    const value = knob.value(spec);
    if (value !== undefined && isFlagOf(knob.flag, version)) args.push(knob.flag, String(value));
  }
  return [...args, ...spec.engine.args];
}

/** What is wrong with `engine.args` for the engine's version, as a sentence; undefined if nothing is known to be. */
export function flagConflict({ engine }: Spec): string | undefined {
  const findings = checkFlags(engine.args, engineVersion(engine));
  if (findings.length === 0) return undefined;
  return `spec.engine.args: ${findings.map(({ message }) => message).join('. ')}`;
}

/** GPUs that one engine takes: tensor × pipeline × data parallel size, raw arguments winning as in vLLM. */
export function gpusPerEngine(engine: Spec['engine']): number {
  const tensor = sizeInArgs(engine.args, ['--tensor-parallel-size', '-tp']) ?? engine.tensorParallelSize;
  const pipeline =
    sizeInArgs(engine.args, ['--pipeline-parallel-size', '-pp']) ?? engine.pipelineParallelSize;
  return tensor * pipeline * dataParallelSize(engine.args);
}

/** Data-parallel ranks of one engine. */
export function dataParallelSize(args: readonly string[]): number {
  return sizeInArgs(args, ['--data-parallel-size', '-dp']) ?? 1;
}

/** API servers of one engine: with data-parallel ranks vLLM runs as many. */
export function apiServerCount(args: readonly string[]): number {
  return sizeInArgs(args, ['--api-server-count', '-asc']) ?? dataParallelSize(args);
}

/** @returns the last value that is a whole number of at least 1 */
function sizeInArgs(args: readonly string[], names: readonly string[]): number | undefined {
  return valuesInArgs(args, names)
    .map(Number)
    .findLast((value) => Number.isInteger(value) && value >= 1);
}

/** All values of a flag in raw arguments, in both spellings vLLM takes (`--a-b 2`, `--a_b=2`); the last one holds. */
export function valuesInArgs(args: readonly string[], names: readonly string[]): readonly string[] {
  return args.flatMap((arg, index) => {
    const [name = '', inline] = arg.split('=', 2);
    return names.includes(name.replaceAll('_', '-')) ? (inline ?? args[index + 1] ?? []) : [];
  });
}
