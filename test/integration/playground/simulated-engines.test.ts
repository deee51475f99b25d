import { afterAll, beforeAll, expect, test } from 'vitest';
import { ProxyAgent, request } from 'undici';
import { z } from 'zod';
import { quantityValue } from '../../../src/api/quantity.ts';
import { startPlayground, type Playground } from '../../../playground/playground.ts';
import { eventually } from './eventually.ts';
import { createPod, isReady, readPod } from './objects.ts';

const IMAGE = 'vllm/vllm-openai:v0.32.0';
const command = ['vllm', 'serve'];
const SPOILT = '/api/v1/namespaces/default/pods/spoilt';
const PodMetricsList = z.object({
  items: z.array(z.object({ containers: z.array(z.object({ usage: z.object({ memory: z.string() }) })) })),
});
let pg: Playground;
let dispatcher: ProxyAgent;

beforeAll(async () => {
  pg = await startPlayground({
    nodes: [{ name: 'node-a', gpus: 1 }],
    simulator: { flags: ['--sim-startup-seconds', '1'] },
    restartBackoff: { baseMs: 100, maxMs: 100 },
    podMetricsEveryMs: 500,
  });
  dispatcher = new ProxyAgent({ uri: pg.engineProxyUrl, proxyTunnel: true });
});

afterAll(async () => {
  await dispatcher.close();
  await pg.stop();
});

test('a vLLM image becomes a simulated engine of that version, reached by pod address', async () => {
  await createPod(pg, 'engine', { image: IMAGE, gpus: 1, container: { command, args: ['Qwen/Qwen3-0.6B'] } });
  const pod = await eventually(async () => {
    const seen = await readPod(pg, 'engine');
    expect(isReady(seen)).toBe(true);
    return seen;
  });
  const base = `http://${pod.status.podIP}:8000`;
  const version = await request(`${base}/version`, { dispatcher });
  expect(await version.body.json()).toEqual({ version: '0.32.0' });
  const completion = await request(`${base}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'Qwen/Qwen3-0.6B', prompt: 'hello', max_tokens: 3 }),
    dispatcher,
  });
  expect(await completion.body.json()).toMatchObject({ usage: { completion_tokens: 3 } });
  expect(pg.engineOf('engine').figures()).toMatchObject({ running: 0, waiting: 0 });
});

test('an engine out of memory is restarted, and the pod says OOMKilled', async () => {
  const before = pg.engineOf('engine');
  pg.oomKill('engine');
  await eventually(async () => {
    const pod = await readPod(pg, 'engine');
    expect(isReady(pod)).toBe(true);
    expect(pod.status.containerStatuses[0]).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
    });
  });
  expect(pg.engineOf('engine')).not.toBe(before);
});

test('arguments that vLLM refuses end the container with code 2 and its last words', async () => {
  const args = ['m', '--no-such-flag'];
  const container = { command, args, terminationMessagePolicy: 'FallbackToLogsOnError' };
  await createPod(pg, 'typo', { image: IMAGE, container });
  await eventually(async () => {
    const pod = await readPod(pg, 'typo');
    expect(pod.status.containerStatuses[0]?.lastState.terminated).toEqual({
      exitCode: 2,
      reason: 'Error',
      message: expect.stringContaining('unrecognized arguments: --no-such-flag'),
    });
  });
});

test('metrics.k8s.io tells the memory of a pod, by its labels, for as long as it is there', async () => {
  await createPod(pg, 'measured', { image: IMAGE, container: { command, args: ['m'] } });
  const path = '/apis/metrics.k8s.io/v1beta1/namespaces/default/pods?labelSelector=app%3Dmeasured';
  const read = async (): Promise<z.infer<typeof PodMetricsList>> => pg.call(PodMetricsList, 'GET', path);
  const memory = async (): Promise<number> => {
    const [pod] = (await read()).items;
    return quantityValue(pod?.containers[0]?.usage.memory ?? '') ?? Number.NaN;
  };
  const base = await eventually(async () => {
    const bytes = await memory();
    expect(bytes).toBeGreaterThan(1e9);
    return bytes;
  });
  pg.engineOf('measured').beginFault({ kind: 'HostLeak', bytesPerMinute: 1e12, untilBytes: 5e8 });
  await eventually(async () => expect((await memory()) - base).toBeCloseTo(5e8, -4));
  expect((await pg.kubectl(['top', 'pods', 'measured', '--no-headers'])).stdout).toMatch(
    /^measured +100m +2384Mi/,
  );
  await pg.call(z.unknown(), 'DELETE', '/api/v1/namespaces/default/pods/measured');
  await eventually(async () => expect((await read()).items).toEqual([]));
});

test('an engine that leaks past its memory limit is killed for it, and starts again without the leak', async () => {
  const container = { command, args: ['m'], resources: { limits: { memory: '3Gi' } } };
  await createPod(pg, 'limited', { image: IMAGE, container });
  await eventually(async () => expect(isReady(await readPod(pg, 'limited'))).toBe(true));
  pg.engineOf('limited').beginFault({ kind: 'HostLeak', bytesPerMinute: 1e12 });
  await eventually(async () => {
    const pod = await readPod(pg, 'limited');
    expect(isReady(pod)).toBe(true);
    expect(pod.status.containerStatuses[0]).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
    });
  });
});

test('a file left in shared memory ends each start in its pod, with its last words', async () => {
  const container = { command, args: ['m'], terminationMessagePolicy: 'FallbackToLogsOnError' };
  await createPod(pg, 'spoilt', { image: IMAGE, container });
  await eventually(async () => expect(isReady(await readPod(pg, 'spoilt'))).toBe(true));
  pg.spoilSharedMemory('spoilt');
  await eventually(async () => {
    const [status] = (await readPod(pg, 'spoilt')).status.containerStatuses;
    expect(status?.restartCount).toBeGreaterThan(2);
    expect(status?.lastState.terminated).toEqual({
      exitCode: 1,
      reason: 'Error',
      message: expect.stringContaining('/dev/shm'),
    });
  });
  await pg.call(z.unknown(), 'DELETE', SPOILT);
  await eventually(async () => expect((await pg.request('GET', SPOILT)).status).toBe(404));
  await createPod(pg, 'spoilt', { image: IMAGE, container });
  await eventually(async () => expect(isReady(await readPod(pg, 'spoilt'))).toBe(true));
});
