import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { startPlayground, type Playground } from '../../../playground/playground.ts';
import { createKubeClient, type KubeClient } from '../../../src/kube/client.ts';
import type { ResourceType } from '../../../src/kube/resource-type.ts';
import { systemClock } from '../../../src/kube/system-clock.ts';
import { EventRecorder } from '../../../src/runtime/event-recorder.ts';
import { silentLog, silentMetrics } from '../../../src/runtime/silent.ts';
import { eventually } from '../playground/eventually.ts';
import { CONFIG_MAP, ConfigMap, never } from './reflecting.ts';

const REPLICA_SET: ResourceType = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  namespaced: true,
};
const WIDGET: ResourceType = {
  apiVersion: 'test.example.com/v1',
  kind: 'Widget',
  plural: 'widgets',
  namespaced: true,
};

const Widget = z.object({
  spec: z.object({ size: z.number().optional() }).optional(),
  status: z.object({ phase: z.string().optional(), claims: z.array(z.string()).optional() }).optional(),
});

let pg: Playground;
let kube: KubeClient;

beforeAll(async () => {
  pg = await startPlayground();
  kube = createKubeClient({
    kubeconfig: pg.kubeconfig('admin'),
    userAgent: 'vllm-warden/test',
    log: silentLog,
  });
  await pg.call(
    z.unknown(),
    'POST',
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
    widgetDefinition(),
  );
  await eventually(() => kube.list(WIDGET, Widget, {}, never));
});
afterAll(async () => {
  await kube.close();
  await pg.stop();
});

function widgetDefinition(): object {
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.test.example.com' },
    spec: {
      group: 'test.example.com',
      scope: 'Namespaced',
      names: { kind: 'Widget', plural: 'widgets', singular: 'widget' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: { type: 'object', properties: { spec: anything, status: anything } } },
        },
      ],
    },
  };
}

const inDefault = (name: string): { namespace: string; name: string } => ({ namespace: 'default', name });

describe('server-side apply', () => {
  test('creates, changes, and takes away what is no longer sent, and leaves the fields of others alone', async () => {
    const metadata = inDefault('applied');
    await kube.apply(CONFIG_MAP, { metadata, data: { mine: '1', dropped: '1' } }, 'vllm-warden', never);
    await kube.apply(CONFIG_MAP, { metadata, data: { theirs: '1' } }, 'somebody', never);
    await kube.apply(CONFIG_MAP, { metadata, data: { mine: '2' } }, 'vllm-warden', never);
    const live = await kube.get(CONFIG_MAP, metadata, ConfigMap, never);
    expect(live?.object.data).toEqual({ mine: '2', theirs: '1' });
  });

  test('of the same once more writes nothing', async () => {
    const object = { metadata: inDefault('same'), data: { a: '1' } };
    const first = await kube.apply(CONFIG_MAP, object, 'vllm-warden', never);
    const second = await kube.apply(CONFIG_MAP, object, 'vllm-warden', never);
    expect(second.resourceVersion).toBe(first.resourceVersion);
  });

  test('takes over a field that somebody else has set: what we declare, we own', async () => {
    const metadata = inDefault('contested');
    await kube.apply(CONFIG_MAP, { metadata, data: { a: 'theirs' } }, 'somebody', never);
    await kube.apply(CONFIG_MAP, { metadata, data: { a: 'ours' } }, 'vllm-warden', never);
    expect((await kube.get(CONFIG_MAP, metadata, ConfigMap, never))?.object.data).toEqual({ a: 'ours' });
  });

  test('of a status reaches the subresource of a custom resource (javascript #2434), and never its spec', async () => {
    const created = await kube.create(
      WIDGET,
      { metadata: inDefault('status'), spec: { size: 1 } },
      'test',
      never,
    );
    await kube.applyStatus(WIDGET, created, { phase: 'Ready' }, 'vllm-warden-status', never);
    const live = await kube.get(WIDGET, inDefault('status'), Widget, never);
    expect(live?.object).toEqual({ spec: { size: 1 }, status: { phase: 'Ready' } });
  });

  test('of a status that was computed from an older version is a conflict', async () => {
    const created = await kube.create(
      WIDGET,
      { metadata: inDefault('stale'), spec: { size: 1 } },
      'test',
      never,
    );
    await kube.apply(WIDGET, { metadata: inDefault('stale'), spec: { size: 2 } }, 'test', never);
    const late = kube.applyStatus(WIDGET, created, { phase: 'Ready' }, 'vllm-warden-status', never);
    await expect(late).rejects.toMatchObject({ code: 'ApiConflict' });
    expect((await kube.get(WIDGET, inDefault('stale'), Widget, never))?.object.status).toBeUndefined();
  });

  test('of a status and a claim by merge-patch live side by side, each with fields of its own', async () => {
    const created = await kube.create(WIDGET, { metadata: inDefault('claimed') }, 'test', never);
    const claimed = await kube.mergePatch(
      WIDGET,
      inDefault('claimed'),
      {
        resourceVersion: created.resourceVersion,
        subresource: 'status',
        patch: { status: { claims: ['a'] } },
        fieldManager: 'vllm-warden-claims',
      },
      never,
    );
    const applied = await kube.applyStatus(WIDGET, claimed, { phase: 'Ready' }, 'vllm-warden-status', never);
    await kube.applyStatus(WIDGET, applied, { phase: 'Scaling' }, 'vllm-warden-status', never);
    const live = await kube.get(WIDGET, inDefault('claimed'), Widget, never);
    expect(live?.object.status).toEqual({ phase: 'Scaling', claims: ['a'] });
  });
});

describe('compare and swap', () => {
  test('a merge-patch for an older version is a conflict, and changes nothing', async () => {
    const { resourceVersion } = await kube.create(
      CONFIG_MAP,
      { metadata: inDefault('swapped') },
      'test',
      never,
    );
    const change = { resourceVersion, patch: { data: { winner: 'first' } }, fieldManager: 'test' };
    await kube.mergePatch(CONFIG_MAP, inDefault('swapped'), change, never);
    const late = { ...change, patch: { data: { winner: 'second' } } };
    await expect(kube.mergePatch(CONFIG_MAP, inDefault('swapped'), late, never)).rejects.toMatchObject({
      code: 'ApiConflict',
    });
    const live = await kube.get(CONFIG_MAP, inDefault('swapped'), ConfigMap, never);
    expect(live?.object.data).toEqual({ winner: 'first' });
  });

  test('a size for an older version is a conflict; the managed fields say who scaled', async () => {
    const metadata = { ...inDefault('scaled'), labels: { app: 'scaled' } };
    const template = {
      metadata: { labels: { app: 'scaled' } },
      spec: { containers: [{ name: 'engine', image: 'example.com/engine' }] },
    };
    const spec = { replicas: 0, selector: { matchLabels: { app: 'scaled' } }, template };
    await kube.create(REPLICA_SET, { metadata, spec }, 'vllm-warden', never);
    // The controller manager writes the status of a new ReplicaSet at the same time.
    const before = await eventually(async () => {
      const read = await kube.getScale(REPLICA_SET, inDefault('scaled'), never);
      const scale = { replicas: 1, resourceVersion: read.resourceVersion };
      const after = await kube.setScale(REPLICA_SET, inDefault('scaled'), scale, 'vllm-warden-scale', never);
      return { ...read, after: after.replicas };
    });
    expect(before).toMatchObject({ replicas: 0, after: 1 });
    const late = { replicas: 2, resourceVersion: before.resourceVersion };
    await expect(
      kube.setScale(REPLICA_SET, inDefault('scaled'), late, 'vllm-warden-scale', never),
    ).rejects.toMatchObject({ code: 'ApiConflict' });
    expect((await kube.getScale(REPLICA_SET, inDefault('scaled'), never)).replicas).toBe(1);

    const Managed = z.object({
      metadata: z.object({
        managedFields: z.array(z.object({ manager: z.string(), fieldsV1: z.unknown() })),
      }),
    });
    const live = await kube.get(REPLICA_SET, inDefault('scaled'), Managed, never);
    const owner = live?.object.metadata.managedFields.find(({ manager }) => manager === 'vllm-warden-scale');
    expect(owner?.fieldsV1).toEqual({ 'f:spec': { 'f:replicas': {} } });
  });

  test('a deletion is of one incarnation: another uid under the name is left alone', async () => {
    const first = await kube.create(CONFIG_MAP, { metadata: inDefault('reborn') }, 'test', never);
    expect(await kube.delete(CONFIG_MAP, inDefault('reborn'), { uid: first.uid }, never)).toBe('Deleted');
    expect(await kube.delete(CONFIG_MAP, inDefault('reborn'), { uid: first.uid }, never)).toBe('NotFound');
    const second = await kube.create(CONFIG_MAP, { metadata: inDefault('reborn') }, 'test', never);
    await expect(
      kube.delete(CONFIG_MAP, inDefault('reborn'), { uid: first.uid }, never),
    ).rejects.toMatchObject({ code: 'ApiConflict' });
    const live = await kube.get(CONFIG_MAP, inDefault('reborn'), ConfigMap, never);
    expect(live?.meta.uid).toBe(second.uid);
  });

  test('a name that is taken is said so', async () => {
    const object = { metadata: inDefault('taken') };
    await kube.create(CONFIG_MAP, object, 'test', never);
    await expect(kube.create(CONFIG_MAP, object, 'test', never)).rejects.toMatchObject({
      code: 'ApiAlreadyExists',
    });
  });
});

test('1200 objects are listed in pages of 500 (javascript #586), all of one moment', async () => {
  const names = Array.from({ length: 1_200 }, (_, index) => `many-${index}`);
  while (names.length > 0) {
    const labels = { many: 'true' };
    const batch = names.splice(0, 30).map((name) => ({ metadata: { ...inDefault(name), labels } }));
    await Promise.all(batch.map((object) => kube.create(CONFIG_MAP, object, 'test', never)));
  }
  const requests: string[] = [];
  const counting = createKubeClient({
    kubeconfig: pg.kubeconfig('admin'),
    userAgent: 'vllm-warden/test',
    log: silentLog,
    onRequest: (method, outcome) => void requests.push(`${method} ${outcome}`),
  });
  const scope = { namespace: 'default', labelSelector: 'many=true' };
  const { items, resourceVersion } = await counting.list(CONFIG_MAP, ConfigMap, scope, never);
  await counting.close();
  expect(new Set(items.map(({ meta }) => meta.name)).size).toBe(1_200);
  expect(requests).toEqual(['GET 200', 'GET 200', 'GET 200']);
  expect(Number(resourceVersion)).toBeGreaterThan(0);
});

test('events are written as people see them, repeats as a count', async () => {
  const regarding = await kube.create(CONFIG_MAP, { metadata: inDefault('eventful') }, 'test', never);
  const recorder = new EventRecorder({
    sink: kube.events({ controller: 'vllm-warden', instance: 'pod-1' }),
    clock: systemClock,
    random: Math.random,
    log: silentLog,
    metrics: silentMetrics,
  });
  const event = {
    regarding: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      namespace: 'default',
      name: 'eventful',
      uid: regarding.uid,
    },
    type: 'Normal',
    reason: 'ScaledUp',
    action: 'Scale',
    note: 'scaled from 2 to 3 engines',
  } as const;
  recorder.record(event);
  await eventually(async () => expect((await pg.kubectl(['get', 'events'])).stdout).toContain('ScaledUp'));
  recorder.record(event);
  recorder.record(event);
  await recorder.flush(5_000);
  const described = await pg.kubectl(['describe', 'configmap', 'eventful']);
  expect(described.stdout).toMatch(
    /Normal\s+ScaledUp\s+.*\(x3 over .*\)\s+vllm-warden\s+scaled from 2 to 3 engines/,
  );
});
