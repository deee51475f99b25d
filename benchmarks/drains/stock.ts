import { LABELS, SERVING } from '../../src/api/v1alpha1/constants.ts';
import type { Playground } from '../../playground/playground.ts';
import { applyManifest, expectKubectl } from '../../playground/warden/install.ts';
import type { Act } from './acts.ts';
import { MODEL, NODE_POOL, OLD_IMAGE, type DrainedFleet } from './drained-fleet.ts';

/**
 * What the same clients see without the operator: a Deployment of vLLM with the defaults of both, rolled over by
 * `kubectl rollout restart`, one pod more first.
 */
export function stockRollout(fleet: DrainedFleet): Act {
  const wait = ['rollout', 'status', `deployment/${fleet.name}`, '--timeout=50s'];
  return {
    title: `roll-out of ${fleet.engines} engines by a Deployment`,
    fleet,
    capacity: fleet.engines,
    deploy: async (playground: Playground) => {
      await applyManifest(playground, JSON.stringify(serviceOf(fleet)));
      await applyManifest(playground, JSON.stringify(deploymentOf(fleet)));
      await expectKubectl(playground, wait);
    },
    play: async ({ playground }) => {
      await expectKubectl(playground, ['rollout', 'restart', `deployment/${fleet.name}`]);
      await expectKubectl(playground, wait);
    },
  };
}

/** Those by which the history of pods finds an engine; the operator leaves pods alone that no fleet owns. */
function labelsOf({ name }: DrainedFleet): Readonly<Record<string, string>> {
  return { [LABELS.fleet]: name, [LABELS.serving]: SERVING.true };
}

function serviceOf(fleet: DrainedFleet): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: fleet.name },
    spec: { selector: labelsOf(fleet), ports: [{ name: 'http', port: 8000, targetPort: 8000 }] },
  };
}

function deploymentOf(fleet: DrainedFleet): object {
  const labels = labelsOf(fleet);
  const container = {
    name: 'engine',
    image: OLD_IMAGE,
    args: [MODEL],
    command: ['vllm', 'serve'],
    ports: [{ name: 'http', containerPort: 8000 }],
    readinessProbe: { httpGet: { path: '/health', port: 8000 }, periodSeconds: 1 },
    resources: { limits: { 'nvidia.com/gpu': '1' } },
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: fleet.name },
    spec: {
      replicas: fleet.engines,
      selector: { matchLabels: labels },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: { labels },
        spec: { nodeSelector: { [NODE_POOL]: fleet.pool }, containers: [container] },
      },
    },
  };
}
