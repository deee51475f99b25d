import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPlayground, type Playground } from '../../../playground/playground.ts';
import { eventually } from './eventually.ts';
import { FakeContainers, type FakeContainer } from './fake-containers.ts';
import { createPod, isReady, readPod, type PodOptions } from './objects.ts';

const fakes = new FakeContainers();
let pg: Playground;

beforeAll(async () => {
  pg = await startPlayground({ nodes: [{ name: 'node-a' }], startContainer: fakes.startContainer });
});

afterAll(async () => {
  await pg.stop();
});

async function runningPod(name: string, options: PodOptions): Promise<FakeContainer> {
  await createPod(pg, name, options);
  await eventually(async () => expect(isReady(await readPod(pg, name))).toBe(true));
  const [container] = fakes.of(name);
  if (container === undefined) throw new Error(`${name} was not started`);
  return container;
}

async function remove(name: string, gracePeriodSeconds?: number): Promise<void> {
  const options = gracePeriodSeconds === undefined ? undefined : { gracePeriodSeconds };
  const { status } = await pg.request('DELETE', `/api/v1/namespaces/default/pods/${name}`, options);
  expect(status).toBe(200);
}

async function isGone(name: string): Promise<void> {
  await eventually(async () => {
    expect((await pg.request('GET', `/api/v1/namespaces/default/pods/${name}`)).status).toBe(404);
  });
}

test('a deleted pod gets SIGTERM, and its object goes once the process has ended', async () => {
  const container = await runningPod('polite', {});
  await remove('polite');
  await isGone('polite');
  expect(await container.exited).toEqual({ exitCode: 0, reason: 'Completed' });
  expect(container.terminatedAt).toBeDefined();
});

test('a process that ignores SIGTERM is killed at the end of the grace period', async () => {
  const container = await runningPod('stubborn', { annotations: { 'ignore-sigterm': '' }, grace: 3 });
  await remove('stubborn');
  await eventually(() => expect(container.terminatedAt).toBeDefined());
  expect(
    (await readPod(pg, 'stubborn')).metadata.deletionTimestamp,
    'it is still there meanwhile',
  ).toBeDefined();
  await isGone('stubborn');
  expect(await container.exited).toEqual({ exitCode: 137, reason: 'Error' });
});

test('a later deletion with a shorter grace period shortens the wait', async () => {
  const container = await runningPod('shortened', { annotations: { 'ignore-sigterm': '' }, grace: 3600 });
  await remove('shortened');
  await eventually(() => expect(container.terminatedAt).toBeDefined());
  await remove('shortened', 1);
  await isGone('shortened');
  expect(await container.exited).toEqual({ exitCode: 137, reason: 'Error' });
});

test('a deletion without grace removes the object at once; the process still gets SIGTERM, then SIGKILL', async () => {
  const container = await runningPod('forced', { annotations: { 'ignore-sigterm': '' }, grace: 3600 });
  await remove('forced', 0);
  expect((await pg.request('GET', '/api/v1/namespaces/default/pods/forced')).status).toBe(404);
  expect(await container.exited).toEqual({ exitCode: 137, reason: 'Error' });
  expect(container.terminatedAt).toBeDefined();
});

test('SIGTERM waits for the preStop hook, and the container stays ready meanwhile', async () => {
  const container = await runningPod('hook-sleep', {
    container: { lifecycle: { preStop: { sleep: { seconds: 3 } } } },
  });
  await remove('hook-sleep');
  await eventually(async () => {
    const pod = await readPod(pg, 'hook-sleep');
    expect(pod.metadata.deletionTimestamp).toBeDefined();
    expect(isReady(pod)).toBe(true);
    expect(container.terminatedAt, 'no SIGTERM before the hook has ended').toBeUndefined();
  });
  await isGone('hook-sleep');
  expect(await container.exited).toEqual({ exitCode: 0, reason: 'Completed' });
});

test('a preStop hook that outlasts the grace period is cut', async () => {
  const container = await runningPod('hook-long', {
    grace: 1,
    container: { lifecycle: { preStop: { exec: { command: ['sleep', '3600'] } } } },
  });
  await remove('hook-long');
  await isGone('hook-long');
  expect(container.terminatedAt).toBeDefined();
});

test('a later deletion with a shorter grace period cuts the preStop hook; SIGTERM still comes', async () => {
  const container = await runningPod('hook-shortened', {
    grace: 3600,
    container: { lifecycle: { preStop: { sleep: { seconds: 3600 } } } },
  });
  await remove('hook-shortened');
  await eventually(async () => {
    expect((await readPod(pg, 'hook-shortened')).metadata.deletionTimestamp).toBeDefined();
  });
  await remove('hook-shortened', 1);
  await isGone('hook-shortened');
  expect(container.terminatedAt).toBeDefined();
  expect(await container.exited).toEqual({ exitCode: 0, reason: 'Completed' });
});

const hooks = [
  { kind: 'http', preStop: { httpGet: { path: '/hook', port: 8000 } } },
  {
    kind: 'exec',
    preStop: {
      exec: { command: ['node', '-e', 'fetch("http://localhost:8000/hook").then(() => process.exit(0))'] },
    },
  },
] as const;

test.each(hooks)('a preStop hook of kind $kind reaches the container itself', async ({ kind, preStop }) => {
  const container = await runningPod(`hook-${kind}`, { container: { lifecycle: { preStop } } });
  await remove(`hook-${kind}`);
  await isGone(`hook-${kind}`);
  expect(container.paths).toContain('/hook');
});

test('pods end properly although the API server was away meanwhile', async () => {
  const container = await runningPod('api-away', { annotations: { 'ignore-sigterm': '' } });
  await remove('api-away');
  await eventually(() => expect(container.terminatedAt).toBeDefined());
  await pg.stopApiServer();
  container.exit({ exitCode: 0, reason: 'Completed' });
  await pg.startApiServer();
  await isGone('api-away');
});
