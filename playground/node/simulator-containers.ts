import { startSimulatedEngine, type SimulatedEngine } from '../../src/simulator/server/start.ts';
import {
  ImagePullError,
  type ContainerExit,
  type ContainerStart,
  type RunningContainer,
} from './container.ts';

/** Images that the simulator stands in for, in any registry and under any tag. */
const IMAGES = ['vllm-warden/simulator', 'vllm/vllm-openai'];
const DEFAULT_VERSION = '0.32.0';
const OUT_OF_MEMORY_EXIT_CODE = 137;

export interface SimulatorOptions {
  /** Given to every engine after its own arguments, e.g. `['--sim-startup-seconds', '1']`. */
  readonly flags?: readonly string[];
}

/** As vLLM's offload says it when a crash has left its file behind (vLLM #54002); the file lives as long as the pod. */
const LEFT_OVER = "FileExistsError: [Errno 17] File exists: '/dev/shm/vllm_offload_0.mmap'";

interface Running {
  readonly engine: SimulatedEngine;
  readonly podUid: string;
  outOfMemory(): void;
}

/** Runs vLLM containers as simulated engines in this process. */
export class SimulatorContainers {
  readonly #flags: readonly string[];
  /** The newest engine of each pod, also after its end: tests read its figures then. */
  readonly #engines = new Map<string, Running>();
  /** UIDs of pods in whose shared memory a file stands that must not be there when an engine starts. */
  readonly #spoilt = new Set<string>();

  constructor(options: SimulatorOptions = {}) {
    this.#flags = options.flags ?? [];
  }

  readonly startContainer = async (start: ContainerStart): Promise<RunningContainer> => {
    if (!isEngineImage(start.image)) {
      throw new ImagePullError(`the playground runs only ${IMAGES.join(' and ')}, not "${start.image}"`);
    }
    const engine = await startSimulatedEngine({
      argv: [...engineArguments(start), ...this.#flags],
      vllmVersion: vllmVersion(start.image),
      host: '127.0.0.1',
      port: 0,
    });
    let isOutOfMemory = false;
    const outOfMemory = (): void => {
      isOutOfMemory = true;
      engine.crash(OUT_OF_MEMORY_EXIT_CODE);
    };
    const { namespace, name, uid } = start.pod;
    const isSpoilt = this.#spoilt.has(uid);
    if (isSpoilt) engine.crash(1);
    this.#engines.set(key(namespace, name), { engine, podUid: uid, outOfMemory });
    const exited = engine.exited.then(({ exitCode, message }): ContainerExit => ({
      exitCode,
      reason: isOutOfMemory ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error',
      ...(message === undefined ? {} : { message }),
      ...(isSpoilt && { message: LEFT_OVER }),
    }));
    return {
      port: engine.port,
      terminate: () => engine.terminate(),
      kill: () => engine.kill(),
      exited,
      memory: { workingSetBytes: () => engine.figures()?.workingSetBytes ?? 0, outOfMemory },
    };
  };

  /**
   * The engine of a pod: its faults and figures.
   *
   * @throws Error if that pod never ran one
   */
  engineOf(namespace: string, podName: string): SimulatedEngine {
    return this.#running(namespace, podName).engine;
  }

  /** Ends the pod's engine as the kernel does when its memory limit is reached. */
  oomKill(namespace: string, podName: string): void {
    this.#running(namespace, podName).outOfMemory();
  }

  /** Ends the pod's engine, and each later one while it starts, until there is another pod. */
  spoilSharedMemory(namespace: string, podName: string): void {
    const { engine, podUid } = this.#running(namespace, podName);
    this.#spoilt.add(podUid);
    engine.crash(1);
  }

  #running(namespace: string, podName: string): Running {
    const running = this.#engines.get(key(namespace, podName));
    if (running === undefined)
      throw new Error(`no simulated engine has run in pod ${key(namespace, podName)}`);
    return running;
  }
}

function key(namespace: string, podName: string): string {
  return `${namespace}/${podName}`;
}

export function isEngineImage(image: string): boolean {
  const name = image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  return IMAGES.some((known) => name === known || name.endsWith(`/${known}`));
}

/** The version in a tag such as `v0.32.0`; where the image has none, the newest that the simulator knows. */
export function vllmVersion(image: string): string {
  return /:v?(\d+\.\d+\.\d+)[^/]*$/.exec(image)?.[1] ?? DEFAULT_VERSION;
}

/** As the image's entry point, `vllm serve`, and the environment that vLLM reads would have it. */
function engineArguments({ command, args, env }: ContainerStart): string[] {
  const argv = [...(command.length === 0 ? ['vllm', 'serve'] : command), ...args];
  const apiKey = env['VLLM_API_KEY'];
  if (apiKey !== undefined) argv.push('--api-key', apiKey);
  if (env['VLLM_SERVER_DEV_MODE'] === '1') argv.push('--sim-dev-mode');
  return argv;
}
