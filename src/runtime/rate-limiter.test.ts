import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManualClock } from './manual-clock.ts';
import { Backoff, bucket, controllerRateLimiter, exponential, maxOf } from './rate-limiter.ts';

test('the exponential part is 5 ms × 2ⁿ up to 1000 s, by key', () => {
  const limiter = exponential();
  const waits = Array.from({ length: 20 }, () => limiter.when('a'));
  expect(waits.slice(0, 5)).toEqual([5, 10, 20, 40, 80]);
  expect(waits.at(-1)).toBe(1_000_000);
  expect(limiter.when('b')).toBe(5);
  limiter.forget('a');
  expect(limiter.when('a')).toBe(5);
});

test('the bucket lets 100 failures through at once and then 10 a second', async () => {
  const clock = new ManualClock();
  const limiter = bucket(clock);
  const waits = Array.from({ length: 103 }, (_, index) => limiter.when(`key-${index}`));
  expect(waits.slice(98)).toEqual([0, 0, 100, 200, 300]);
  await clock.advance(1_000);
  expect(limiter.when('x')).toBe(0);
});

test('the strictest limiter wins, and forgetting reaches all of them', () => {
  const limiter = maxOf(exponential(1, 8), exponential(4, 4));
  expect([1, 2, 3, 4, 5].map(() => limiter.when('a'))).toEqual([4, 4, 4, 8, 8]);
  limiter.forget('a');
  expect(limiter.when('a')).toBe(4);
});

test('a controller looks at a stuck key once a minute, not only every 1000 s', () => {
  const limiter = controllerRateLimiter(new ManualClock());
  const waits = Array.from({ length: 20 }, () => limiter.when('a'));
  expect(Math.max(...waits)).toBe(60_000);
});

test('a back-off grows to its cap and starts again only after a healthy period', async () => {
  const clock = new ManualClock();
  const backoff = new Backoff({ baseMs: 800, capMs: 30_000, resetAfterMs: 120_000 }, clock, () => 0);
  const waits = Array.from({ length: 8 }, () => backoff.next());
  expect(waits).toEqual([800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
  await clock.advance(119_999);
  expect(backoff.next()).toBe(30_000);
  await clock.advance(120_000);
  expect(backoff.next()).toBe(800);
});

test('jitter at most doubles a wait and never shortens it', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (random) => {
      const options = { baseMs: 100, capMs: 100, resetAfterMs: 1 };
      const waitMs = new Backoff(options, new ManualClock(), () => random).next();
      expect(waitMs).toBeGreaterThanOrEqual(100);
      expect(waitMs).toBeLessThanOrEqual(200);
    }),
  );
});
