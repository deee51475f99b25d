import { z } from 'zod';
import type { ApiClient } from '../control-plane/api-client.ts';
import type { Backoff } from './backoff.ts';
import type { RunningContainer, StartContainer } from './container.ts';
import { containerEnv } from './container-env.ts';
import { pause } from './deadline.ts';
import { nodeLease, nodeObject, type NodeOptions } from './node-object.ts';
import { deletePodObject, recordPodEvent, writePodStatus } from './pod-api.ts';
import { PodMetricsWriter, type PodUsage } from './pod-metrics.ts';
import { podSchema, type Container, type Pod } from './pod.ts';
import { PodWorker } from './pod-worker.ts';

const HEARTBEAT_MS = 10_000;
const RETRY_MS = 200;
const MEMORY_CHECK_MS = 250;

const podListSchema = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  items: z.array(podSchema),
});

/** The addresses of pods, as the node uses them. */
export interface PodAddresses {
  allocate(): string;
  expose(podIP: string, port: number, loopbackPort: number | undefined): void;
  release(podIP: string): void;
}

export interface NodeSettings {
  readonly backoff: Backoff;
  /** How often PodMetrics are written; never where it is absent. */
  readonly podMetricsEveryMs?: number | undefined;
}

interface RunningPod {
  readonly worker: PodWorker;
  readonly podIP: string;
  readonly namespace: string;
  readonly name: string;
}

/** Stands in for the kubelets of all nodes: registers them, keeps them alive, and runs the pods bound to them. */
export class NodeStandIn {
  readonly #api: ApiClient;
  readonly #network: PodAddresses;
  readonly #startContainer: StartContainer;
  readonly #backoff: Backoff;
  readonly #nodes = new Set<string>();
  /** By uid, those whose object exists. */
  readonly #pods = new Map<string, RunningPod>();
  /** Those that have not ended yet; a process can outlive its object for a moment. */
  readonly #running = new Map<RunningPod, Promise<void>>();
  readonly #stopped = new AbortController();
  readonly #loops: readonly Promise<void>[];

  constructor(
    api: ApiClient,
    network: PodAddresses,
    startContainer: StartContainer,
    { backoff, podMetricsEveryMs }: NodeSettings,
  ) {
    this.#api = api;
    this.#network = network;
    this.#startContainer = startContainer;
    this.#backoff = backoff;
    this.#loops = [
      this.#followPods(),
      this.#every(HEARTBEAT_MS, () => this.#beat()),
      this.#every(MEMORY_CHECK_MS, () => this.#enforceMemoryLimits()),
      ...(podMetricsEveryMs === undefined ? [] : [this.#measure(podMetricsEveryMs)]),
    ];
  }

  /** Registers a node and starts its heartbeat. */
  async register(node: NodeOptions): Promise<void> {
    this.#nodes.add(node.name);
    await this.#api.call(z.unknown(), 'POST', '/api/v1/nodes', nodeObject(node, Date.now()));
    await this.#renewLease(node.name);
  }

  /**
   * The address of a pod that runs here.
   *
   * @throws Error if there is none of that name
   */
  podIP(namespace: string, name: string): string {
    for (const pod of this.#pods.values())
      if (pod.namespace === namespace && pod.name === name) return pod.podIP;
    throw new Error(`no pod ${namespace}/${name} runs on the nodes of this playground`);
  }

  /** Kills every container; the objects stay as they are, for the API server goes too. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    for (const { worker } of this.#running.keys()) worker.abandon();
    await Promise.all([...this.#loops, ...this.#running.values()]);
  }

  async #every(ms: number, act: () => void | Promise<void>): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await pause(ms, signal);
      if (!signal.aborted) await act();
    }
  }

  /** A missed beat does no harm: the node-lifecycle controller waits for several. */
  async #beat(): Promise<void> {
    await Promise.allSettled([...this.#nodes].map((name) => this.#renewLease(name)));
  }

  #enforceMemoryLimits(): void {
    for (const { worker } of this.#running.keys()) worker.enforceMemoryLimits();
  }

  #measure(everyMs: number): Promise<void> {
    const writer = new PodMetricsWriter(this.#api, everyMs);
    return this.#every(everyMs, async () => {
      const usages = [...this.#pods.values()].map(({ worker }) => worker.usage());
      // What could not be written, since the API server is away, is written the next time.
      await Promise.allSettled([
        writer.write(usages.filter((usage): usage is PodUsage => usage !== undefined)),
      ]);
    });
  }

  async #renewLease(name: string): Promise<void> {
    const path = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}?fieldManager=node-stand-in&force=true`;
    const lease = nodeLease(name, Date.now());
    await this.#api.call(z.unknown(), 'PATCH', path, lease, 'application/apply-patch+yaml');
  }

  /** List, watch, and list again whenever the watch ends, for as long as the playground runs. */
  async #followPods(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        const list = await this.#api.call(podListSchema, 'GET', '/api/v1/pods');
        const listed = new Set(list.items.map((pod) => pod.metadata.uid));
        for (const uid of this.#pods.keys()) if (!listed.has(uid)) this.#forget(uid);
        for (const pod of list.items) this.#observe(pod);
        const path = `/api/v1/pods?resourceVersion=${list.metadata.resourceVersion}`;
        for await (const event of this.#api.watch(path, signal)) {
          if (event.type === 'ERROR') break;
          const pod = podSchema.parse(event.object);
          if (event.type === 'DELETED') this.#forget(pod.metadata.uid);
          else if (event.type !== 'BOOKMARK') this.#observe(pod);
        }
      } catch {
        // The API server is away (tests stop it): list again until it is back.
      }
      await pause(RETRY_MS, signal);
    }
  }

  #observe(pod: Pod): void {
    const known = this.#pods.get(pod.metadata.uid);
    if (known !== undefined) return known.worker.observe(pod);
    if (
      pod.spec.nodeName === undefined ||
      !this.#nodes.has(pod.spec.nodeName) ||
      this.#stopped.signal.aborted
    )
      return;
    const podIP = this.#network.allocate();
    const worker = new PodWorker(pod, {
      podIP,
      backoff: this.#backoff,
      start: (container) => this.#start(pod, container, podIP),
      expose: (port, loopbackPort) => this.#network.expose(podIP, port, loopbackPort),
      writeStatus: (status) => writePodStatus(this.#api, pod, status),
      deleteObject: () => deletePodObject(this.#api, pod),
      event: (type, reason, message) => recordPodEvent(this.#api, pod, type, reason, message),
    });
    const running: RunningPod = { worker, podIP, namespace: pod.metadata.namespace, name: pod.metadata.name };
    this.#pods.set(pod.metadata.uid, running);
    const done = worker.run().finally(() => {
      this.#network.release(podIP);
      this.#running.delete(running);
    });
    this.#running.set(running, done);
  }

  /** The object no longer exists. It is forgotten only now: an older event of it must not start it anew. */
  #forget(uid: string): void {
    this.#pods.get(uid)?.worker.objectGone();
    this.#pods.delete(uid);
  }

  async #start(pod: Pod, container: Container, podIP: string): Promise<RunningContainer> {
    const { name, namespace, uid, labels, annotations } = pod.metadata;
    const nodeName = pod.spec.nodeName ?? '';
    return this.#startContainer({
      pod: { name, namespace, uid, labels, annotations, nodeName, ip: podIP },
      name: container.name,
      image: container.image,
      command: container.command,
      args: container.args,
      env: await containerEnv(this.#api, pod, container, podIP),
    });
  }
}
