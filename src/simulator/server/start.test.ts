import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { startSimulatedEngine } from './start.ts';
import { post, serving, TINY_ARGV } from './test-kit.ts';

const LONG = { prompt: [1, 2, 3], max_tokens: 900, stream: true };
/** LONG takes two seconds: long enough to be cut. */
const SLOW = ['--sim-speed', '10'];

async function refuses(url: string): Promise<boolean> {
  return await fetch(`${url}/health`).then(
    () => false,
    (error: unknown) => error instanceof TypeError && String(error.cause).includes('ECONNREFUSED'),
  );
}

describe.concurrent('while it loads', () => {
  const options = { vllmVersion: 'v0.32.0', host: '127.0.0.1', port: 0 };

  test('an engine has a port that refuses connections, and opens it when ready', async () => {
    const argv = [...TINY_ARGV, '--sim-startup-seconds', '0.1'];
    const engine = await startSimulatedEngine({ ...options, argv });
    const url = `http://127.0.0.1:${engine.port}`;
    expect(await refuses(url)).toBe(true);
    await engine.ready;
    const health = await fetch(`${url}/health`);
    expect([health.status, await health.text()]).toEqual([200, '']);
    engine.kill();
    expect(await engine.exited).toEqual({ exitCode: 137 });
  });

  test('SIGTERM ends it as an uncaught interrupt ends Python', async () => {
    const argv = [...TINY_ARGV, '--sim-startup-seconds', '60'];
    const engine = await startSimulatedEngine({ ...options, argv });
    engine.terminate();
    expect(await engine.exited).toEqual({ exitCode: 130 });
  });

  test('a flag of another version ends it with code 2', async () => {
    const engine = await startSimulatedEngine({ ...options, argv: [...TINY_ARGV, '--swap-space', '4'] });
    expect(await engine.exited).toEqual({
      exitCode: 2,
      message: 'vllm: error: unrecognized arguments: --swap-space 4',
    });
  });

  test('a port that others hold ends it with code 1', async () => {
    await using running = await serving();
    const engine = await startSimulatedEngine({ ...options, argv: TINY_ARGV, port: running.engine.port });
    expect(await engine.exited).toMatchObject({
      exitCode: 1,
      message: expect.stringContaining('EADDRINUSE'),
    });
  });
});

describe.concurrent('SIGTERM', () => {
  test('while idle ends it with 0, connections kept alive included', async () => {
    await using running = await serving();
    await (await fetch(`${running.url}/health`)).text();
    running.engine.terminate();
    expect(await running.engine.exited).toEqual({ exitCode: 0 });
    expect(await refuses(running.url)).toBe(true);
  });

  test('with default flags leaves clients hanging until they leave, with the port closed', async () => {
    await using running = await serving(SLOW);
    const client = new AbortController();
    const response = await post(`${running.url}/v1/completions`, LONG, client.signal);
    const reader = response.body?.getReader();
    await reader?.read();
    running.engine.terminate();
    const rest = reader?.read().then(
      () => 'data',
      () => 'aborted',
    );
    expect(await refuses(running.url)).toBe(true);
    const before = running.engine.figures();
    // Eight steps' worth of time: a living engine would have moved on.
    await sleep(20);
    expect(running.engine.figures()).toEqual(before);
    expect(before).toMatchObject({ running: 1, inFlight: 1 });
    client.abort();
    await rest;
    expect(await running.engine.exited).toEqual({ exitCode: 0 });
  });

  test('with --shutdown-timeout lets requests end, refuses new ones with 500, and stays healthy meanwhile', async () => {
    await using running = await serving(['--shutdown-timeout', '30', '--sim-speed', '20']);
    const response = await post(`${running.url}/v1/completions`, LONG);
    running.engine.terminate();
    running.engine.terminate();
    expect((await fetch(`${running.url}/health`)).status).toBe(200);
    expect(await (await fetch(`${running.url}/metrics`)).text()).toContain('vllm:num_requests_running');
    const late = await post(`${running.url}/v1/completions`, LONG);
    expect([late.status, await late.text()]).toEqual([500, expect.stringContaining('InternalServerError')]);
    const text = await response.text();
    expect(text).toContain('"finish_reason":"length"');
    expect(await running.engine.exited).toEqual({ exitCode: 0 });
    expect(running.engine.figures()).toMatchObject({ finishedRequests: 1 });
  });

  test('with a --shutdown-timeout that is too short hangs the rest when it is over', async () => {
    await using running = await serving(['--shutdown-timeout', '1', '--sim-speed', '1']);
    const client = new AbortController();
    await post(`${running.url}/v1/completions`, LONG, client.signal);
    running.engine.terminate();
    while (!(await refuses(running.url))) await sleep(20);
    expect(running.engine.figures()).toMatchObject({ running: 1, inFlight: 1, finishedRequests: 0 });
    client.abort();
    expect(await running.engine.exited).toEqual({ exitCode: 0 });
  });
});

describe('an end without warning', () => {
  test.each([
    ['SIGKILL', 137],
    ['a crash', 42],
  ])('by %s cuts its clients and keeps its code', async (_what, exitCode) => {
    await using running = await serving(SLOW);
    const response = await post(`${running.url}/v1/completions`, LONG);
    if (exitCode === 137) running.engine.kill();
    else running.engine.crash(exitCode);
    await expect(response.text()).rejects.toThrow('terminated');
    expect(await running.engine.exited).toEqual({ exitCode });
  });
});
