import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ManualClock } from './manual-clock.ts';
import { exponential } from './rate-limiter.ts';
import { silentMetrics } from './silent.ts';
import { WorkQueue } from './work-queue.ts';

function newQueue(): { queue: WorkQueue; clock: ManualClock } {
  const clock = new ManualClock();
  const queue = new WorkQueue({ name: 'q', clock, limiter: exponential(5, 1000), metrics: silentMetrics });
  return { queue, clock };
}

describe('a work queue', () => {
  test('hands out a key once, however often it is added while it waits', async () => {
    const { queue } = newQueue();
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
    expect([await queue.get(), await queue.get(), queue.depth]).toEqual(['a', 'b', 0]);
  });

  test('hands a key out again after it is done, when it was added while in work', async () => {
    const { queue } = newQueue();
    queue.add('a');
    await queue.get();
    queue.add('a');
    expect(queue.depth).toBe(0);
    queue.done('a');
    expect([queue.depth, await queue.get()]).toEqual([1, 'a']);
  });

  test('serves waiting workers in the order they came', async () => {
    const { queue } = newQueue();
    const first = queue.get();
    const second = queue.get();
    queue.add('a');
    queue.add('b');
    expect(await Promise.all([first, second])).toEqual(['a', 'b']);
  });

  test.each([
    { name: 'an earlier time replaces a later one', delays: [50, 20], due: 20 },
    { name: 'a later time leaves an earlier one', delays: [20, 50], due: 20 },
  ])('$name', async ({ delays, due }) => {
    const { queue, clock } = newQueue();
    for (const ms of delays) queue.addAfter('a', ms);
    await clock.advance(due - 1);
    expect(queue.depth).toBe(0);
    await clock.advance(1);
    expect(queue.depth).toBe(1);
    await queue.get();
    queue.done('a');
    await clock.advance(100);
    expect(queue.depth).toBe(0);
  });

  test('waits on when a timer fires early', async () => {
    const clock = new ManualClock();
    const early = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      sleep: (ms: number, signal?: AbortSignal) => clock.sleep(ms, signal),
      after: (ms: number, callback: () => void) => clock.after(Math.min(ms, 40), callback),
    };
    const queue = new WorkQueue({ name: 'q', clock: early, limiter: exponential(), metrics: silentMetrics });
    queue.addAfter('a', 100);
    await clock.advance(99);
    expect(queue.depth).toBe(0);
    await clock.advance(1);
    expect(queue.depth).toBe(1);
  });

  test('doubles the wait with each failure, until the key is forgotten', async () => {
    const { queue, clock } = newQueue();
    const waited: number[] = [];
    for (const step of ['fail', 'fail', 'fail', 'forget', 'fail']) {
      if (step === 'forget') {
        queue.forget('a');
        continue;
      }
      queue.addRateLimited('a');
      let ms = 0;
      for (; queue.depth === 0; ms += 1) await clock.advance(1);
      await queue.get();
      queue.done('a');
      waited.push(ms);
    }
    expect(waited).toEqual([5, 10, 20, 5]);
  });

  test('draining hands out what waits, takes nothing more, and ends with the last key in work', async () => {
    const { queue, clock } = newQueue();
    queue.add('a');
    queue.add('b');
    queue.addAfter('later', 10);
    let isDrained = false;
    const drained = queue.shutdown({ drain: true }).then(() => (isDrained = true));
    expect(clock.pendingTimers).toBe(0);
    queue.add('c');
    expect([await queue.get(), await queue.get(), await queue.get()]).toEqual(['a', 'b', undefined]);
    queue.done('a');
    await clock.advance(20);
    expect(isDrained).toBe(false);
    queue.done('b');
    await drained;
  });

  test('shutting down without a drain drops what waits and sends idle workers home', async () => {
    const { queue } = newQueue();
    const idle = queue.get();
    queue.add('taken');
    expect(await idle).toBe('taken');
    queue.add('dropped');
    queue.add('taken');
    const ended = queue.shutdown({ drain: false });
    expect(await queue.get()).toBeUndefined();
    queue.done('taken');
    await ended;
    expect(queue.depth).toBe(0);
  });

  test('for any order of adds and workers: no key is in work twice at a time, and no add is lost', async () => {
    const operation = fc.oneof(
      fc.record({ do: fc.constant('add' as const), key: fc.constantFrom('a', 'b', 'c') }),
      fc.record({
        do: fc.constant('addAfter' as const),
        key: fc.constantFrom('a', 'b', 'c'),
        ms: fc.nat(20),
      }),
      fc.record({ do: fc.constant('work' as const), ms: fc.nat(10) }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.nat(10) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 30 }), async (operations) => {
        const { queue, clock } = newQueue();
        const inWork = new Set<string>();
        /** Keys with an add that no pass has started after. */
        const owed = new Set<string>();
        const work = async (ms: number): Promise<void> => {
          const key = await queue.get();
          if (key === undefined) return;
          expect(inWork).not.toContain(key);
          inWork.add(key);
          owed.delete(key);
          await clock.sleep(ms);
          inWork.delete(key);
          queue.done(key);
        };
        for (const op of operations) {
          if (op.do === 'work') void work(op.ms);
          else if (op.do === 'wait') await clock.advance(op.ms);
          else {
            owed.add(op.key);
            if (op.do === 'add') queue.add(op.key);
            else queue.addAfter(op.key, op.ms);
          }
        }
        for (let round = 0; round < 8; round += 1) void work(0);
        await clock.advance(100);
        expect([...owed, ...inWork]).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
