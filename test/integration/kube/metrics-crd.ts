import type { Playground } from '../../../playground/playground.ts';
import { applyManifest } from '../../../playground/warden/install.ts';
import { stringify } from 'yaml';

/** PodMetrics as stored objects, in the place of metrics-server. */
export async function serveMetrics(pg: Playground): Promise<void> {
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  await applyManifest(
    pg,
    stringify({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: {
        name: 'pods.metrics.k8s.io',
        annotations: { 'api-approved.kubernetes.io': 'unapproved, test only' },
      },
      spec: {
        group: 'metrics.k8s.io',
        scope: 'Namespaced',
        names: { kind: 'PodMetrics', plural: 'pods', singular: 'pod' },
        versions: [{ name: 'v1beta1', served: true, storage: true, schema: { openAPIV3Schema: anything } }],
      },
    }),
  );
}
