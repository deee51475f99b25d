import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ProxyAgent, request } from 'undici';
import { z } from 'zod';
import { freePorts } from '../../playground/control-plane/ports.ts';
import { startPlayground, type Playground } from '../../playground/playground.ts';
import { applyManifest, expectKubectl, installWarden } from '../../playground/warden/install.ts';
import { startOperator, type OperatorProcess } from '../../playground/warden/operator-process.ts';
import { eventually } from '../integration/playground/eventually.ts';
import {
  applyFleet,
  fleetStatus,
  MODEL,
  patchSpec,
  readFleet,
  settledAt,
  withCondition,
} from './support/fleets.ts';
import { PodHistory, readPods } from '../../playground/warden/pod-history.ts';

/** A fleet from its first `kubectl apply` to its deletion. Each test has a fleet of its own. */

/** Long enough for some passes and scrapes of a fleet that is read each second. */
const SOME_PASSES_MS = 3000;

let pg: Playground;
let operator: OperatorProcess;
let metricsUrl: string;

beforeAll(async () => {
  pg = await startPlayground({
    nodes: [{ name: 'node-a', gpus: 24 }],
    simulator: { flags: ['--sim-startup-seconds', '1'] },
  });
  await installWarden(pg);
  const [port = 0] = await freePorts(1);
  metricsUrl = `http://127.0.0.1:${port}/metrics`;
  operator = await startOperator(pg, { flags: ['--metrics-address', `127.0.0.1:${port}`] });
});

afterAll(async () => {
  await operator.stop();
  await pg.stop();
});

test.concurrent(
  'a minimal resource becomes an engine that answers, and kubectl get says so in one line',
  async () => {
    await applyManifest(
      pg,
      `
apiVersion: vllm.warden.dev/v1alpha1
kind: VLLMDeployment
metadata: {name: minimal}
spec:
  model: {name: ${MODEL}}
  engine: {image: "vllm/vllm-openai:v0.32.0"}
  resources: {limits: {nvidia.com/gpu: "1"}}
  scaling: {minReplicas: 1, maxReplicas: 8}
`,
    );
    await settledAt(pg, 'minimal', 1);
    const [pod] = await readPods(pg, 'minimal');
    expect(await askEngine(pod?.status.podIP ?? '')).toMatchObject({ usage: { completion_tokens: 2 } });
    expect(await expectKubectl(pg, ['get', 'vllm', 'minimal'])).toMatch(/^minimal .* 1\/1 .* Ready /m);
  },
);

test.concurrent('a Service of somebody else stalls the fleet of that name, and no other', async () => {
  await expectKubectl(pg, ['create', 'service', 'clusterip', 'taken', '--tcp=80']);
  await applyFleet(pg, 'taken');
  await applyFleet(pg, 'beside-it');
  await fleetStatus(pg, 'taken', {
    ...withCondition('Stalled', 'True', 'NameTaken'),
    summary: { state: 'Stalled' },
  });
  await settledAt(pg, 'beside-it', 1);
  const selector = await expectKubectl(pg, ['get', 'service', 'taken', '-o', 'jsonpath={.spec.selector}']);
  expect(JSON.parse(selector)).toEqual({ app: 'taken' });
});

test.concurrent(
  'a schedule lifts a fleet; one that can never fire stalls it and leaves its engines',
  async () => {
    const always = { cron: '* * * * *', timeZone: 'Europe/Berlin', minReplicas: 2 };
    await applyFleet(pg, 'scheduled', { scaling: { maxReplicas: 4, schedules: [always] } });
    await settledAt(pg, 'scheduled', 2);
    await patchSpec(pg, 'scheduled', {
      scaling: { schedules: [{ ...always, timeZone: 'Europe/Belrin', minReplicas: 3 }] },
    });
    const { status } = await fleetStatus(pg, 'scheduled', {
      ...withCondition('Stalled', 'True', 'ScheduleInvalid'),
      summary: { ready: '2/2', state: 'Stalled' },
    });
    expect(status?.why?.join('\n')).toContain(
      'spec.scaling.schedules[0].timeZone: "Europe/Belrin" is no time zone',
    );
    await patchSpec(pg, 'scheduled', { scaling: { schedules: [{ ...always, minReplicas: 3 }] } });
    await settledAt(pg, 'scheduled', 3);
  },
);

test.concurrent('another image rolls out one engine at a time, and never below the size', async () => {
  await using history = new PodHistory(pg, 'rolled');
  await applyFleet(pg, 'rolled', { scaling: { minReplicas: 2, maxReplicas: 4 } });
  const before = (await settledAt(pg, 'rolled', 2)).status?.summary?.revision;
  const image = 'vllm-warden/simulator:v0.33.0';
  await patchSpec(pg, 'rolled', { engine: { image } });
  await eventually(async () => {
    const pods = await readPods(pg, 'rolled');
    expect(pods.map(({ spec }) => spec.containers[0]?.image)).toEqual([image, image]);
  });
  const after = (await settledAt(pg, 'rolled', 2)).status?.summary?.revision;
  expect(after).not.toBe(before);
  expect(history.leastServingSince(2)).toBe(2);
  expect(history.most).toBe(3);
});

test.concurrent('a suspended fleet is left as it is, whatever the spec says', async () => {
  await applyFleet(pg, 'suspended');
  await settledAt(pg, 'suspended', 1);
  await patchSpec(pg, 'suspended', { suspend: true, scaling: { minReplicas: 2 } });
  const { generation } = (await readFleet(pg, 'suspended')).metadata;
  const suspended = { observedGeneration: generation, summary: { ready: '1/1', state: 'Suspended' } };
  await fleetStatus(pg, 'suspended', suspended);
  await expectKubectl(pg, ['delete', 'service', 'suspended']);
  await sleep(SOME_PASSES_MS);
  await fleetStatus(pg, 'suspended', suspended);
  expect((await pg.kubectl(['get', 'service', 'suspended'])).stderr).toContain('NotFound');
  await patchSpec(pg, 'suspended', { suspend: false });
  await settledAt(pg, 'suspended', 2);
  await expectKubectl(pg, ['get', 'service', 'suspended']);
});

test.concurrent('with a fleet go its children, and the reading of their pages', async () => {
  await applyFleet(pg, 'deleted');
  await settledAt(pg, 'deleted', 1);
  expect(await childrenOf('deleted')).toEqual(['Pod', 'PodDisruptionBudget', 'ReplicaSet', 'Service']);
  await eventually(async () => expect(await seriesOf('deleted')).not.toEqual([]));
  await expectKubectl(pg, ['delete', 'vllmdeployment', 'deleted']);
  await eventually(async () => expect(await seriesOf('deleted')).toEqual([]));
  await eventually(async () => expect(await childrenOf('deleted')).toEqual([]));
  // A scrape that went on would count itself, or its failure.
  await sleep(SOME_PASSES_MS);
  expect(await seriesOf('deleted')).toEqual([]);
});

async function askEngine(podIP: string): Promise<unknown> {
  const dispatcher = new ProxyAgent({ uri: pg.engineProxyUrl, proxyTunnel: true });
  try {
    const { body } = await request(`http://${podIP}:8000/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: MODEL, prompt: 'hello', max_tokens: 2 }),
      dispatcher,
    });
    return await body.json();
  } finally {
    await dispatcher.close();
  }
}

const Children = z.object({ items: z.array(z.object({ kind: z.string() })) });

/** Kinds of the objects that carry the fleet's label. */
async function childrenOf(fleet: string): Promise<readonly string[]> {
  const kinds = 'pods,replicasets,services,poddisruptionbudgets';
  const list = await expectKubectl(pg, ['get', kinds, '-l', `vllm.warden.dev/fleet=${fleet}`, '-o', 'json']);
  return Children.parse(JSON.parse(list))
    .items.map(({ kind }) => kind)
    .toSorted((a, b) => a.localeCompare(b));
}

/** The series of the operator's own metrics that name the fleet. */
async function seriesOf(fleet: string): Promise<readonly string[]> {
  const { body } = await request(metricsUrl);
  return (await body.text()).split('\n').filter((line) => line.includes(`fleet="${fleet}"`));
}
