import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 10;

/** Waits for something in this process. @throws Error naming it after `timeoutMs` */
export async function waitUntil(what: string, condition: () => boolean, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`no ${what} within ${timeoutMs / 1000} s`);
    await sleep(POLL_MS);
  }
}
