import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { builtBinary } from '../../../playground/control-plane/go-binary.ts';
import { startPlayground } from '../../../playground/playground.ts';
import { eventually } from './eventually.ts';
import { exists, processesOf } from './leftovers.ts';

const PROGRAMS = {
  etcd: 'etcd',
  'kube-apiserver': 'apiserver',
  'kube-controller-manager': 'controller-manager',
  'kube-scheduler': 'scheduler',
  kubectl: 'kubectl',
};
let assets: string;

/** Separate programs, as a download of Kubernetes has them; they know nothing of the pipe that our binary watches. */
beforeAll(async () => {
  const { kubectl } = await builtBinary(() => undefined);
  assets = await mkdtemp(join(tmpdir(), 'vllm-warden-assets-'));
  for (const [file, role] of Object.entries(PROGRAMS)) {
    await writeFile(join(assets, file), `#!/bin/sh\nexec '${kubectl.file}' ${role} "$@"\n`, { mode: 0o755 });
  }
});

afterAll(async () => {
  await rm(assets, { recursive: true });
});

test('ready-made programs run a playground, and stop leaves nothing behind', async () => {
  await using pg = await startPlayground({ nodes: [{ name: 'node-a' }], assets });
  expect((await pg.kubectl(['get', 'nodes', '-o', 'name'])).stdout).toBe('node/node-a\n');
  await pg.restartApiServer();
  expect((await pg.kubectl(['get', 'nodes', '-o', 'name'])).stdout).toBe('node/node-a\n');
  await pg.stop();
  expect(await processesOf(pg.directory)).toEqual([]);
  expect(await exists(pg.directory)).toBe(false);
});

test.runIf(process.platform === 'linux')(
  'they end with the process that started them, killed with SIGKILL',
  async () => {
    const owner = spawn(process.execPath, [join(import.meta.dirname, 'hold-open.ts'), assets], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface(owner.stdout), 'line');
    const directory = z.string().parse(line);
    await access(directory);
    owner.kill('SIGKILL');
    await eventually(async () => {
      expect(await processesOf(directory)).toEqual([]);
      expect(await exists(directory)).toBe(false);
    });
  },
);
