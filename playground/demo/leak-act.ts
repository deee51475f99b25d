import { readFile } from 'node:fs/promises';
import type { VLLMDeployment } from '../../src/api/v1alpha1/vllm-deployment.ts';
import { startPlayground, type Playground } from '../playground.ts';
import { applyManifest, expectKubectl, installWarden } from '../warden/install.ts';
import { startOperator } from '../warden/operator-process.ts';
import { readPods } from '../warden/pod-history.ts';
import { ServiceEndpoints } from '../warden/service-endpoints.ts';
import { Chronicle } from './chronicle.ts';
import { describeParts } from './describe-parts.ts';
import { createLeakView, type LeakView } from './leak-view.ts';
import { tellLeak } from './leak-story.ts';
import { readMemory } from './memory.ts';
import { SteadyLoad } from './steady-load.ts';
import { watchFleet } from './watch-fleet.ts';

const MANIFEST = new URL('leak.yaml', import.meta.url);
const MODEL = 'meta-llama/Llama-3.1-8B-Instruct';
const ENGINES = 3;
/** `resources.limits.memory` of the manifest. */
const LIMIT_BYTES = 8 * 2 ** 30;
const REQUESTS_PER_SECOND = 6;
/** Of the order of a real case (intel/llm-scaler #590): full in a little over two minutes at a third of the requests. */
const LEAK_MIB = 24;
const READY_TIMEOUT_MS = 60_000;
const REPLACED_TIMEOUT_MS = 180_000;
const VERIFIED_TIMEOUT_MS = 240_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** The second act: one engine leaks, is found, is replaced under load, and the record says whether that helped. */
export async function playLeak(interrupt: AbortSignal): Promise<void> {
  await using playground = await startPlayground({
    // One GPU more than engines: the new one can start before the old one leaves.
    nodes: [{ name: 'gpu-node-1', gpus: ENGINES + 1 }],
    podMetricsEveryMs: 1000,
    log: say,
  });
  say(
    'Kubernetes is up: etcd, kube-apiserver, kube-controller-manager and kube-scheduler are real; node, GPUs and metrics-server are stand-ins.',
  );
  await installWarden(playground);
  const operator = await startOperator(playground, { flags: ['--status-refresh', '1s'] });
  const endpoints = new ServiceEndpoints(playground, 'chat');
  try {
    await applyManifest(playground, await readFile(MANIFEST, 'utf8'));
    say(
      'kubectl apply -f playground/demo/leak.yaml: done. HostMemoryLeak calls 5 minutes an hour (windowMinutes), so all its times run',
    );
    say(
      'twelve times as fast: what takes a minute and a quarter here takes a quarter of an hour in real life.',
    );
    await new LeakAct(playground, endpoints, interrupt).play();
  } finally {
    await endpoints.stop();
    await operator.stop();
  }
}

class LeakAct {
  readonly #playground: Playground;
  readonly #endpoints: ServiceEndpoints;
  readonly #interrupt: AbortSignal;
  readonly #view: LeakView = createLeakView(process.stdout);
  readonly #chronicle = new Chronicle();
  readonly #startMs = performance.now();
  #load: SteadyLoad | undefined;

  constructor(playground: Playground, endpoints: ServiceEndpoints, interrupt: AbortSignal) {
    this.#playground = playground;
    this.#endpoints = endpoints;
    this.#interrupt = interrupt;
  }

  async play(): Promise<void> {
    await this.#watch(() => this.#endpoints.size === ENGINES, READY_TIMEOUT_MS, 'a fleet of ready engines');
    const leaky = await this.#leak();
    const leaksSince = this.#seconds();
    await using load = new SteadyLoad({
      requestsPerSecond: REQUESTS_PER_SECOND,
      size: { promptTokens: 200, outputTokens: 80 },
      model: MODEL,
      pickTarget: this.#endpoints.pick,
      engineProxyUrl: this.#playground.engineProxyUrl,
    });
    this.#load = load;
    await this.#watch(isClaimed, REPLACED_TIMEOUT_MS, `that ${leaky} is found`);
    const foundAt = this.#seconds();
    const found = await this.#describe(['Findings', 'Remediation', 'Why']);
    await this.#watch(isReplaced, REPLACED_TIMEOUT_MS, `the replacement of ${leaky}`);
    const replacedAt = this.#seconds();
    const end = await this.#watch(isVerified, VERIFIED_TIMEOUT_MS, 'the proof that it helped');
    const records = await load.end();
    const described = await this.#describe(['Disruption History', 'Findings', 'Remediation', 'Why']);
    const seconds = { untilFound: foundAt - leaksSince, untilGone: replacedAt - foundAt };
    say(`\nWhen it was found:\n$ kubectl describe vllmdeployment chat\n${found}`);
    say(`\nNow:\n$ kubectl describe vllmdeployment chat\n${described}`);
    say(`\n${tellLeak(leaky, seconds, records, end)}`);
  }

  /** One engine begins to leak; returns its name. */
  async #leak(): Promise<string> {
    const [pod] = await readPods(this.#playground, 'chat');
    if (pod === undefined) throw new Error('the fleet has no engine');
    const { name } = pod.metadata;
    this.#playground.engineOf(name).beginFault({ kind: 'HostLeak', bytesPerRequest: LEAK_MIB * 2 ** 20 });
    say(
      `From here on ${name} loses ${LEAK_MIB} MiB with each request that it finishes; nobody has told the operator.`,
    );
    say(
      `The load: ${REQUESTS_PER_SECOND} requests a second through the Service, evenly spread over ${ENGINES} engines, until the end.`,
    );
    return name;
  }

  #seconds(): number {
    return (performance.now() - this.#startMs) / 1000;
  }

  async #describe(parts: readonly string[]): Promise<string> {
    return describeParts(
      await expectKubectl(this.#playground, ['describe', 'vllmdeployment', 'chat']),
      parts,
    );
  }

  #watch(done: (fleet: VLLMDeployment) => boolean, timeoutMs: number, what: string): Promise<VLLMDeployment> {
    const onLook = async (fleet: VLLMDeployment): Promise<void> => {
      const memory = await readMemory(this.#playground);
      const records = this.#load?.records ?? [];
      const failed = records.filter(({ outcome }) => !outcome.ok).length;
      const answered = records.length - failed;
      const news = this.#chronicle.observe(fleet);
      this.#view.show({
        seconds: this.#seconds(),
        fleet,
        memory,
        limitBytes: LIMIT_BYTES,
        answered,
        failed,
        news,
      });
    };
    return watchFleet(this.#playground, this.#interrupt, { onLook, done, timeoutMs, what });
  }
}

function isClaimed({ status }: VLLMDeployment): boolean {
  return (status?.disruptions ?? []).some(({ step }) => step === 'Surging');
}

function isReplaced({ status }: VLLMDeployment): boolean {
  return (status?.disruptionHistory ?? []).length > 0;
}

/** Any end that the record can have. */
function isVerified({ status }: VLLMDeployment): boolean {
  return (status?.remediation?.restarts ?? []).some((line) =>
    /it helped, |shows HostMemoryLeak again/.test(line),
  );
}
