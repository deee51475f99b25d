import { expect, test } from 'vitest';
import { KUBELET_BACKOFF, forgivesCrashes, restartDelayMs } from './backoff.ts';

test('the first restart is immediate, the next ones wait 10 s, doubling up to 5 minutes', () => {
  const seconds = [1, 2, 3, 4, 5, 6, 7, 8].map((crashes) => restartDelayMs(crashes, KUBELET_BACKOFF) / 1000);
  expect(seconds).toEqual([0, 10, 20, 40, 80, 160, 300, 300]);
});

test('ten minutes of running wipe the slate', () => {
  expect(forgivesCrashes(599_999, KUBELET_BACKOFF)).toBe(false);
  expect(forgivesCrashes(600_000, KUBELET_BACKOFF)).toBe(true);
});
