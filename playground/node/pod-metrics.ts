import { z } from 'zod';
import type { ApiClient } from '../control-plane/api-client.ts';
import { kubeTime } from './pod-status.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
export const POD_METRICS_PATH = '/apis/metrics.k8s.io/v1beta1';

/** `metrics.k8s.io` as a metrics-server serves it, but with its objects in the API server's own storage. */
const DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: 'pods.metrics.k8s.io',
    // The API server refuses groups of Kubernetes' own without a word about who approved it.
    annotations: { 'api-approved.kubernetes.io': 'unapproved, test only' },
  },
  spec: {
    group: 'metrics.k8s.io',
    scope: 'Namespaced',
    names: { plural: 'pods', singular: 'podmetrics', kind: 'PodMetrics', listKind: 'PodMetricsList' },
    versions: [
      {
        name: 'v1beta1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              timestamp: { type: 'string' },
              window: { type: 'string' },
              containers: {
                type: 'array',
                items: {
                  type: 'object',
                  properties: {
                    name: { type: 'string' },
                    usage: { type: 'object', additionalProperties: { type: 'string' } },
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
};

/** Memory in use by the containers of one pod. */
export interface PodUsage {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly containers: readonly { readonly name: string; readonly workingSetBytes: number }[];
}

export async function definePodMetrics(api: ApiClient): Promise<void> {
  await api.call(z.unknown(), 'POST', CRDS, DEFINITION);
}

/** Stands in for the metrics-server: keeps a PodMetrics object for each pod that has figures. */
export class PodMetricsWriter {
  readonly #api: ApiClient;
  readonly #window: string;
  /** Paths of the objects that there are. */
  #written = new Set<string>();

  /** @param everyMs how often `write` is called */
  constructor(api: ApiClient, everyMs: number) {
    this.#api = api;
    this.#window = `${everyMs / 1000}s`;
  }

  /** Writes what was measured now, and removes the objects of pods that are no longer told. */
  async write(usages: readonly PodUsage[]): Promise<void> {
    const timestamp = kubeTime(Date.now());
    const paths = new Set(usages.map(pathOf));
    const gone = [...this.#written].filter((path) => !paths.has(path));
    this.#written = new Set([...this.#written, ...paths]);
    await Promise.all([
      ...usages.map((usage) => this.#apply(usage, timestamp)),
      ...gone.map((path) => this.#remove(path)),
    ]);
  }

  async #apply(usage: PodUsage, timestamp: string): Promise<void> {
    const { name, namespace, labels } = usage;
    const object = {
      apiVersion: 'metrics.k8s.io/v1beta1',
      kind: 'PodMetrics',
      metadata: { name, namespace, labels },
      timestamp,
      window: this.#window,
      containers: usage.containers.map((container) => ({
        name: container.name,
        usage: { cpu: '100m', memory: `${Math.ceil(container.workingSetBytes / 1024)}Ki` },
      })),
    };
    const path = `${pathOf(usage)}?fieldManager=metrics-server&force=true`;
    await this.#api.call(z.unknown(), 'PATCH', path, object, 'application/apply-patch+yaml');
  }

  async #remove(path: string): Promise<void> {
    const { status } = await this.#api.request('DELETE', path);
    if (status < 300 || status === 404) this.#written.delete(path);
  }
}

function pathOf({ namespace, name }: PodUsage): string {
  return `${POD_METRICS_PATH}/namespaces/${namespace}/pods/${name}`;
}
