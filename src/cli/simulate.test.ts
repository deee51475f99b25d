import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { reservePort } from '../simulator/server/port.ts';
import { run } from './simulate.ts';

const MAIN = join(import.meta.dirname, 'main.ts');

async function runWith(...args: readonly string[]) {
  const written = { stdout: '', stderr: '' };
  const exitCode = await run(args, {
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
  });
  return { exitCode, ...written };
}

test('without arguments shows how to use it and fails; with --help it succeeds', async () => {
  expect(await runWith()).toMatchObject({
    exitCode: 2,
    stdout: expect.stringContaining('Usage: vllm-warden simulate'),
  });
  expect(await runWith('--help')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('--sim-speed'),
  });
});

test('arguments that the chosen version refuses end it as they end vLLM', async () => {
  const flags = ['serve', 'm', '--shutdown-timeout', '5'];
  expect(await runWith('--vllm-version', 'v0.17.1', ...flags)).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: 'vllm: error: unrecognized arguments: --shutdown-timeout 5\n',
  });
});

test('serves on its port as a process, and SIGTERM ends it with 0', async () => {
  const port = await reservePort('127.0.0.1');
  const url = `http://127.0.0.1:${port}`;
  const flags = ['serve', 'm', '--host', '127.0.0.1', '--port', String(port), '--sim-startup-seconds', '0'];
  const child = spawn(process.execPath, [MAIN, 'simulate', ...flags]);
  try {
    const exited = once(child, 'exit');
    let output = '';
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      output += String(chunk);
      if (output.includes(`Serving on ${url}`)) break;
    }
    expect(await (await fetch(`${url}/version`)).json()).toEqual({ version: '0.32.0' });
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  } finally {
    child.kill('SIGKILL');
  }
});
