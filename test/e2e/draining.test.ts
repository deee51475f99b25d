import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPlayground, type Playground } from '../../playground/playground.ts';
import { expectKubectl, installWarden } from '../../playground/warden/install.ts';
import { KeepAlivePool } from '../../playground/warden/keep-alive-pool.ts';
import { startOperator, type OperatorProcess } from '../../playground/warden/operator-process.ts';
import { PodHistory, readPods, type Pod } from '../../playground/warden/pod-history.ts';
import { eventually } from '../integration/playground/eventually.ts';
import {
  applyFleet,
  askReplace,
  claimAt,
  describeFleet,
  eventNotes,
  fleetStatus,
  MODEL,
  patchSpec,
  quietAt,
  strayMarks,
  withOutcome,
} from './support/fleets.ts';
import { holdRequests } from './support/held-requests.ts';

/** What a person sees of an engine that drains, and how a drain ends that finds no empty engine. */

const ROUTER_LABEL = 'example.com/in-pool';

let pg: Playground;
let operator: OperatorProcess;

beforeAll(async () => {
  pg = await startPlayground({
    nodes: [{ name: 'node-a', gpus: 32 }],
    simulator: { flags: ['--sim-startup-seconds', '1', '--sim-speed', '0.25'] },
  });
  await installWarden(pg);
  operator = await startOperator(pg);
});

afterAll(async () => {
  await operator.stop();
  await pg.stop();
});

test.concurrent('a request that does not end in time is cut, and its client hears of it', async () => {
  await applyFleet(pg, 'cut', {
    scaling: { minReplicas: 2, maxReplicas: 2 },
    spec: { drain: { settleSeconds: 1, timeoutSeconds: 5 } },
  });
  await quietAt(pg, 'cut', 2);
  const [victim = ''] = await namesOf('cut');
  await using held = await holdRequests(pg, 'cut', victim, 1);
  await askReplace(pg, 'cut', victim);
  await claimAt(pg, 'cut', 'Draining');
  await eventually(async () => {
    expect(await describeFleet(pg, 'cut')).toContain(`${victim}: Draining on node-a, running 1`);
  });
  await held.ended;
  await fleetStatus(pg, 'cut', withOutcome(victim, 'Cut'));
  await eventually(async () => {
    const notes = await eventNotes(pg, 'cut');
    expect(notes).toContainEqual(expect.stringMatching(`^RequestsCut: ${victim} .*1 request`));
  });
  await quietAt(pg, 'cut', 2);
});

test.concurrent('more engines are wanted while one drains: it serves again, and none is made', async () => {
  await using history = new PodHistory(pg, 'wanted');
  await applyFleet(pg, 'wanted', {
    scaling: { minReplicas: 3, maxReplicas: 4 },
    spec: { drain: { settleSeconds: 1, timeoutSeconds: 120 } },
  });
  await quietAt(pg, 'wanted', 3);
  const engines = await namesOf('wanted');
  const held = await Promise.all(engines.map((engine) => holdRequests(pg, 'wanted', engine, 1)));
  await patchSpec(pg, 'wanted', { scaling: { minReplicas: 2 } });
  const { engine } = await claimAt(pg, 'wanted', 'Draining');
  await patchSpec(pg, 'wanted', { scaling: { minReplicas: 3 } });
  await fleetStatus(pg, 'wanted', withOutcome(engine, 'Cancelled'));
  await quietAt(pg, 'wanted', 3);
  expect(await strayMarks(pg, 'wanted')).toEqual([]);
  await Promise.all(held.map((requests) => requests[Symbol.asyncDispose]()));
  expect([await namesOf('wanted'), history.created]).toEqual([engines, 3]);
});

test.concurrent("labels of the user's own router go with the engine, and come back with it", async () => {
  const label = { key: ROUTER_LABEL, value: 'yes', drainedValue: 'no' };
  await applyFleet(pg, 'routed', {
    scaling: { minReplicas: 2, maxReplicas: 4 },
    spec: {
      drain: { settleSeconds: 1, timeoutSeconds: 120, labels: [label] },
      template: { labels: { [ROUTER_LABEL]: 'yes' } },
    },
  });
  await quietAt(pg, 'routed', 2);
  const engines = await namesOf('routed');
  const held = await Promise.all(engines.map((engine) => holdRequests(pg, 'routed', engine, 1)));
  await patchSpec(pg, 'routed', { scaling: { minReplicas: 1 } });
  const { engine } = await claimAt(pg, 'routed', 'Draining');
  const labels = async (): Promise<readonly (string | undefined)[]> =>
    (await readPods(pg, 'routed')).map((pod) => pod.metadata.labels[ROUTER_LABEL]);
  expect(await labels()).toEqual(engines.map((name) => (name === engine ? 'no' : 'yes')));
  await patchSpec(pg, 'routed', { scaling: { minReplicas: 2 } });
  await eventually(async () => expect(await labels()).toEqual(['yes', 'yes']));
  await quietAt(pg, 'routed', 2);
  await Promise.all(held.map((requests) => requests[Symbol.asyncDispose]()));
});

test.concurrent(
  'clients that stay with an engine out of the Service are reported, and it goes in time',
  async () => {
    await applyFleet(pg, 'pinned', {
      scaling: { minReplicas: 2, maxReplicas: 2 },
      spec: { drain: { settleSeconds: 1, timeoutSeconds: 25 } },
    });
    await quietAt(pg, 'pinned', 2);
    const [victim] = await readPods(pg, 'pinned');
    const name = victim === undefined ? '' : nameOf(victim);
    const host = victim?.status.podIP ?? '';
    await using _pool = new KeepAlivePool({
      connections: 1,
      pickTarget: () => ({ name, host, port: 8000, path: '/v1/completions' }),
      model: MODEL,
      promptTokens: 16,
      outputTokens: () => 5,
      pauseMs: 500,
      requestTimeoutMs: 10_000,
      engineProxyUrl: pg.engineProxyUrl,
      seed: 1,
      onRecord: () => undefined,
    });
    await askReplace(pg, 'pinned', name);
    await eventually(async () => {
      const notes = await eventNotes(pg, 'pinned');
      expect(notes).toContainEqual(expect.stringMatching(`^PinnedClients: \\d+ requests? came to ${name} `));
    });
    await quietAt(pg, 'pinned', 2);
    expect(await namesOf('pinned')).not.toContain(name);
  },
);

test.concurrent('a replace of an engine that there is not is refused, with a word', async () => {
  await applyFleet(pg, 'typo');
  await quietAt(pg, 'typo', 1);
  const engines = await namesOf('typo');
  await askReplace(pg, 'typo', 'typo-of-a-person');
  await eventually(async () => {
    const notes = await eventNotes(pg, 'typo');
    expect(notes).toContainEqual(expect.stringMatching('^ReplaceRejected: .*typo-of-a-person'));
  });
  expect(await namesOf('typo')).toEqual(engines);
});

test.concurrent('kubectl delete of the fleet while an engine is replaced takes that engine too', async () => {
  await applyFleet(pg, 'ended', { spec: { drain: { settleSeconds: 1, timeoutSeconds: 120 } } });
  await quietAt(pg, 'ended', 1);
  const [engine = ''] = await namesOf('ended');
  await using held = await holdRequests(pg, 'ended', engine, 1);
  await askReplace(pg, 'ended', engine);
  await claimAt(pg, 'ended', 'Draining');
  await expectKubectl(pg, ['delete', 'vllmdeployment', 'ended']);
  await eventually(async () => expect(await namesOf('ended')).toEqual([]));
  await held[Symbol.asyncDispose]();
});

async function namesOf(fleet: string): Promise<readonly string[]> {
  return (await readPods(pg, fleet)).map(nameOf);
}

function nameOf({ metadata }: Pod): string {
  return metadata.name;
}
