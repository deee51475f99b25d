import { expect, test } from 'vitest';
import { ManualClock } from './manual-clock.ts';
import { Wakes } from './wakes.ts';

function start(): { clock: ManualClock; wakes: Wakes; woken: string[] } {
  const clock = new ManualClock();
  const woken: string[] = [];
  return { clock, woken, wakes: new Wakes(clock, (key) => woken.push(`${clock.monotonic()} ${key}`)) };
}

test('the first wake of each key is at once', () => {
  const { wakes, woken } = start();
  wakes.wake('a');
  wakes.wake('b');
  expect(woken).toEqual(['0 a', '0 b']);
});

test('wakes during the rest become one at its end, and that one has a rest of its own', async () => {
  const { clock, wakes, woken } = start();
  wakes.wake('a');
  await clock.advance(30);
  wakes.wake('a');
  wakes.wake('a');
  await clock.advance(80);
  wakes.wake('a');
  await clock.advance(1000);
  expect(woken).toEqual(['0 a', '100 a', '200 a']);
});

test('a key that nobody wakes again is forgotten', async () => {
  const { clock, wakes, woken } = start();
  wakes.wake('a');
  await clock.advance(100);
  expect(clock.pendingTimers).toBe(0);
  await clock.advance(50);
  wakes.wake('a');
  expect(woken).toEqual(['0 a', '150 a']);
});
