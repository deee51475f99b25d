import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withFileLock } from './file-lock.ts';

let directory: string;
let lock: string;
const log = (): void => undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vllm-warden-lock-'));
  lock = join(directory, 'lock');
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

test('the second waits until the first is done, and says so', async () => {
  const lines: string[] = [];
  const order: string[] = [];
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const first = withFileLock(lock, log, async () => {
    order.push('first begins');
    await held;
    order.push('first ends');
  });
  const second = withFileLock(
    lock,
    (line) => {
      lines.push(line);
      release();
    },
    async () => void order.push('second'),
  );
  await Promise.all([first, second]);
  expect(order).toEqual(['first begins', 'first ends', 'second']);
  expect(lines).toEqual([expect.stringContaining(`process ${process.pid}`)]);
  expect(await readdir(directory)).toEqual([]);
});

test('the lock of a dead process is taken over', async () => {
  await writeFile(lock, '2147483646');
  let ran = false;
  await withFileLock(lock, log, async () => void (ran = true));
  expect(ran).toBe(true);
});

test('work that fails gives the lock back', async () => {
  await expect(withFileLock(lock, log, () => Promise.reject(new Error('no Go')))).rejects.toThrow('no Go');
  expect(await readdir(directory)).toEqual([]);
});
