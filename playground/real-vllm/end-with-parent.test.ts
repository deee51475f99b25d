import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { afterEach, expect, test } from 'vitest';

const SCRIPT = join(import.meta.dirname, 'end-with-parent.sh');
/** Starts a process that it would leave behind, and goes on until it is told to end. */
const LEAVES_A_CHILD = 'sleep 60 & trap "exit 7" TERM; echo up; wait';

let child: ChildProcessByStdio<Writable, Readable, null>;
afterEach(() => void child.kill('SIGKILL'));

async function start(): Promise<void> {
  child = spawn(SCRIPT, ['sh', '-c', LEAVES_A_CHILD], { detached: true, stdio: ['pipe', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
}

/** Standard output closes only when the last process that has it is gone, `sleep` among them. */
async function allGone(): Promise<void> {
  await once(child.stdout, 'close');
}

test('when the pipe closes, as it does when its parent dies, the whole group is killed', async () => {
  await start();
  child.stdin.destroy();
  await Promise.all([allGone(), expect(once(child, 'exit')).resolves.toEqual([null, 'SIGKILL'])]);
});

test('a signal reaches the command itself, its exit code comes back, and nothing is left', async () => {
  await start();
  child.kill('SIGTERM');
  await Promise.all([allGone(), expect(once(child, 'exit')).resolves.toEqual([7, null])]);
});
