import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPlayground, type Playground } from '../../playground/playground.ts';
import { applyManifest, expectKubectl, installWarden } from '../../playground/warden/install.ts';
import { startOperator, type OperatorProcess } from '../../playground/warden/operator-process.ts';
import { PodHistory, readPods, type Pod } from '../../playground/warden/pod-history.ts';
import { LABELS, SERVING } from '../../src/api/v1alpha1/constants.ts';
import type { Disruption } from '../../src/api/v1alpha1/status.ts';
import { eventually } from '../integration/playground/eventually.ts';
import {
  applyFleet,
  askReplace,
  claimAt,
  fleetStatus,
  patchSpec,
  quietAt,
  strayMarks,
  withCondition,
  withOutcome,
} from './support/fleets.ts';
import { holdRequests } from './support/held-requests.ts';

/** Others act on a fleet while one of its engines drains, which a held request keeps it at. */

const POOL = 'example.com/pool';
/** Away from the nodes that are drained. */
const ON_COMMON = { template: { nodeSelector: { [POOL]: 'common' } } };
const NODE_DRAIN = ['--ignore-daemonsets', '--delete-emptydir-data', '--timeout=50s'];

let pg: Playground;
let operator: OperatorProcess;

beforeAll(async () => {
  pg = await startPlayground({
    nodes: [
      { name: 'common', gpus: 32, labels: { [POOL]: 'common' } },
      ...['shrinking', 'replacing'].flatMap((pool) =>
        ['a', 'b'].map((node) => ({ name: `${pool}-${node}`, gpus: 4, labels: { [POOL]: pool } })),
      ),
    ],
    simulator: { flags: ['--sim-startup-seconds', '1', '--sim-speed', '0.25'] },
  });
  await installWarden(pg);
  operator = await startOperator(pg);
});

afterAll(async () => {
  await operator.stop();
  await pg.stop();
});

test.concurrent('an autoscaler that appears while an engine drains: the engine serves again', async () => {
  await using drain = await drainOne('contested');
  await applyManifest(pg, JSON.stringify(autoscalerOf('contested')));
  await fleetStatus(pg, 'contested', {
    ...withCondition('ConflictingAutoscaler', 'True', 'HorizontalPodAutoscaler'),
    ...withOutcome(drain.claim.engine, 'Cancelled'),
    replicas: 3,
  });
  await eventually(async () => expect(await strayMarks(pg, 'contested')).toEqual([]));
  await drain.letGo();
  await expectKubectl(pg, ['delete', 'hpa', 'contested']);
  await quietAt(pg, 'contested', 2);
  expect(drain.history.removed).toHaveLength(1);
});

test.concurrent('kubectl scale to more while an engine drains: the engine serves again', async () => {
  await using drain = await drainOne('raised');
  await scaleReplicaSet('raised', 4);
  await fleetStatus(pg, 'raised', {
    scaling: { manualFloor: { replicas: 4, source: 'ReplicaSet' } },
    ...withOutcome(drain.claim.engine, 'Cancelled'),
  });
  await quietAt(pg, 'raised', 4);
  expect(await strayMarks(pg, 'raised')).toEqual([]);
  expect(drain.history.removed).toEqual([]);
});

test.concurrent(
  'kubectl scale to less while an engine drains takes that engine, and no second one goes',
  async () => {
    await using drain = await drainOne('lowered');
    await scaleReplicaSet('lowered', 2);
    await fleetStatus(pg, 'lowered', withOutcome(drain.claim.engine, 'Gone'));
    await quietAt(pg, 'lowered', 2);
    await drain.letGo();
    await quietAt(pg, 'lowered', 2);
    expect(drain.history.removed.map(nameOf)).toEqual([drain.claim.engine]);
  },
);

test.concurrent(
  'kubectl delete of the engine that drains: another one goes in its place, the fleet ends at its size',
  async () => {
    await using drain = await drainOne('deleted');
    await expectKubectl(pg, ['delete', 'pod', drain.claim.engine, '--wait=false']);
    await fleetStatus(pg, 'deleted', withOutcome(drain.claim.engine, 'Gone'));
    await drain.letGo();
    await quietAt(pg, 'deleted', 2);
    expect(await strayMarks(pg, 'deleted')).toEqual([]);
    expect(drain.history.leastServingSince(3)).toBe(2);
  },
);

test.concurrent('kubectl delete of an engine that serves, while another one drains', async () => {
  await using drain = await drainOne('bereft');
  const other = (await readPods(pg, 'bereft')).map(nameOf).find((name) => name !== drain.claim.engine);
  await expectKubectl(pg, ['delete', 'pod', other ?? '', '--wait=false']);
  await drain.letGo();
  await quietAt(pg, 'bereft', 2);
  expect(await strayMarks(pg, 'bereft')).toEqual([]);
  expect((await readPods(pg, 'bereft')).map(nameOf)).not.toContain(other);
});

test.concurrent('a label put back by hand while the engine drains is taken off again', async () => {
  await using drain = await drainOne('relabelled');
  const { engine } = drain.claim;
  await expectKubectl(pg, ['label', 'pod', engine, '--overwrite', `${LABELS.serving}=${SERVING.true}`]);
  await eventually(async () => expect(await servingLabel('relabelled', engine)).toBe(SERVING.draining));
  await drain.letGo();
  await quietAt(pg, 'relabelled', 2);
  expect(drain.history.removed.map(nameOf)).toEqual([engine]);
});

test.concurrent('a mark put on by hand, with no claim behind it, is taken off', async () => {
  await applyFleet(pg, 'marked', { scaling: { minReplicas: 2, maxReplicas: 4 }, spec: ON_COMMON });
  await quietAt(pg, 'marked', 2);
  const [engine = ''] = (await readPods(pg, 'marked')).map(nameOf);
  await expectKubectl(pg, ['label', 'pod', engine, '--overwrite', `${LABELS.serving}=${SERVING.draining}`]);
  await eventually(async () => expect(await servingLabel('marked', engine)).toBe(SERVING.true));
  await quietAt(pg, 'marked', 2);
  expect((await readPods(pg, 'marked')).map(nameOf)).toContain(engine);
});

test.concurrent(
  "somebody else's PodDisruptionBudget that allows nothing stops evictions, not the operator",
  async () => {
    await applyManifest(pg, JSON.stringify(budgetOf('guarded')));
    await using history = new PodHistory(pg, 'guarded');
    await applyFleet(pg, 'guarded', { scaling: { minReplicas: 3, maxReplicas: 4 }, spec: ON_COMMON });
    await quietAt(pg, 'guarded', 3);
    const [victim = ''] = (await readPods(pg, 'guarded')).map(nameOf);
    await askReplace(pg, 'guarded', victim);
    await fleetStatus(pg, 'guarded', withOutcome(victim, 'Drained'));
    await patchSpec(pg, 'guarded', { scaling: { minReplicas: 2 } });
    await quietAt(pg, 'guarded', 2);
    expect(history.removed).toHaveLength(2);
    const budgets = await expectKubectl(pg, ['get', 'pdb', '-o', 'name']);
    expect(budgets).not.toMatch(/\/guarded$/m);
  },
);

test.concurrent('kubectl drain of the node while an engine of it drains', async () => {
  await using drain = await drainOne('shrinking', 'shrinking');
  const node = await nodeOf('shrinking', drain.claim.engine);
  const drained = expectKubectl(pg, ['drain', node, ...NODE_DRAIN]);
  await fleetStatus(pg, 'shrinking', withOutcome(drain.claim.engine, 'Gone'));
  await drain.letGo();
  await drained;
  await quietAt(pg, 'shrinking', 2);
  expect(await nodesOf('shrinking')).not.toContain(node);
  expect(await strayMarks(pg, 'shrinking')).toEqual([]);
  expect(drain.history.leastServingSince(3)).toBeGreaterThanOrEqual(1);
});

test.concurrent('kubectl drain of the node while an engine of it is replaced', async () => {
  await using history = new PodHistory(pg, 'replacing');
  await applyFleet(pg, 'replacing', {
    scaling: { minReplicas: 2, maxReplicas: 2 },
    spec: { template: { nodeSelector: { [POOL]: 'replacing' } } },
  });
  await quietAt(pg, 'replacing', 2);
  const [victim = ''] = (await readPods(pg, 'replacing')).map(nameOf);
  const node = await nodeOf('replacing', victim);
  await askReplace(pg, 'replacing', victim);
  await claimAt(pg, 'replacing', 'Surging');
  await eventually(() => expectKubectl(pg, ['drain', node, ...NODE_DRAIN]), 120_000);
  await quietAt(pg, 'replacing', 2);
  expect(await nodesOf('replacing')).not.toContain(node);
  expect(await strayMarks(pg, 'replacing')).toEqual([]);
  expect(history.leastServingSince(2)).toBeGreaterThanOrEqual(1);
});

interface HeldDrain extends AsyncDisposable {
  readonly claim: Disruption;
  readonly history: PodHistory;
  /** Ends the requests that keep the engine from being empty. */
  letGo(): Promise<void>;
}

/** A fleet of three that is to have two, whose victim drains and still has a request. */
async function drainOne(fleet: string, pool = 'common'): Promise<HeldDrain> {
  const history = new PodHistory(pg, fleet);
  await applyFleet(pg, fleet, {
    scaling: { minReplicas: 3, maxReplicas: 4 },
    spec: {
      drain: { settleSeconds: 1, timeoutSeconds: 120 },
      template: { nodeSelector: { [POOL]: pool } },
    },
  });
  await quietAt(pg, fleet, 3);
  const engines = (await readPods(pg, fleet)).map(nameOf);
  const held = await Promise.all(engines.map((engine) => holdRequests(pg, fleet, engine, 1)));
  const letGo = async (): Promise<void> => {
    await Promise.all(held.map((requests) => requests[Symbol.asyncDispose]()));
  };
  await patchSpec(pg, fleet, { scaling: { minReplicas: 2 } });
  const claim = await claimAt(pg, fleet, 'Draining');
  return {
    claim,
    history,
    letGo,
    [Symbol.asyncDispose]: async () => {
      await letGo();
      await history[Symbol.asyncDispose]();
    },
  };
}

async function scaleReplicaSet(fleet: string, replicas: number): Promise<void> {
  await expectKubectl(pg, [
    'scale',
    'replicaset',
    '-l',
    `${LABELS.fleet}=${fleet}`,
    `--replicas=${replicas}`,
  ]);
}

async function servingLabel(fleet: string, engine: string): Promise<string | undefined> {
  const pod = (await readPods(pg, fleet)).find((one) => nameOf(one) === engine);
  return pod?.metadata.labels[LABELS.serving];
}

async function nodeOf(fleet: string, engine: string): Promise<string> {
  return (await readPods(pg, fleet)).find((pod) => nameOf(pod) === engine)?.spec.nodeName ?? '';
}

async function nodesOf(fleet: string): Promise<readonly (string | undefined)[]> {
  return (await readPods(pg, fleet)).map(({ spec }) => spec.nodeName);
}

function nameOf({ metadata }: Pod): string {
  return metadata.name;
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

function budgetOf(fleet: string): object {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: `${fleet}-of-the-platform-team` },
    spec: { maxUnavailable: 0, selector: { matchLabels: { [LABELS.fleet]: fleet } } },
  };
}
