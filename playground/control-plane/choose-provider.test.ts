import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { chooseProvider } from './choose-provider.ts';
import { PlaygroundUnavailableError } from './provider.ts';

let directory: string;
const log = (): void => undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vllm-warden-assets-'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true });
});

async function addProgram(name: string): Promise<void> {
  await writeFile(join(directory, name), '#!/bin/sh\n', { mode: 0o755 });
}

test('a folder of envtest lacks two servers: the error names them and the remedy', async () => {
  for (const name of ['etcd', 'kube-apiserver', 'kubectl']) await addProgram(name);
  const error = await chooseProvider(directory, log).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(PlaygroundUnavailableError);
  expect(String(error)).toContain(`--assets ${directory} lacks kube-controller-manager, kube-scheduler.`);
  expect(String(error)).toContain('leave --assets out to build all of them with Go');
});

test('a complete folder is taken, from the flag and from KUBEBUILDER_ASSETS', async () => {
  for (const name of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl']) {
    await addProgram(name);
  }
  expect((await chooseProvider(directory, log)).kubectl.file).toBe(join(directory, 'kubectl'));
  vi.stubEnv('KUBEBUILDER_ASSETS', directory);
  expect((await chooseProvider(undefined, log)).description).toContain(directory);
});

test('with neither programs nor Go, one error says all that was tried and what to install', async () => {
  vi.stubEnv('KUBEBUILDER_ASSETS', directory);
  vi.stubEnv('XDG_CACHE_HOME', directory);
  vi.stubEnv('PATH', directory);
  const error = await chooseProvider(undefined, log).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(PlaygroundUnavailableError);
  expect(String(error)).toContain(`KUBEBUILDER_ASSETS ${directory} lacks etcd, kube-apiserver`);
  expect(String(error)).toContain('there is no `go` on the PATH');
  expect(String(error)).toContain('https://go.dev/dl');
});
