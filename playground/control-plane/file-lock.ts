import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 500;

/**
 * Runs `work` while holding the lock file `path`, waiting for another living process that holds it. A lock whose owner
 * is dead is taken over. Two takers of a dead lock can both run `work`, so `work` must be safe to run twice.
 */
export async function withFileLock(
  path: string,
  log: (line: string) => void,
  work: () => Promise<void>,
): Promise<void> {
  let told = false;
  while (!(await tryLock(path))) {
    const owner = await ownerOf(path);
    if (owner === undefined || !isAlive(owner)) {
      await rm(path, { force: true });
      continue;
    }
    if (!told) log(`waiting for process ${owner}, which is building the same thing (lock ${path})`);
    told = true;
    await sleep(POLL_MS);
  }
  try {
    await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryLock(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function ownerOf(path: string): Promise<number | undefined> {
  // A lock that was just created may still be empty: look again before calling its owner dead.
  for (let look = 0; look < 3; look++) {
    const text = await readFile(path, 'utf8').catch(() => '');
    const pid = Number.parseInt(text, 10);
    if (pid > 0) return pid;
    await sleep(50);
  }
  return undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
