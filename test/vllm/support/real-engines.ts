import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPlayground, type Playground } from '../../../playground/playground.ts';
import {
  isInstalled,
  vllmInstallation,
  type VllmInstallation,
} from '../../../playground/real-vllm/installation.ts';
import { VllmContainers } from '../../../playground/real-vllm/vllm-containers.ts';
import { expectKubectl, installWarden } from '../../../playground/warden/install.ts';
import { readPods, type Pod } from '../../../playground/warden/pod-history.ts';
import { startOperator, type OperatorProcess } from '../../../playground/warden/operator-process.ts';
import { eventually } from '../../integration/playground/eventually.ts';

/** For engines to become ready: the first start on a machine also compiles vLLM's Python files. */
export const START_MS = 300_000;
/** Of each log, when a test fails. */
const LOG_TAIL_CHARACTERS = 4000;
const NODE = 'node-a';
/** Engines that start starve the control plane, and nobody restarts an operator here that ends with its lease. */
const LONG_LEASE = ['--lease-duration', '120s', '--renew-deadline', '90s'];

/** `--max-num-seqs`. */
export const SEATS = 4;

/** The tiny model is made to take longer texts: 3000 tokens are 10 to 20 seconds. */
export const LONG_STREAMS: readonly string[] = [
  ['--hf-overrides', '{"max_position_embeddings": 4096}'],
  ['--max-model-len', '4096'],
  // Of 128 tokens each: room for all streams of an engine.
  ['--num-gpu-blocks-override', '256'],
].flat();

export const say = (line: string): void => void process.stdout.write(`${line}\n`);

export const vllm: VllmInstallation = await vllmInstallation();
const installed = await isInstalled(vllm);
const notInstalled = `vLLM ${vllm.version} is not installed; "npm run test:vllm" installs it or says what is missing`;

/** Tests on real engines are skipped where vLLM cannot run, never under CI. */
export const isSkipped = !installed && process.env['CI'] === undefined;
if (isSkipped) say(`skipped: ${notInstalled}`);

/** A playground whose containers are real `vllm serve` processes, and an operator over it. */
export class RealEngines implements AsyncDisposable {
  readonly pg: Playground;
  readonly containers: VllmContainers;
  readonly #scratch: string;
  readonly #operator: OperatorProcess;
  readonly #end: AsyncDisposableStack;

  private constructor(
    pg: Playground,
    containers: VllmContainers,
    scratch: string,
    operator: OperatorProcess,
    end: AsyncDisposableStack,
  ) {
    this.pg = pg;
    this.containers = containers;
    this.#scratch = scratch;
    this.#operator = operator;
    this.#end = end;
  }

  /**
   * @param gpus of the only node; each engine of a fleet takes one
   * @throws Error when vLLM is not installed
   */
  static async start(gpus: number): Promise<RealEngines> {
    if (!installed) throw new Error(notInstalled);
    await using end = new AsyncDisposableStack();
    const scratch = await mkdtemp(join(tmpdir(), 'real-vllm-'));
    end.defer(() => rm(scratch, { recursive: true }));
    const containers = new VllmContainers(vllm, scratch);
    const nodes = [{ name: NODE, gpus }];
    const pg = end.use(await startPlayground({ nodes, startContainer: containers.startContainer, log: say }));
    await installWarden(pg);
    const operator = await startOperator(pg, { flags: ['--status-refresh', '1s', ...LONG_LEASE] });
    end.defer(() => operator.stop());
    return new RealEngines(pg, containers, scratch, operator, end.move());
  }

  /** From now on new engines find no node, so that none starts beside those that leave. */
  async cordon(): Promise<void> {
    await expectKubectl(this.pg, ['cordon', NODE]);
  }

  async sayLogs(): Promise<void> {
    say(`the end of the operator's log:\n${this.#operator.log().slice(-LOG_TAIL_CHARACTERS)}`);
    for (const pod of await readdir(this.#scratch)) {
      const log = await readFile(join(this.#scratch, pod, 'log'), 'utf8');
      say(`the end of the engine's log in pod ${pod}:\n${log.slice(-LOG_TAIL_CHARACTERS)}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end.disposeAsync();
  }
}

/** The engine of a fleet of one. */
export function onlyEngine(pg: Playground, fleet: string): Promise<Pod['metadata']> {
  return eventually(async () => {
    const pods = await readPods(pg, fleet);
    const [pod] = pods;
    if (pod === undefined || pods.length > 1) throw new Error(`${fleet} has ${pods.length} pods, not one`);
    return pod.metadata;
  });
}
