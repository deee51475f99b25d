import type { ContainerStart } from '../node/container.ts';
import type { VllmInstallation } from './installation.ts';
import { tcmalloc } from './tcmalloc.ts';

const LOOPBACK = '127.0.0.1';

/** A KV cache of 16 blocks of 128 tokens: a dozen clients fill it. The container's own arguments win. */
const SMALL_ENGINE = [
  ['--load-format', 'dummy'],
  ['--dtype', 'bfloat16'],
  ['--max-model-len', '1024'],
  ['--max-num-seqs', '4'],
  ['--num-gpu-blocks-override', '16'],
  ['--enforce-eager'],
].flat();

/** One thread for each engine, nothing from the network, and no process of its own for the model's worker. */
const CPU_ENGINE = {
  VLLM_HOST_IP: LOOPBACK,
  VLLM_CPU_KVCACHE_SPACE: '1',
  VLLM_CPU_OMP_THREADS_BIND: 'nobind',
  OMP_NUM_THREADS: '1',
  VLLM_ENABLE_V1_MULTIPROCESSING: '0',
  HF_HUB_OFFLINE: '1',
  TRANSFORMERS_OFFLINE: '1',
  VLLM_NO_USAGE_STATS: '1',
  DO_NOT_TRACK: '1',
};

/**
 * The arguments of `vllm` for a container that runs `vllm serve MODEL …`: the small model of random weights under the
 * name of the one that was asked for, on a loopback port.
 *
 * @throws Error when the container runs something else
 */
export function serveArguments(
  { command, args }: Pick<ContainerStart, 'command' | 'args'>,
  modelFolder: string,
  port: number,
): readonly string[] {
  const [program, verb, model, ...rest] = [...(command.length === 0 ? ['vllm', 'serve'] : command), ...args];
  if (program !== 'vllm' || verb !== 'serve' || model === undefined || model.startsWith('-')) {
    throw new Error(
      `the container runs "${[...command, ...args].join(' ')}"; only "vllm serve MODEL …" runs here`,
    );
  }
  const named = ['--served-model-name', model];
  // argparse takes the last of each flag, so nothing of the container's can take the engine off its port.
  const place = ['--host', LOOPBACK, '--port', String(port)];
  return ['serve', modelFolder, ...named, ...SMALL_ENGINE, ...rest, ...place];
}

/**
 * The whole environment of an engine: the user's own variables stay outside, the container's come last.
 *
 * @param scratch a folder for everything that it writes
 */
export function serveEnvironment(
  { openmp, cache }: Pick<VllmInstallation, 'openmp' | 'cache'>,
  scratch: string,
  container: ContainerStart['env'],
): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: scratch,
    TMPDIR: scratch,
    VLLM_CACHE_ROOT: cache,
    LD_PRELOAD: [tcmalloc(), openmp].filter((library) => library !== undefined).join(':'),
    ...CPU_ENGINE,
    ...container,
  };
}
