import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { SimulatedEngine } from '../src/simulator/server/start.ts';
import { ApiClient, type ApiResponse, type Method, type WatchEvent } from './control-plane/api-client.ts';
import type { AuditEvent } from './control-plane/audit.ts';
import { chooseProvider } from './control-plane/choose-provider.ts';
import { ControlPlane } from './control-plane/control-plane.ts';
import { writeKubeconfig } from './control-plane/credentials.ts';
import { runKubectl, type CommandResult } from './control-plane/kubectl.ts';
import type { Provider } from './control-plane/provider.ts';
import {
  bindClusterRole,
  bindOperatorRules,
  bindOperatorRulesIn,
  type PolicyRule,
} from './control-plane/rbac.ts';
import { FaultProxy } from './fault-proxy/fault-proxy.ts';
import { EngineProxy } from './network/engine-proxy.ts';
import { PodNetwork, type PodFault } from './network/pod-network.ts';
import { KUBELET_BACKOFF, type Backoff } from './node/backoff.ts';
import type { StartContainer } from './node/container.ts';
import { definePodMetrics, POD_METRICS_PATH } from './node/pod-metrics.ts';
import type { NodeOptions } from './node/node-object.ts';
import { NodeStandIn } from './node/node-stand-in.ts';
import { SimulatorContainers, type SimulatorOptions } from './node/simulator-containers.ts';

export interface PlaygroundOptions {
  readonly nodes?: readonly NodeOptions[];
  /** For the simulated engines that vLLM's images become. */
  readonly simulator?: SimulatorOptions;
  /** Runs the containers of the pods in the simulator's place. */
  readonly startContainer?: StartContainer;
  /** Between the restarts of a container that keeps ending; default: the kubelet's 10 s, doubling. */
  readonly restartBackoff?: Backoff;
  /** How often the memory of pods is told in `metrics.k8s.io`; default: that API is not there. */
  readonly podMetricsEveryMs?: number;
  /** A folder with all four servers; default: KUBEBUILDER_ASSETS if complete, else built with Go. */
  readonly assets?: string;
  /** Receives progress lines; default: none are shown. */
  readonly log?: (line: string) => void;
}

export type KubeconfigUser = 'admin' | 'operator' | 'viewer';

const SETTLE_TIMEOUT_MS = 60_000;
const SETTLE_POLL_MS = 50;

/** A Kubernetes control plane on this machine, with stand-ins for its nodes and the pod network. */
export class Playground implements AsyncDisposable {
  readonly #provider: Provider;
  readonly #plane: ControlPlane;
  readonly #api: ApiClient;
  readonly #nodeApi: ApiClient;
  readonly #network: PodNetwork;
  readonly #engineProxy: EngineProxy;
  readonly #simulator: SimulatorContainers;
  readonly #nodes: NodeStandIn;
  readonly #faultProxies: FaultProxy[] = [];
  #stopping: Promise<void> | undefined;

  private constructor(
    provider: Provider,
    plane: ControlPlane,
    engineProxy: EngineProxy,
    options: PlaygroundOptions,
  ) {
    this.#provider = provider;
    this.#plane = plane;
    this.#api = new ApiClient(plane.url, plane.token('admin'), plane.ca);
    this.#nodeApi = new ApiClient(plane.url, plane.token('node'), plane.ca);
    this.#network = engineProxy.network;
    this.#engineProxy = engineProxy;
    this.#simulator = new SimulatorContainers(options.simulator);
    const startContainer = options.startContainer ?? this.#simulator.startContainer;
    const { restartBackoff: backoff = KUBELET_BACKOFF, podMetricsEveryMs } = options;
    this.#nodes = new NodeStandIn(this.#nodeApi, this.#network, startContainer, {
      backoff,
      podMetricsEveryMs,
    });
  }

  /** See `startPlayground`. */
  static async start(options: PlaygroundOptions): Promise<Playground> {
    const provider = await chooseProvider(options.assets, options.log ?? (() => undefined));
    const plane = await ControlPlane.start(provider);
    const playground = new Playground(provider, plane, await EngineProxy.start(new PodNetwork()), options);
    try {
      await bindClusterRole(playground.#api, 'viewer', 'view');
      if (options.podMetricsEveryMs !== undefined) await playground.#servePodMetrics();
      await Promise.all((options.nodes ?? []).map((node) => playground.addNode(node)));
      // Pods are refused until the controller manager has made the namespace's default service account.
      const path = '/api/v1/namespaces/default/serviceaccounts/default';
      await settled(
        'a default service account',
        async () => (await playground.request('GET', path)).status === 200,
      );
    } catch (error) {
      await playground.stop();
      throw error;
    }
    return playground;
  }

  /** Base URL of the API server. */
  get apiUrl(): string {
    return this.#plane.url;
  }

  /** Base URL of the proxy that carries `CONNECT podIP:port` to the engines. */
  get engineProxyUrl(): string {
    return this.#engineProxy.url;
  }

  /** The temporary folder with everything of this playground, logs included; removed by `stop`. */
  get directory(): string {
    return this.#plane.directory;
  }

  /** Path of a kubeconfig for one user: `operator` has no rights until `bindOperator`, `viewer` may read. */
  kubeconfig(user: KubeconfigUser): string {
    return this.#plane.kubeconfig(user);
  }

  /** That kubectl as a command line for people. */
  get kubectlCommand(): string {
    return [this.#provider.kubectl.file, ...this.#provider.kubectl.args].join(' ');
  }

  /** Runs the kubectl of the control plane's own version. */
  kubectl(
    args: readonly string[],
    options: { stdin?: string; user?: KubeconfigUser } = {},
  ): Promise<CommandResult> {
    const access = {
      kubeconfig: this.kubeconfig(options.user ?? 'admin'),
      cacheDirectory: join(this.directory, 'kubectl-cache'),
    };
    return runKubectl(this.#provider.kubectl, access, args, options.stdin);
  }

  /** One request as admin; every status is an answer, only a broken connection throws. */
  request(method: Method, path: string, body?: unknown, contentType?: string): Promise<ApiResponse> {
    return this.#api.request(method, path, body, contentType);
  }

  /** One request as admin whose answer must be 2xx (else ApiError) and fit `schema`. */
  call<T>(
    schema: z.ZodType<T>,
    method: Method,
    path: string,
    body?: unknown,
    contentType?: string,
  ): Promise<T> {
    return this.#api.call(schema, method, path, body, contentType);
  }

  /** Follows a list path as admin until `signal` fires or the server ends the watch. */
  watch(path: string, signal?: AbortSignal): AsyncGenerator<WatchEvent, void, void> {
    return this.#api.watch(path, signal);
  }

  /** Makes these rules, and no others, the rights of the operator's user in all namespaces. */
  bindOperator(rules: readonly PolicyRule[]): Promise<void> {
    return bindOperatorRules(this.#api, rules);
  }

  /** Gives the operator's user these rights in one namespace, beside those it has in all. */
  bindOperatorIn(namespace: string, rules: readonly PolicyRule[]): Promise<void> {
    return bindOperatorRulesIn(this.#api, namespace, rules);
  }

  /** The API server's audit log so far: who did what, without bodies. */
  auditEvents(): Promise<AuditEvent[]> {
    return this.#plane.auditEvents();
  }

  /** Kills the API server as a crash would; its port stays reserved for `startApiServer`. */
  stopApiServer(): Promise<void> {
    return this.#plane.stopApiServer();
  }

  startApiServer(): Promise<void> {
    return this.#plane.startApiServer();
  }

  async restartApiServer(): Promise<void> {
    await this.stopApiServer();
    await this.startApiServer();
  }

  /**
   * Puts a proxy with faults in front of the API server.
   *
   * @returns the proxy, and a kubeconfig by which the user's requests go through it
   */
  async startFaultProxy(
    user: KubeconfigUser = 'operator',
  ): Promise<{ proxy: FaultProxy; kubeconfig: string }> {
    const proxy = await FaultProxy.start(this.#plane.url, { cert: this.#plane.ca, key: this.#plane.key });
    this.#faultProxies.push(proxy);
    const kubeconfig = join(this.directory, `${user}.fault-proxy-${this.#faultProxies.length}.kubeconfig`);
    await writeKubeconfig(kubeconfig, {
      server: proxy.url,
      token: this.#plane.token(user),
      ca: this.#plane.ca,
    });
    return { proxy, kubeconfig };
  }

  /** Registers one more node and resolves once pods can be scheduled to it. */
  async addNode(node: NodeOptions): Promise<void> {
    await this.#nodes.register(node);
    const path = `/api/v1/nodes/${node.name}`;
    await settled(`node ${node.name} without its not-ready taint`, async () => {
      const { spec } = await this.call(nodeSchema, 'GET', path);
      return spec.taints.length === 0;
    });
  }

  /** Sets, or with undefined ends, a fault of the network in front of a pod. */
  setPodFault(podName: string, fault: PodFault | undefined, namespace = 'default'): void {
    const podIP = this.#nodes.podIP(namespace, podName);
    this.#network.setFault(podIP, fault);
    this.#engineProxy.faultChanged(podIP);
  }

  /** Breaks the connections to a pod that are open now. */
  cutPod(podName: string, namespace = 'default'): void {
    this.#engineProxy.cut(this.#nodes.podIP(namespace, podName));
  }

  /** The simulated engine in a pod, to read its figures and to make it ill. */
  engineOf(podName: string, namespace = 'default'): SimulatedEngine {
    return this.#simulator.engineOf(namespace, podName);
  }

  /** Ends a pod's engine as the kernel does when the container has reached its memory limit. */
  oomKill(podName: string, namespace = 'default'): void {
    this.#simulator.oomKill(namespace, podName);
  }

  /** Ends a pod's engine, and each later one while it starts: a file in `/dev/shm` that only goes with the pod. */
  spoilSharedMemory(podName: string, namespace = 'default'): void {
    this.#simulator.spoilSharedMemory(namespace, podName);
  }

  /** Ends every process of the playground and removes its folder; idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #servePodMetrics(): Promise<void> {
    await definePodMetrics(this.#api);
    const path = `${POD_METRICS_PATH}/pods`;
    await settled('metrics.k8s.io', async () => (await this.request('GET', path)).status === 200);
  }

  async #stop(): Promise<void> {
    await this.#nodes.stop();
    await Promise.all(this.#faultProxies.map((proxy) => proxy.stop()));
    await Promise.all([this.#engineProxy.stop(), this.#api.close(), this.#nodeApi.close()]);
    await this.#plane.stop();
  }
}

/**
 * Starts a playground and resolves once it takes pods.
 *
 * @throws PlaygroundUnavailableError when there is no way to run a control plane here
 */
export function startPlayground(options: PlaygroundOptions = {}): Promise<Playground> {
  return Playground.start(options);
}

const nodeSchema = z.object({ spec: z.object({ taints: z.array(z.unknown()).default([]) }) });

async function settled(what: string, check: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + SETTLE_TIMEOUT_MS;
  while (!(await check())) {
    if (Date.now() > deadline)
      throw new Error(`the control plane made no ${what} within ${SETTLE_TIMEOUT_MS / 1000} s`);
    await sleep(SETTLE_POLL_MS);
  }
}
