import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPlayground, type Playground } from '../../playground/playground.ts';
import { ClaimHistory } from '../../playground/warden/claim-history.ts';
import { applyManifest, installWarden } from '../../playground/warden/install.ts';
import { startOperator, type OperatorProcess } from '../../playground/warden/operator-process.ts';
import { PodHistory, readPods } from '../../playground/warden/pod-history.ts';
import {
  applyFleet,
  askReplace,
  describeFleet,
  fleetStatus,
  patchSpec,
  quietAt,
  strayMarks,
  withCondition,
  withOutcome,
} from './support/fleets.ts';

/** Engines that are to be replaced where there is no accelerator, or no right, for one more. Each test has a node. */

const NEW_IMAGE = 'vllm-warden/simulator:v0.33.0';
const POOL = 'example.com/pool';
/** GPUs of each test's node, by its fleet. */
const GPUS = { full: 2, rolled: 2, strict: 2, lonely: 1, single: 2, budgeted: 4 };
type Fleet = keyof typeof GPUS;

let pg: Playground;
let operator: OperatorProcess;

beforeAll(async () => {
  const nodes = Object.entries(GPUS).map(([name, gpus]) => ({ name, gpus, labels: { [POOL]: name } }));
  pg = await startPlayground({ nodes, simulator: { flags: ['--sim-startup-seconds', '1'] } });
  await installWarden(pg);
  operator = await startOperator(pg);
});

afterAll(async () => {
  await operator.stop();
  await pg.stop();
});

test.concurrent('a replace without a free accelerator lets the old engine go first', async () => {
  await using history = new PodHistory(pg, 'full');
  await using claims = new ClaimHistory(pg, 'full');
  await applyOn('full', 2);
  await quietAt(pg, 'full', 2);
  const [victim = ''] = await namesOf('full');
  await askReplace(pg, 'full', victim);
  await fleetStatus(pg, 'full', withOutcome(victim, 'Drained'));
  await quietAt(pg, 'full', 2);
  expect(await namesOf('full')).not.toContain(victim);
  const [claim] = claims.claims;
  expect(claim).toMatchObject({ claim: { command: 'Replace', strategy: 'DrainFirst' } });
  expect(claim?.claim.message).toMatch(/no room for both: .* has found no node .*nvidia\.com\/gpu/);
  expect([history.created, history.leastServingSince(2)]).toEqual([3, 1]);
});

test.concurrent('a roll-out of a fleet that fills every accelerator goes one by one', async () => {
  await using history = new PodHistory(pg, 'rolled');
  await applyOn('rolled', 2);
  await quietAt(pg, 'rolled', 2);
  await patchSpec(pg, 'rolled', { engine: { image: NEW_IMAGE } });
  await quietAt(pg, 'rolled', 2);
  const pods = await readPods(pg, 'rolled');
  expect(pods.map(({ spec }) => spec.containers[0]?.image)).toEqual([NEW_IMAGE, NEW_IMAGE]);
  expect(history.leastServingSince(2)).toBe(1);
});

test.concurrent(
  'without room and with maxUnavailable 0 nothing goes, and what to change is said',
  async () => {
    await using history = new PodHistory(pg, 'strict');
    await applyOn('strict', 2, { maxUnavailable: 0 });
    await quietAt(pg, 'strict', 2);
    const engines = await namesOf('strict');
    const [victim = ''] = engines;
    await askReplace(pg, 'strict', victim);
    await fleetStatus(pg, 'strict', {
      ...withCondition('RestartBlocked', 'True', 'NoRoom'),
      ...withOutcome(victim, 'NoRoom'),
      summary: { ready: '2/2' },
    });
    expect(await describeFleet(pg, 'strict')).toContain('rollout.maxUnavailable is 0: raise it');
    expect(await namesOf('strict')).toEqual(engines);
    expect(await strayMarks(pg, 'strict')).toEqual([]);
    expect(history.leastServingSince(2), 'it served on all the time').toBe(2);

    await patchSpec(pg, 'strict', { engine: { image: NEW_IMAGE } });
    await fleetStatus(pg, 'strict', {
      rollout: { phase: 'Blocked', reason: 'Unschedulable' },
      ...withCondition('RestartBlocked', 'True', 'Unschedulable'),
    });
    expect(await namesOf('strict')).toEqual(expect.arrayContaining([...engines]));
    expect(history.leastServingSince(2)).toBe(2);
  },
);

test.concurrent('the only engine of a fleet without room goes when allowDowntime says so', async () => {
  await using history = new PodHistory(pg, 'lonely');
  await applyOn('lonely', 1);
  await quietAt(pg, 'lonely', 1);
  const engines = await namesOf('lonely');
  await askReplace(pg, 'lonely', engines[0] ?? '');
  await fleetStatus(pg, 'lonely', withCondition('RestartBlocked', 'True', 'NoRoom'));
  expect(await describeFleet(pg, 'lonely')).toContain(
    'set rollout.allowDowntime to let the last one go first',
  );
  expect(await namesOf('lonely')).toEqual(engines);
  expect(history.leastServingSince(1)).toBe(1);

  await patchSpec(pg, 'lonely', { rollout: { allowDowntime: true } });
  await fleetStatus(pg, 'lonely', withCondition('RestartBlocked', 'False', 'NotBlocked'));
  await quietAt(pg, 'lonely', 1);
  expect(await namesOf('lonely')).not.toEqual(engines);
});

test.concurrent('the only engine of a fleet with room serves until another one does', async () => {
  await using history = new PodHistory(pg, 'single');
  await applyOn('single', 1);
  await quietAt(pg, 'single', 1);
  const [victim = ''] = await namesOf('single');
  await askReplace(pg, 'single', victim);
  await fleetStatus(pg, 'single', withOutcome(victim, 'Drained'));
  await quietAt(pg, 'single', 1);
  expect(await namesOf('single')).not.toContain(victim);
  expect([history.created, history.most, history.leastServingSince(1)]).toEqual([2, 2, 1]);
});

test.concurrent('a quota that refuses one more engine blocks a replace, and is named', async () => {
  await using history = new PodHistory(pg, 'budgeted');
  await applyManifest(pg, JSON.stringify(PRIORITY));
  await applyManifest(pg, JSON.stringify(QUOTA));
  await applyOn('budgeted', 2, { maxUnavailable: 0 }, { priorityClassName: PRIORITY.metadata.name });
  await quietAt(pg, 'budgeted', 2);
  const engines = await namesOf('budgeted');
  await askReplace(pg, 'budgeted', engines[0] ?? '');
  await fleetStatus(pg, 'budgeted', {
    ...withCondition('RestartBlocked', 'True', 'NoRoom'),
    ...withOutcome(engines[0] ?? '', 'NoRoom'),
    summary: { ready: '2/2' },
  });
  expect(await describeFleet(pg, 'budgeted')).toContain(`exceeded quota: ${QUOTA.metadata.name}`);
  expect(await namesOf('budgeted')).toEqual(engines);
  expect(await strayMarks(pg, 'budgeted')).toEqual([]);
  expect(history.leastServingSince(2)).toBe(2);
});

const PRIORITY = {
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name: 'budgeted' },
  value: 1000,
};

/** Two pods of that class, so that the other fleets of the namespace have nothing to do with it. */
const QUOTA = {
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'two-engines' },
  spec: {
    hard: { pods: '2' },
    scopeSelector: {
      matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: [PRIORITY.metadata.name] }],
    },
  },
};

function applyOn(
  fleet: Fleet,
  engines: number,
  rollout: Readonly<Record<string, unknown>> = {},
  template: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  return applyFleet(pg, fleet, {
    scaling: { minReplicas: engines, maxReplicas: engines },
    spec: {
      rollout: { surgeTimeoutSeconds: 2, ...rollout },
      template: { nodeSelector: { [POOL]: fleet }, ...template },
    },
  });
}

async function namesOf(fleet: string): Promise<readonly string[]> {
  return (await readPods(pg, fleet)).map(({ metadata }) => metadata.name);
}
