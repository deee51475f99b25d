import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ProxyAgent, request } from 'undici';
import { z } from 'zod';
import { startPlayground, type Playground } from '../../../playground/playground.ts';
import { eventually } from './eventually.ts';
import { FakeContainers } from './fake-containers.ts';
import { createPod, isReady, podTemplate, readPod, readPods } from './objects.ts';

const fakes = new FakeContainers();
let pg: Playground;

beforeAll(async () => {
  pg = await startPlayground({
    nodes: [
      { name: 'gpu-2', gpus: 2 },
      { name: 'gpu-1', gpus: 1 },
    ],
    startContainer: fakes.startContainer,
    restartBackoff: { baseMs: 300, maxMs: 600 },
  });
});

afterAll(async () => {
  await pg.stop();
});

const endpointSchema = z.object({
  addresses: z.array(z.string()),
  conditions: z.object({ ready: z.boolean() }),
});
const slicesSchema = z.object({ items: z.array(z.object({ endpoints: z.array(endpointSchema).nullish() })) });

async function readyAddresses(service: string): Promise<string[]> {
  const path = `/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name%3D${service}`;
  const { items } = await pg.call(slicesSchema, 'GET', path);
  const endpoints = items.flatMap((slice) => slice.endpoints ?? []);
  return endpoints.filter(({ conditions }) => conditions.ready).flatMap(({ addresses }) => addresses);
}

describe('the node stand-in under a real control plane', () => {
  test('pods of a ReplicaSet are placed by GPUs, become ready, and answer behind their Service addresses', async () => {
    const app = 'fleet';
    await pg.call(z.unknown(), 'POST', '/apis/apps/v1/namespaces/default/replicasets', {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: app },
      spec: { replicas: 4, selector: { matchLabels: { app } }, template: podTemplate(app, { gpus: 1 }) },
    });
    await pg.call(z.unknown(), 'POST', '/api/v1/namespaces/default/services', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: app },
      spec: { selector: { app }, ports: [{ name: 'http', port: 8000, targetPort: 8000 }] },
    });
    const pods = await eventually(async () => {
      const all = await readPods(pg, `app=${app}`);
      expect(all.filter(isReady)).toHaveLength(3);
      return all;
    });
    const placed = pods.flatMap(({ spec }) => spec.nodeName ?? []).toSorted();
    expect(placed, 'three GPUs, so the fourth pod waits').toEqual(['gpu-1', 'gpu-2', 'gpu-2']);

    const ready = pods.filter(isReady);
    const addresses = ready.flatMap(({ status }) => status.podIP ?? []);
    await eventually(async () => {
      expect((await readyAddresses(app)).toSorted()).toEqual(addresses.toSorted());
    });
    const dispatcher = new ProxyAgent({ uri: pg.engineProxyUrl, proxyTunnel: true });
    for (const pod of ready) {
      const response = await request(`http://${pod.status.podIP}:8000/metrics`, { dispatcher });
      expect(await response.body.text()).toBe(`${pod.metadata.name} /metrics`);
    }
    await dispatcher.close();

    await pg.kubectl(['delete', 'replicaset', app]);
    await eventually(async () => {
      expect(await readPods(pg, `app=${app}`)).toEqual([]);
      expect(await readyAddresses(app)).toEqual([]);
    });
  });

  test('readiness waits for the start-up probe and follows the readiness probe both ways', async () => {
    const httpGet = { path: '/health', port: 'http' };
    await createPod(pg, 'slow', {
      annotations: { unready: 'yes' },
      container: { startupProbe: { httpGet, periodSeconds: 1, failureThreshold: 100 } },
    });
    const container = await eventually(async () => {
      const [status] = (await readPod(pg, 'slow')).status.containerStatuses;
      expect(status).toMatchObject({ started: false, ready: false, state: { running: {} } });
      expect(fakes.of('slow')[0]?.paths).toContain('/health');
      return fakes.of('slow')[0];
    });
    if (container === undefined) throw new Error('the container was not started');
    for (const [health, ready] of [
      [200, true],
      [503, false],
      [200, true],
    ] as const) {
      container.health = health;
      await eventually(async () => expect(isReady(await readPod(pg, 'slow'))).toBe(ready));
    }
    const pod = await readPod(pg, 'slow');
    expect(pod.status.phase).toBe('Running');
    expect(pod.status.containerStatuses[0]).toMatchObject({ started: true, restartCount: 0 });
  });

  test('a start-up probe that never succeeds restarts the container', async () => {
    const httpGet = { path: '/health', port: 8000 };
    await createPod(pg, 'never-up', {
      annotations: { unready: 'yes' },
      container: { startupProbe: { httpGet, periodSeconds: 1, failureThreshold: 2 } },
    });
    await eventually(async () => {
      const pod = await readPod(pg, 'never-up');
      expect(pod.status.containerStatuses[0]?.restartCount).toBeGreaterThan(0);
    });
    expect(fakes.of('never-up')[0]?.terminatedAt, 'it was told to end').toBeDefined();
    await pg.kubectl(['delete', 'pod', 'never-up']);
  });

  test('a container that keeps ending is restarted with back-off, and its last end is on record', async () => {
    await createPod(pg, 'crash');
    for (const expected of [1, 2, 3]) {
      await eventually(() => expect(fakes.of('crash')).toHaveLength(expected));
      fakes.of('crash').at(-1)?.exit({ exitCode: 137, reason: 'OOMKilled' });
    }
    await eventually(async () => {
      const pod = await readPod(pg, 'crash');
      expect(pod.status.containerStatuses[0]?.state.waiting?.reason).toBe('CrashLoopBackOff');
    });
    await eventually(async () => {
      const pod = await readPod(pg, 'crash');
      expect(isReady(pod)).toBe(true);
      expect(pod.status.containerStatuses[0]).toMatchObject({
        restartCount: 3,
        lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
      });
    });
  });

  test('an image that nobody can run leaves the container waiting, with its error and then the back-off', async () => {
    await createPod(pg, 'typo', { image: 'vllm/vlm-openai' });
    for (const reason of ['ErrImagePull', 'ImagePullBackOff', 'ErrImagePull']) {
      await eventually(async () => {
        const pod = await readPod(pg, 'typo');
        expect(pod.status.phase).toBe('Pending');
        expect(pod.status.containerStatuses[0]?.state.waiting?.reason).toBe(reason);
      });
    }
    await pg.kubectl(['delete', 'pod', 'typo']);
  });

  test('environment comes from literals, Secrets and the pod itself', async () => {
    await pg.kubectl(['create', 'secret', 'generic', 'hub', '--from-literal=token=s3cret']);
    await createPod(pg, 'env', {
      container: {
        env: [
          { name: 'PLAIN', value: '1' },
          { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'hub', key: 'token' } } },
          { name: 'ABSENT', valueFrom: { secretKeyRef: { name: 'hub', key: 'none', optional: true } } },
          { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        ],
      },
    });
    const start = await eventually(() => {
      const [container] = fakes.of('env');
      if (container === undefined) throw new Error('not started');
      return container.start;
    });
    expect(start.env).toEqual({ PLAIN: '1', TOKEN: 's3cret', IP: start.pod.ip });
  });
});
