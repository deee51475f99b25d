import { execFile, spawn } from 'node:child_process';
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { z } from 'zod';
import { cacheFolder } from '../../../playground/cache-folder.ts';
import type { Series } from '../../builders/page-facts.ts';

const VERSION = '0.26.0';
const INSTALL_TIMEOUT_MS = 5 * 60_000;
const PARSE_TIMEOUT_MS = 2 * 60_000;
const SCRIPT = join(import.meta.dirname, 'parse_pages.py');

const execute = promisify(execFile);
const Page = z.array(z.tuple([z.string(), z.record(z.string(), z.string()), z.string()]));

/**
 * A Python that has `prometheus_client`, in a virtual environment of the user's cache folder, made on first use.
 *
 * @throws Error saying what is missing: `python3` with its venv module, or the package index
 */
export async function pythonWithClient(): Promise<string> {
  const home = join(cacheFolder(), `prometheus-client-${VERSION}`);
  const python = join(home, 'bin', 'python');
  if (await exists(python)) return python;
  process.stderr.write(`Installing prometheus_client ${VERSION} into ${home} (once, some seconds)\n`);
  const options = { timeout: INSTALL_TIMEOUT_MS };
  // Whole or not at all: an environment that was only half installed would be taken for a good one.
  await mkdir(dirname(home), { recursive: true });
  const unfinished = await mkdtemp(`${home}-`);
  try {
    await execute('python3', ['-m', 'venv', unfinished], options);
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    await execute(join(unfinished, 'bin', 'python'), [...install, `prometheus_client==${VERSION}`], options);
    await rename(unfinished, home);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (!(await exists(python))) throw error;
  }
  return python;
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

/** The series of each page, in the order of the paths. */
export async function parsePages(python: string, paths: readonly string[]): Promise<readonly Series[][]> {
  const child = spawn(python, [SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'], timeout: PARSE_TIMEOUT_MS });
  child.stdin.end(paths.join('\n'));
  const pages: Series[][] = [];
  for await (const line of createInterface(child.stdout)) {
    const series = Page.parse(JSON.parse(line));
    pages.push(series.map(([name, labels, value]) => ({ name, labels, value: numberOf(value) })));
  }
  if (pages.length !== paths.length)
    throw new Error(`prometheus_client read ${pages.length} of ${paths.length} pages`);
  return pages;
}

/** Python writes `inf` and `nan`. */
function numberOf(text: string): number {
  return Number(text.replace('inf', 'Infinity'));
}
