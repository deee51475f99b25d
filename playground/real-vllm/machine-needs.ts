import { readFile, statfs } from 'node:fs/promises';
import { findPythonSource } from './python-source.ts';

const GB = 1e9;
/** The installation takes 6 GB, and while it is made the packages' archives as well. */
const NEEDED_GB = 10;

/** What decides whether the CPU build of vLLM can be installed and run here. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  readonly cpuFlags: ReadonlySet<string>;
  readonly folder: string;
  readonly freeBytes: number;
  readonly hasPython: boolean;
}

/** What `machine` lacks, each with its remedy; empty when nothing is missing. */
export function unmetNeeds({
  platform,
  arch,
  cpuFlags,
  folder,
  freeBytes,
  hasPython,
}: Machine): readonly string[] {
  if (platform !== 'linux' || arch !== 'x64') return [`Linux on x86-64 (this is ${platform} on ${arch})`];
  const needs: string[] = [];
  if (!cpuFlags.has('avx512f')) needs.push('a CPU with AVX512 (/proc/cpuinfo does not name avx512f)');
  if (freeBytes < NEEDED_GB * GB) {
    const free = (freeBytes / GB).toFixed(1);
    needs.push(`${NEEDED_GB} GB of free disk (${folder} has ${free} GB; XDG_CACHE_HOME sets another place)`);
  }
  if (!hasPython) {
    needs.push(
      'uv, or a Python from 3.11 to 3.14 with its venv module (Debian: apt-get install python3-venv)',
    );
  }
  return needs;
}

/** @param folder an existing folder on the disk that is to take the installation */
export async function thisMachine(folder: string): Promise<Machine> {
  const [cpu, disk, python] = await Promise.all([
    readFile('/proc/cpuinfo', 'utf8').catch(() => ''),
    statfs(folder),
    findPythonSource(),
  ]);
  const flags = /^flags\s*:(.*)$/m.exec(cpu)?.[1]?.trim().split(/\s+/) ?? [];
  return {
    platform: process.platform,
    arch: process.arch,
    cpuFlags: new Set(flags),
    folder,
    freeBytes: disk.bavail * disk.bsize,
    hasPython: python !== undefined,
  };
}
