import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startPlayground, type Playground } from '../../../playground/playground.ts';
import { eventually } from './eventually.ts';
import { FakeContainers } from './fake-containers.ts';
import { isReady, podTemplate, readPods, type PodView } from './objects.ts';

/** A node that is emptied by the real kubectl, under the real eviction API and scheduler. */

const APP = 'drained';
const PRE_STOP_SECONDS = 2;
const fakes = new FakeContainers();
let pg: Playground;

beforeAll(async () => {
  pg = await startPlayground({
    nodes: [
      { name: 'leaving', gpus: 4 },
      { name: 'staying', gpus: 4 },
    ],
    startContainer: fakes.startContainer,
  });
});

afterAll(async () => {
  await pg.stop();
});

test('a drained node takes no pod, and gives its own up one at a time, each after its preStop hook', async () => {
  expect((await pg.kubectl(['cordon', 'staying'])).code).toBe(0);
  await createBudgetedReplicas(3);
  const before = await eventually(() => readyPodsOn('leaving', 3));
  expect((await pg.kubectl(['uncordon', 'staying'])).code).toBe(0);

  const readyMeanwhile = watchReady();
  const drained = await pg.kubectl(['drain', 'leaving', '--delete-emptydir-data', '--timeout=50s']);
  expect(drained).toMatchObject({ code: 0 });
  await eventually(() => readyPodsOn('staying', 3));
  expect(await readyMeanwhile.stop(), 'the budget allows one pod to be missing').toBe(2);
  for (const { metadata } of before) {
    const [container] = fakes.of(metadata.name);
    expect(container?.terminatedAt, `${metadata.name} was told to end`).toBeDefined();
    expect((await container?.exited)?.exitCode, 'it ended by itself').toBe(0);
  }
});

async function createBudgetedReplicas(replicas: number): Promise<void> {
  const selector = { matchLabels: { app: APP } };
  await pg.call(z.unknown(), 'POST', '/apis/policy/v1/namespaces/default/poddisruptionbudgets', {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: APP },
    spec: { maxUnavailable: 1, selector },
  });
  const container = { lifecycle: { preStop: { sleep: { seconds: PRE_STOP_SECONDS } } } };
  await pg.call(z.unknown(), 'POST', '/apis/apps/v1/namespaces/default/replicasets', {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: APP },
    spec: { replicas, selector, template: podTemplate(APP, { gpus: 1, container }) },
  });
}

async function readyPodsOn(node: string, count: number): Promise<readonly PodView[]> {
  const pods = (await readPods(pg, `app=${APP}`)).filter(isServing);
  const there = pods.filter(({ spec }) => spec.nodeName === node);
  expect(there).toHaveLength(count);
  return there;
}

/** Follows the pods; `stop` tells the fewest that were ready and staying at a time, once all had been. */
function watchReady(): { stop(): Promise<number> } {
  const end = new AbortController();
  const path = `/api/v1/namespaces/default/pods?labelSelector=app%3D${APP}`;
  const follow = async (): Promise<number> => {
    let fewest = Number.POSITIVE_INFINITY;
    for await (const _event of pg.watch(path, end.signal)) {
      fewest = Math.min(fewest, (await readPods(pg, `app=${APP}`)).filter(isServing).length);
    }
    return fewest;
  };
  const following = follow();
  return {
    stop: () => {
      end.abort();
      return following;
    },
  };
}

function isServing(pod: PodView): boolean {
  return isReady(pod) && pod.metadata.deletionTimestamp === undefined;
}
