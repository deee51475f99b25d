import { createHash } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../cache-folder.ts';

/** The release that is installed; `requirements.txt` holds what it needs. */
export const VLLM_VERSION = '0.32.0';

/** What the installation is made from. */
const SOURCES = ['requirements.txt', 'make-model.py'];
const MARKER = 'complete';

/** A vLLM that runs on this machine's CPU, with a small model of random weights. */
export interface VllmInstallation {
  readonly version: string;
  readonly folder: string;
  readonly executable: string;
  /** A folder that `vllm serve` takes for a model. */
  readonly model: string;
  /** For LD_PRELOAD. */
  readonly openmp: string;
  /** What engines may keep for the next one, such as what they found out about the model. */
  readonly cache: string;
}

/** Where the installation is or would be, under the version and the hash of its sources. */
export async function vllmInstallation(): Promise<VllmInstallation> {
  const hash = createHash('sha256');
  for (const name of SOURCES) hash.update(await readFile(join(import.meta.dirname, name)));
  const folder = join(cacheFolder(), `vllm-${VLLM_VERSION}-${hash.digest('hex').slice(0, 12)}`);
  return {
    version: VLLM_VERSION,
    folder,
    executable: join(folder, 'bin', 'vllm'),
    model: join(folder, 'tiny-llama'),
    openmp: join(folder, 'lib', 'libiomp5.so'),
    cache: join(folder, 'cache'),
  };
}

/** Made last of all: a folder without it is what an install that was broken off left behind. */
export function markerOf({ folder }: VllmInstallation): string {
  return join(folder, MARKER);
}

export function isInstalled(installation: VllmInstallation): Promise<boolean> {
  return access(markerOf(installation)).then(
    () => true,
    () => false,
  );
}
