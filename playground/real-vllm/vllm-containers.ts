import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../control-plane/ports.ts';
import {
  ImagePullError,
  type ContainerExit,
  type ContainerStart,
  type RunningContainer,
} from '../node/container.ts';
import { isEngineImage, vllmVersion } from '../node/simulator-containers.ts';
import { engineCorePid } from './engine-core.ts';
import type { VllmInstallation } from './installation.ts';
import { serveArguments, serveEnvironment } from './serve-command.ts';

const END_WITH_PARENT = join(import.meta.dirname, 'end-with-parent.sh');
const LOG_TAIL_CHARACTERS = 4000;

/** The newest engine of a pod. */
interface Engine {
  readonly port: number;
  /** The process id of its server, which leads a process group. */
  readonly pid: number;
}

/** Runs vLLM containers as real `vllm serve` processes on this machine's CPU. */
export class VllmContainers {
  readonly #installation: VllmInstallation;
  readonly #scratch: string;
  readonly #engines = new Map<string, Engine>();

  /** @param scratch a folder for the engines' logs and temporary files; the caller removes it */
  constructor(installation: VllmInstallation, scratch: string) {
    this.#installation = installation;
    this.#scratch = scratch;
  }

  readonly startContainer = async (start: ContainerStart): Promise<RunningContainer> => {
    const { version, executable, model } = this.#installation;
    if (!isEngineImage(start.image) || vllmVersion(start.image) !== version) {
      throw new ImagePullError(`only vllm/vllm-openai:v${version} is installed here, not "${start.image}"`);
    }
    const [port = 0] = await freePorts(1);
    const folder = join(this.#scratch, start.pod.uid);
    await mkdir(folder, { recursive: true });
    const logFile = join(folder, 'log');
    const log = await open(logFile, 'a');
    const child = spawn(END_WITH_PARENT, [executable, ...serveArguments(start, model, port)], {
      cwd: folder,
      detached: true,
      env: serveEnvironment(this.#installation, folder, start.env),
      stdio: ['pipe', log.fd, log.fd],
    });
    const exited = exitOf(child, logFile);
    try {
      await once(child, 'spawn');
    } finally {
      await log.close();
    }
    this.#engines.set(key(start.pod.namespace, start.pod.name), { port, pid: child.pid ?? 0 });
    return {
      port,
      terminate: () => void child.kill('SIGTERM'),
      kill: () => {
        child.kill('SIGKILL');
        // With our end of the pipe goes what is left of its process group.
        child.stdin?.destroy();
      },
      exited,
    };
  };

  /**
   * The base URL of the newest engine in a pod, from outside of the pod network.
   *
   * @throws Error if that pod never ran one
   */
  urlOf(podName: string, namespace = 'default'): string {
    return `http://127.0.0.1:${this.#engineOf(podName, namespace).port}`;
  }

  /**
   * The process id of the engine core of the newest engine in a pod. It ends with its container, stopped or not.
   *
   * @throws Error if that pod never ran one, or its core is no process of its own
   */
  engineCoreOf(podName: string, namespace = 'default'): Promise<number> {
    return engineCorePid(this.#engineOf(podName, namespace).pid);
  }

  #engineOf(podName: string, namespace: string): Engine {
    const engine = this.#engines.get(key(namespace, podName));
    if (engine === undefined) throw new Error(`no engine has run in pod ${key(namespace, podName)}`);
    return engine;
  }
}

function key(namespace: string, podName: string): string {
  return `${namespace}/${podName}`;
}

/** As a container's runtime tells it: the exit code of a process that a signal ended is 128 + the signal's number. */
async function exitOf(child: ChildProcess, logFile: string): Promise<ContainerExit> {
  const { code, signal } = await new Promise<{ code: number | null; signal: NodeJS.Signals | null }>(
    (resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    },
  );
  const exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  const message = (await readFile(logFile, 'utf8')).slice(-LOG_TAIL_CHARACTERS);
  return { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', message };
}
