import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { ApiClient, type ApiResponse, type Method, type WatchEvent } from './control-plane/api-client.ts';
import type { AuditEvent } from './control-plane/audit.ts';
import { chooseProvider } from './control-plane/choose-provider.ts';
import { ControlPlane } from './control-plane/control-plane.ts';
import { runKubectl, type CommandResult } from './control-plane/kubectl.ts';
import type { Provider } from './control-plane/provider.ts';
import { bindClusterRole, bindOperatorRules, type PolicyRule } from './control-plane/rbac.ts';

export interface PlaygroundOptions {
  /** A folder with all four servers; default: KUBEBUILDER_ASSETS if complete, else built with Go. */
  readonly assets?: string;
  /** Receives progress lines; default: none are shown. */
  readonly log?: (line: string) => void;
}

export type KubeconfigUser = 'admin' | 'operator' | 'viewer';

/** A Kubernetes control plane on this machine, with stand-ins for nodes and the pod network. */
export class Playground implements AsyncDisposable {
  readonly #provider: Provider;
  readonly #plane: ControlPlane;
  readonly #api: ApiClient;

  /** Use `startPlayground`. */
  constructor(provider: Provider, plane: ControlPlane, api: ApiClient) {
    this.#provider = provider;
    this.#plane = plane;
    this.#api = api;
  }

  /** Base URL of the API server. */
  get apiUrl(): string {
    return this.#plane.url;
  }

  /** The temporary folder with everything of this playground, logs included; removed by `stop`. */
  get directory(): string {
    return this.#plane.directory;
  }

  /** Path of a kubeconfig for one user: `operator` has no rights until `bindOperator`, `viewer` may read. */
  kubeconfig(user: KubeconfigUser): string {
    return this.#plane.kubeconfig(user);
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

  /** Makes these rules, and no others, the rights of the operator's user. */
  bindOperator(rules: readonly PolicyRule[]): Promise<void> {
    return bindOperatorRules(this.#api, rules);
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

  /** Ends every process of the playground and removes its folder; idempotent. */
  async stop(): Promise<void> {
    await this.#api.close();
    await this.#plane.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/**
 * Starts a playground and resolves once it takes pods.
 *
 * @throws PlaygroundUnavailableError when there is no way to run a control plane here
 */
export async function startPlayground(options: PlaygroundOptions = {}): Promise<Playground> {
  const provider = await chooseProvider(options.assets, options.log ?? (() => undefined));
  const plane = await ControlPlane.start(provider);
  const api = new ApiClient(plane.url, plane.token('admin'), plane.ca);
  const playground = new Playground(provider, plane, api);
  try {
    await bindClusterRole(api, 'viewer', 'view');
    await waitForServiceAccount(api);
  } catch (error) {
    await playground.stop();
    throw error;
  }
  return playground;
}

/** Pods are refused until the controller manager has made the namespace's default service account. */
async function waitForServiceAccount(api: ApiClient): Promise<void> {
  const deadline = Date.now() + 60_000;
  while ((await api.request('GET', '/api/v1/namespaces/default/serviceaccounts/default')).status !== 200) {
    if (Date.now() > deadline)
      throw new Error('the controller manager made no default service account within 60 s');
    await sleep(50);
  }
}
