import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../cache-folder.ts';
import { withFileLock } from './file-lock.ts';
import { buildModule } from './go-toolchain.ts';
import type { Provider } from './provider.ts';

/** The Kubernetes version that `go.mod` pins. */
export const KUBERNETES_VERSION = 'v1.34.4';
const SOURCES = ['main.go', 'go.mod', 'go.sum'] as const;
const PROGRESS_INTERVAL_MS = 10_000;

/**
 * The control plane as one static binary, built from Go modules on first use and kept in the user's cache folder under
 * the version and the hash of its sources.
 *
 * @throws PlaygroundUnavailableError when there is neither Go nor Docker, or the build fails.
 */
export async function builtBinary(log: (line: string) => void): Promise<Provider> {
  const file = await ensureBuilt(log);
  return {
    description: `Kubernetes ${KUBERNETES_VERSION} built from Go modules`,
    kubectl: { file, args: ['kubectl'] },
    server: (role, directory) => ({ file, args: [role, '--parent-dir', directory] }),
  };
}

async function ensureBuilt(log: (line: string) => void): Promise<string> {
  const folder = join(cacheFolder(), 'control-plane');
  const binary = join(
    folder,
    `${KUBERNETES_VERSION}-${process.platform}-${process.arch}-${await sourceHash()}`,
  );
  if (await exists(binary)) return binary;
  await mkdir(folder, { recursive: true });
  await withFileLock(`${binary}.lock`, log, async () => {
    if (await exists(binary)) return;
    const unfinished = `${binary}.${process.pid}.tmp`;
    try {
      await build(unfinished, log);
      await rename(unfinished, binary);
    } finally {
      await rm(unfinished, { force: true });
    }
  });
  return binary;
}

async function sourceHash(): Promise<string> {
  const hash = createHash('sha256');
  for (const name of SOURCES) hash.update(await readFile(join(import.meta.dirname, name)));
  return hash.digest('hex').slice(0, 12);
}

async function build(output: string, log: (line: string) => void): Promise<void> {
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)\./.exec(KUBERNETES_VERSION) ?? [];
  const version = 'k8s.io/component-base/version';
  const flags = [
    '-s -w',
    `-X ${version}.gitVersion=${KUBERNETES_VERSION}`,
    `-X ${version}.gitMajor=${major}`,
    `-X ${version}.gitMinor=${minor}`,
  ].join(' ');
  const started = Date.now();
  const progress = (): void => {
    const seconds = Math.round((Date.now() - started) / 1000);
    log(`building the Kubernetes control plane, first time only, about 5 minutes … ${seconds} s`);
  };
  progress();
  const ticker = setInterval(progress, PROGRESS_INTERVAL_MS);
  try {
    await buildModule(flags, output);
  } finally {
    clearInterval(ticker);
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
