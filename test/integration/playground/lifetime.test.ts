import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startPlayground, type Playground } from '../../../playground/playground.ts';
import { eventually } from './eventually.ts';
import { exists, processesOf } from './leftovers.ts';

let one: Playground;

beforeAll(async () => {
  one = await startPlayground({ nodes: [{ name: 'of-one' }] });
});

afterAll(async () => {
  await one.stop();
});

test('the audit log tells the users apart, and the viewer may only read', async () => {
  expect((await one.kubectl(['get', 'services'], { user: 'viewer' })).code).toBe(0);
  const create = await one.kubectl(['create', 'configmap', 'x'], { user: 'viewer' });
  expect([create.code, create.stderr]).toEqual([1, expect.stringContaining('forbidden')]);
  expect((await one.kubectl(['get', 'services'], { user: 'operator' })).stderr).toContain('forbidden');
  expect(await one.auditEvents()).toContainEqual(
    expect.objectContaining({
      verb: 'create',
      user: expect.objectContaining({ username: 'viewer' }),
      objectRef: expect.objectContaining({ resource: 'configmaps', namespace: 'default' }),
      responseStatus: expect.objectContaining({ code: 403 }),
    }),
  );
});

test('objects outlive a restart of the API server, which comes back at the same address', async () => {
  const { apiUrl } = one;
  await one.kubectl(['create', 'configmap', 'kept']);
  await one.stopApiServer();
  await expect(one.request('GET', '/version')).rejects.toThrow(/ECONNREFUSED|closed|socket/);
  await one.startApiServer();
  expect(one.apiUrl).toBe(apiUrl);
  expect((await one.request('GET', '/api/v1/namespaces/default/configmaps/kept')).status).toBe(200);
});

test('two playgrounds run at once; stop leaves nothing behind and may be called twice', async () => {
  await using two = await startPlayground({ nodes: [{ name: 'of-two' }] });
  const nodes = async (pg: Playground): Promise<string> =>
    (await pg.kubectl(['get', 'nodes', '-o', 'name'])).stdout;
  expect(await nodes(one)).toBe('node/of-one\n');
  expect(await nodes(two)).toBe('node/of-two\n');
  await two.stop();
  await two.stop();
  expect(await processesOf(two.directory)).toEqual([]);
  expect(await exists(two.directory)).toBe(false);
  expect(await nodes(one), 'the other one goes on').toBe('node/of-one\n');
});

test.runIf(process.platform === 'linux')(
  'killed with SIGKILL, a playground leaves neither processes nor its folder',
  async () => {
    const owner = spawn(process.execPath, [join(import.meta.dirname, 'hold-open.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface(owner.stdout), 'line');
    const directory = z.string().parse(line);
    expect(await processesOf(directory)).toHaveLength(4);
    owner.kill('SIGKILL');
    await eventually(async () => {
      expect(await processesOf(directory)).toEqual([]);
      expect(await exists(directory)).toBe(false);
    });
  },
);
