import { afterAll, beforeAll, expect, test } from 'vitest';
import { ProxyAgent, request } from 'undici';
import { startPlayground, type Playground } from '../../../playground/playground.ts';
import { eventually } from './eventually.ts';
import { createPod, isReady, readPod } from './objects.ts';

const IMAGE = 'vllm/vllm-openai:v0.32.0';
const command = ['vllm', 'serve'];
let pg: Playground;
let dispatcher: ProxyAgent;

beforeAll(async () => {
  pg = await startPlayground({
    nodes: [{ name: 'node-a', gpus: 1 }],
    simulator: { flags: ['--sim-startup-seconds', '1'] },
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
