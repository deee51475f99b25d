import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { engineCorePid } from './engine-core.ts';

const children: ChildProcess[] = [];
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));

/** The leader of a process group, under this name. */
async function start(argv0: string): Promise<number> {
  const child = spawn('sleep', ['60'], { argv0, detached: true, stdio: 'ignore' });
  children.push(child);
  await once(child, 'spawn');
  return child.pid ?? 0;
}

test('the engine core of a group is found by its name', async () => {
  const [core, another] = await Promise.all([start('VLLM::EngineCore'), start('VLLM::EngineCore')]);
  expect(await Promise.all([core, another].map(engineCorePid))).toEqual([core, another]);
});

test('where the API server runs the model itself there is none to find', async () => {
  const server = await start('vllm');
  await expect(engineCorePid(server)).rejects.toThrow(`process group ${server} has no process named`);
});
