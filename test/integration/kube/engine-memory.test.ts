import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { startPlayground, type Playground } from '../../../playground/playground.ts';
import { applyManifest, expectKubectl, installWarden } from '../../../playground/warden/install.ts';
import { LABELS } from '../../../src/api/v1alpha1/constants.ts';
import { createKubeClient, type OperatorKubeClient } from '../../../src/kube/client.ts';
import type { PodUsage } from '../../../src/kube/pod-metrics.ts';
import { ManualClock } from '../../../src/runtime/manual-clock.ts';
import { silentLog } from '../../../src/runtime/silent.ts';
import { MemoryReader } from '../../../src/usage/memory-reader.ts';
import { eventually } from '../playground/eventually.ts';
import { never } from './reflecting.ts';

const GIB = 2 ** 30;
const AT = '2026-11-22T20:00:00Z';

let pg: Playground;
/** With the rights that the chart gives, and no others. */
let kube: OperatorKubeClient;

beforeAll(async () => {
  pg = await startPlayground({
    nodes: [{ name: 'node-a', memoryGi: 96 }],
    podMetricsEveryMs: 60_000,
  });
  await installWarden(pg);
  kube = createKubeClient({
    kubeconfig: pg.kubeconfig('operator'),
    userAgent: 'vllm-warden/test',
    log: silentLog,
  });
});
afterAll(async () => {
  await kube.close();
  await pg.stop();
});

interface Measured {
  readonly name: string;
  readonly memory: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly timestamp?: string;
}

/** As metrics-server would answer; on the real thing nobody writes these. */
async function measured(...pods: readonly Measured[]): Promise<void> {
  const documents = pods.map(({ name, memory, labels = { [LABELS.fleet]: 'chat' }, timestamp = AT }) =>
    stringify({
      apiVersion: 'metrics.k8s.io/v1beta1',
      kind: 'PodMetrics',
      metadata: { namespace: 'default', name, labels },
      timestamp,
      window: '15s',
      containers: [
        { name: 'engine', usage: { cpu: '1500m', memory } },
        { name: 'sidecar', usage: { cpu: '3m', memory: '20Mi' } },
      ],
    }),
  );
  await applyManifest(pg, documents.join('---\n'));
}

async function listed(): Promise<readonly PodUsage[]> {
  const answer = await kube.podMetrics('default', LABELS.fleet, never);
  if (answer.kind === 'Unavailable') throw new Error(answer.message);
  return answer.pods;
}

test('whoever may not list what metrics-server measures is told so', async () => {
  const viewer = createKubeClient({
    kubeconfig: pg.kubeconfig('viewer'),
    userAgent: 'vllm-warden/test',
    log: silentLog,
  });
  expect(await viewer.podMetrics('default', LABELS.fleet, never)).toMatchObject({
    kind: 'Unavailable',
    reason: 'Forbidden',
  });
  await viewer.close();
});

test('the pods of fleets are listed with the working set of each container in bytes', async () => {
  await measured(
    { name: 'chat-1', memory: '6291456Ki' },
    { name: 'chat-2', memory: '7G' },
    { name: 'not-ours', memory: '1Gi', labels: { app: 'other' } },
    { name: 'broken', memory: '1Gi', timestamp: 'yesterday' },
  );
  const atMs = Date.parse(AT);
  expect(await listed()).toEqual([
    {
      namespace: 'default',
      name: 'chat-1',
      atMs,
      workingSetBytes: new Map([
        ['engine', 6 * GIB],
        ['sidecar', 20 * 2 ** 20],
      ]),
    },
    {
      namespace: 'default',
      name: 'chat-2',
      atMs,
      workingSetBytes: new Map([
        ['engine', 7e9],
        ['sidecar', 20 * 2 ** 20],
      ]),
    },
  ]);
});

test("a node's allocatable memory is read; of a node that is not there nothing is known", async () => {
  expect(await kube.nodeMemory('node-a', never)).toBe(96 * GIB);
  expect(await kube.nodeMemory('node-z', never)).toBeUndefined();
});

test('an engine without a limit has its own figures and those of its node', async () => {
  const clock = new ManualClock();
  const reader = new MemoryReader({ source: kube, clock, log: silentLog });
  const stop = new AbortController();
  reader.setEngines('default/chat', [
    {
      namespace: 'default',
      name: 'chat-1',
      uid: 'uid-1',
      createdAtMs: Date.parse(AT) - 1_000,
      nodeName: 'node-a',
      hasLimit: false,
    },
  ]);
  const running = reader.run(stop.signal);
  await eventually(() =>
    expect(reader.memory('uid-1')).toEqual({
      atMs: Date.parse(AT),
      workingSetBytes: 6 * GIB,
      nodeAllocatableBytes: 96 * GIB,
    }),
  );
  stop.abort();
  await running;
});

test('a cluster without metrics-server is told', async () => {
  await expectKubectl(pg, ['delete', 'crd', 'pods.metrics.k8s.io']);
  await eventually(async () =>
    expect(await kube.podMetrics('default', LABELS.fleet, never)).toMatchObject({
      kind: 'Unavailable',
      reason: 'NotServed',
    }),
  );
});
