import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
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
  expect(String(error)).toContain('there is no `go` on the PATH, and there is no `docker` on the PATH');
  expect(String(error)).toContain('https://go.dev/dl');
});

test('without Go, Docker builds the binary for this machine and for this user', async () => {
  // A stand-in for the docker command: writes down how it was called, and leaves a file where the build would.
  const script = [
    '#!/bin/sh',
    `echo "$@" > ${directory}/arguments`,
    `for a in "$@"; do case "$a" in */control-plane:/out) out="\${a%:/out}";; /out/*) name="\${a#/out/}";; esac; done`,
    'echo built > "$out/$name"',
  ].join('\n');
  await writeFile(join(directory, 'docker'), script, { mode: 0o755 });
  vi.stubEnv('KUBEBUILDER_ASSETS', '');
  vi.stubEnv('XDG_CACHE_HOME', directory);
  vi.stubEnv('PATH', directory);
  const provider = await chooseProvider(undefined, log);
  expect(await readFile(provider.kubectl.file, 'utf8')).toBe('built\n');
  const called = await readFile(join(directory, 'arguments'), 'utf8');
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  expect(called).toContain(`--env GOOS=${system}`);
  expect(called).toContain(`--user ${userInfo().uid}:${userInfo().gid}`);
  expect(called).toMatch(/:\/src:ro .* golang:\S+ go build /);
});
