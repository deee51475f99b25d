import { readFile, writeFile } from 'node:fs/promises';
import type { VLLMDeployment } from '../../src/api/v1alpha1/vllm-deployment.ts';
import { runLoad } from '../../src/loadtest/client/run-load.ts';
import type { RequestRecord } from '../../src/loadtest/plan/request-record.ts';
import { summarizeSchedule } from '../../src/loadtest/plan/schedule.ts';
import { summarizeLoad } from '../../src/loadtest/plan/load-report.ts';
import { parseTrace } from '../../src/loadtest/plan/trace.ts';
import { systemClock } from '../../src/kube/system-clock.ts';
import { SimulatorContainers } from '../node/simulator-containers.ts';
import { startPlayground, type Playground } from '../playground.ts';
import { applyManifest, expectKubectl, installWarden } from '../warden/install.ts';
import { startOperator } from '../warden/operator-process.ts';
import { ServiceEndpoints } from '../warden/service-endpoints.ts';
import { createView } from './fleet-view.ts';
import { tellStory } from './story.ts';
import { drawTimeline, type Sample } from './timeline.ts';
import { watchFleet } from './watch-fleet.ts';

const MANIFEST = new URL('chat.yaml', import.meta.url);
const TRACE = new URL('../../examples/traces/azure-conv-2023-busiest-90s.csv', import.meta.url);
const MODEL = 'meta-llama/Llama-3.1-8B-Instruct';
const READY_TIMEOUT_MS = 60_000;
const SHRINK_TIMEOUT_MS = 90_000;
const REQUEST_TIMEOUT_MS = 60_000;
const TITLE = 'A fleet under 90 s of the Azure conversation trace (2023), sized by vllm-warden';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

class Demo {
  readonly #playground: Playground;
  readonly #view = createView(process.stdout);
  readonly #startMs = Date.now();
  readonly #interrupt: AbortSignal;
  readonly samples: Sample[] = [];
  #phase = 'start';

  constructor(playground: Playground, interrupt: AbortSignal) {
    this.#playground = playground;
    this.#interrupt = interrupt;
  }

  set phase(text: string) {
    this.#phase = text;
  }

  /** Seconds of the demo at a time of the wall clock, which the status is written by. */
  secondsAt(epochMs: number): number {
    return (epochMs - this.#startMs) / 1000;
  }

  /** Shows the fleet until `done` says so. @throws Error after `timeoutMs` */
  watchUntil(
    done: (fleet: VLLMDeployment) => boolean,
    timeoutMs: number,
    what: string,
  ): Promise<VLLMDeployment> {
    const onLook = (fleet: VLLMDeployment): void => {
      const seconds = this.secondsAt(Date.now());
      this.#view.show({ seconds, phase: this.#phase, fleet });
      this.samples.push(sampleOf(fleet, seconds));
    };
    return watchFleet(this.#playground, this.#interrupt, { onLook, done, timeoutMs, what });
  }
}

/**
 * The first act: 90 s of real arrivals, and a fleet that follows them.
 *
 * @param svg where to draw the run
 */
export async function playScaling(svg: string | undefined, interrupt: AbortSignal): Promise<void> {
  const trace = parseTrace(await readFile(TRACE, 'utf8'));
  if (!trace.ok) throw new Error(trace.message);
  const containers = new SimulatorContainers();
  await using playground = await startPlayground({
    nodes: [{ name: 'gpu-node-1', gpus: 8 }],
    startContainer: containers.startContainer,
    log: say,
  });
  say(
    'Kubernetes is up: etcd, kube-apiserver, kube-controller-manager and kube-scheduler are real; node and GPUs are stand-ins.',
  );
  await installWarden(playground);
  const operator = await startOperator(playground, { flags: ['--status-refresh', '1s'] });
  const demo = new Demo(playground, interrupt);
  const endpoints = new ServiceEndpoints(playground, 'chat');
  try {
    await applyManifest(playground, await readFile(MANIFEST, 'utf8'));
    say(
      'kubectl apply -f playground/demo/chat.yaml: done. Engines have 16 seats and a small KV cache, so that this load fills them;',
    );
    say('the fleet may shrink after 12 s instead of the default 5 minutes.');
    await demo.watchUntil(() => endpoints.size > 0, READY_TIMEOUT_MS, 'a first ready engine');

    const { schedule } = trace;
    const { requests, requestsPerSecond = 0 } = summarizeSchedule(schedule);
    demo.phase = 'load';
    say(
      `The load: ${requests} requests in ${Math.round(schedule.durationMs / 1000)} s, ${requestsPerSecond.toFixed(1)} a second, of the Azure conversation trace 2023.`,
    );
    const records: RequestRecord[] = [];
    const load = runLoad({
      schedule,
      model: MODEL,
      pickTarget: endpoints.pick,
      clock: systemClock,
      signal: interrupt,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      engineProxyUrl: playground.engineProxyUrl,
      seed: 1,
      onRecord: (record) => records.push(record),
    });
    await demo.watchUntil(
      () => records.length === requests,
      schedule.durationMs + 2 * REQUEST_TIMEOUT_MS,
      'the end of the load',
    );
    await load;

    demo.phase = 'no load';
    const end = await demo.watchUntil(isBackToOne, SHRINK_TIMEOUT_MS, 'the shrink to one engine');
    say(
      `\n$ kubectl describe vllmdeployment chat\n${await expectKubectl(playground, ['describe', 'vllmdeployment', 'chat'])}`,
    );
    say(tellStory(summarizeLoad(schedule, records, { ttftMs: 500, tpotMs: 50 }), demo.samples, end));
    if (svg !== undefined) await writeFile(svg, drawTimeline(TITLE, demo.samples, changesOf(end, demo)));
  } finally {
    await endpoints.stop();
    await operator.stop();
  }
}

/** The signal that asked for a size, as short as a picture needs it. */
function causeOf(message: string): string {
  if (message.startsWith('Demand')) return 'demand';
  return message.startsWith('KVCache') ? 'KV' : 'queue';
}

function sampleOf({ status }: VLLMDeployment, seconds: number): Sample {
  const figure = (text: string | undefined): number | undefined => {
    const value = Number.parseInt(text ?? '', 10);
    return Number.isNaN(value) ? undefined : value;
  };
  const kv = figure(status?.summary?.kv);
  return {
    seconds,
    ready: figure(status?.summary?.ready) ?? 0,
    desired: figure(status?.summary?.desired) ?? 0,
    waiting: figure(status?.summary?.waiting),
    kv: kv === undefined ? undefined : kv / 100,
  };
}

function changesOf({ status }: VLLMDeployment, demo: Demo): { seconds: number; text: string }[] {
  return (status?.scaling?.history ?? []).map(({ at, from, to, message }) => ({
    seconds: demo.secondsAt(Date.parse(at)),
    text: to < from ? '−1' : `+${to - from} ${causeOf(message)}`,
  }));
}

function isBackToOne({ status }: VLLMDeployment): boolean {
  return status?.summary?.ready === '1/1' && status.summary.state === 'Ready';
}
