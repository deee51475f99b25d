import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPlayground, type Playground } from '../../playground/playground.ts';
import { applyManifest, expectKubectl, installWarden } from '../../playground/warden/install.ts';
import { startOperator, type OperatorProcess } from '../../playground/warden/operator-process.ts';
import { kindOf, operatorRequests } from './support/audit.ts';
import {
  applyFleet,
  DOWN_WINDOW_SECONDS,
  fleetStatus,
  patchSpec,
  readFleet,
  settledAt,
  withCondition,
} from './support/fleets.ts';
import { holdRequests } from './support/held-requests.ts';
import { Load } from './support/load.ts';
import { PodHistory, readPods } from '../../playground/warden/pod-history.ts';

/** The size of a fleet as load, people and autoscalers change it. Each test has a fleet of its own. */

let pg: Playground;
let operator: OperatorProcess;

beforeAll(async () => {
  pg = await startPlayground({
    nodes: [{ name: 'node-a', gpus: 24 }],
    simulator: { flags: ['--sim-startup-seconds', '1', '--sim-speed', '0.25'] },
  });
  await installWarden(pg);
  operator = await startOperator(pg);
});

afterAll(async () => {
  await operator.stop();
  await pg.stop();
});

test.concurrent(
  'a fleet grows under load, keeps its size blind, and shrinks when pages show that the load is gone',
  async () => {
    await applyFleet(pg, 'loaded', {
      engine: { maxNumSeqs: 4 },
      scaling: { minReplicas: 1, maxReplicas: 3 },
    });
    await settledAt(pg, 'loaded', 1);
    {
      // Four seats and two seconds a request: one engine serves two requests a second.
      const stages = [{ requestsPerSecond: 8, durationMs: 120_000 }];
      await using _load = await Load.start(pg, 'loaded', stages, { promptTokens: 64, outputTokens: 20 });
      const grown = await fleetStatus(pg, 'loaded', { replicas: 3, summary: { ready: '3/3' } });
      expect(grown.status?.scaling?.history?.map(({ from, to }) => [from, to])).toEqual([
        [1, 2],
        [2, 3],
      ]);
      await closeWay('loaded');
    }
    await fleetStatus(pg, 'loaded', withCondition('MetricsAvailable', 'False', 'AllPagesMissing'));
    await sleep(2 * DOWN_WINDOW_SECONDS * 1000);
    await fleetStatus(pg, 'loaded', { replicas: 3, summary: { ready: '3/3', waiting: '?', kv: '?' } });
    await openWay('loaded');
    await fleetStatus(pg, 'loaded', withCondition('MetricsAvailable', 'True', 'PagesRead'));
    await settledAt(pg, 'loaded', 1);
  },
);

test.concurrent('a shrink takes the engine with the least in flight, then the next', async () => {
  await using history = new PodHistory(pg, 'uneven');
  await applyFleet(pg, 'uneven', { scaling: { minReplicas: 3, maxReplicas: 3 } });
  await settledAt(pg, 'uneven', 3);
  const [busiest = '', idle = '', busy = ''] = (await readPods(pg, 'uneven')).map(
    ({ metadata }) => metadata.name,
  );
  await using _two = await holdRequests(pg, 'uneven', busiest, 2);
  await using _one = await holdRequests(pg, 'uneven', busy, 1);
  await patchSpec(pg, 'uneven', { scaling: { minReplicas: 1 } });
  await settledAt(pg, 'uneven', 1);
  expect(history.removed.map(({ metadata }) => metadata.name)).toEqual([idle, busy]);
});

test.concurrent(
  'kubectl scale sets a floor that load does not undercut, on the fleet and on its ReplicaSet',
  async () => {
    await applyFleet(pg, 'manual');
    await settledAt(pg, 'manual', 1);
    await expectKubectl(pg, ['scale', 'vllmdeployment/manual', '--replicas=2']);
    await fleetStatus(pg, 'manual', { scaling: { manualFloor: { replicas: 2, source: 'Spec' } } });
    await settledAt(pg, 'manual', 2);
    await expectKubectl(pg, ['scale', 'replicaset', '-l', 'vllm.warden.dev/fleet=manual', '--replicas=3']);
    await fleetStatus(pg, 'manual', { scaling: { manualFloor: { replicas: 3, source: 'ReplicaSet' } } });
    await settledAt(pg, 'manual', 3);
    await sleep(2 * DOWN_WINDOW_SECONDS * 1000);
    expect((await readFleet(pg, 'manual')).status?.replicas).toBe(3);
  },
);

test.concurrent(
  'an autoscaler that aims at a sized fleet stops the writing of its size until it is gone',
  async () => {
    await applyFleet(pg, 'contested');
    await settledAt(pg, 'contested', 1);
    await applyManifest(pg, JSON.stringify(autoscalerOf('contested')));
    const conflict = withCondition('ConflictingAutoscaler', 'True', 'HorizontalPodAutoscaler');
    await fleetStatus(pg, 'contested', conflict);
    const since = new Date();
    await patchSpec(pg, 'contested', { scaling: { minReplicas: 2 } });
    const { generation } = (await readFleet(pg, 'contested')).metadata;
    await fleetStatus(pg, 'contested', {
      ...conflict,
      observedGeneration: generation,
      summary: { desired: '2' },
    });
    await sleep(2 * DOWN_WINDOW_SECONDS * 1000);
    expect(await sizeWrites('contested', since)).toEqual([]);
    await expectKubectl(pg, ['delete', 'hpa', 'contested']);
    await settledAt(pg, 'contested', 2);
    expect(await sizeWrites('contested', since)).toEqual(['update replicasets/scale']);
  },
);

/** Closes the way to the engines' pages, open connections included. */
async function closeWay(fleet: string): Promise<void> {
  for (const { metadata } of await readPods(pg, fleet)) {
    pg.setPodFault(metadata.name, { kind: 'refuse' });
    pg.cutPod(metadata.name);
  }
}

async function openWay(fleet: string): Promise<void> {
  for (const { metadata } of await readPods(pg, fleet)) pg.setPodFault(metadata.name, undefined);
}

function autoscalerOf(fleet: string): object {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: fleet },
    spec: {
      scaleTargetRef: { apiVersion: 'vllm.warden.dev/v1alpha1', kind: 'VLLMDeployment', name: fleet },
      minReplicas: 1,
      maxReplicas: 3,
    },
  };
}

/** Writes of the size of a fleet's ReplicaSets by the operator. */
async function sizeWrites(fleet: string, since: Date): Promise<readonly string[]> {
  return (await operatorRequests(pg, since))
    .filter(({ objectRef }) => objectRef?.subresource === 'scale' && objectRef.name?.startsWith(`${fleet}-`))
    .map(kindOf)
    .filter((kind) => !kind.startsWith('get'));
}
