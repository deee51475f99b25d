import { describe, expect, test } from 'vitest';
import type { EngineModelConfig } from './engine-config.ts';
import { DataParallelEngine } from './data-parallel.ts';
import { EngineModel } from './engine-model.ts';
import { EngineTimeline } from './engine-timeline.ts';

const CONFIG: EngineModelConfig = {
  stepCost: { a: 10, b: 0, c: 0, d: 0 },
  requestOverheadMs: 0,
  numGpuBlocks: 1001,
  blockSize: 16,
  maxModelLen: 4096,
  maxNumSeqs: 4,
  maxNumBatchedTokens: 256,
  maxNumQueuedReqs: undefined,
};

const request = (id: string, promptTokens = 10, outputTokens = 10) => ({
  id,
  promptTokens,
  outputTokens,
  maxTokens: outputTokens,
});

describe('the limit of queued tokens', () => {
  test('refuses what comes while it is reached, with the numbers, and counts it apart', () => {
    const engine = new EngineModel({ ...CONFIG, maxNumSeqs: 1, maxNumQueuedTokens: 300 });
    const timeline = new EngineTimeline(engine, 0);
    for (const id of ['a', 'b', 'c'])
      expect(engine.add(request(id, 150), 0).kind).toBe(id === 'c' ? 'Rejected' : 'Queued');
    expect(engine.add(request('d'), 0)).toEqual({
      kind: 'Rejected',
      reason: 'QueuedTokensFull',
      message: '300 prompt tokens are queued, and the limit is 300.',
    });
    timeline.runUntil(5);
    // The first one runs now, so 150 are left.
    expect(engine.add(request('e', 150), 5).kind).toBe('Queued');
    engine.abort('e');
    expect(engine.add(request('f', 150), 5).kind).toBe('Queued');
    expect(engine.stats).toMatchObject({ rejectedByTokenLimit: 2, rejectedByQueueLimit: 0 });
  });
});

test('a preempted request counts as queued again, and no longer once it runs', () => {
  const engine = new EngineModel({ ...CONFIG, numGpuBlocks: 5, maxNumQueuedTokens: 32 });
  const timeline = new EngineTimeline(engine, 0);
  // Two prompts of 2 blocks fill the cache, until the older one needs a third.
  engine.add(request('old', 31, 8), 0);
  timeline.runUntil(1);
  engine.add(request('young', 32, 4), 1);
  timeline.runUntil(35);
  expect(engine.stats).toMatchObject({ preemptions: 1, running: 1, waiting: 1 });
  expect(engine.add(request('over'), 35).kind).toBe('Rejected');
  timeline.runUntil(200);
  expect(engine.stats.finished.length).toBe(2);
  expect(engine.add(request('next', 32), 200).kind).toBe('Queued');
  expect(engine.add(request('over again'), 200).kind).toBe('Rejected');
});

describe('adapters', () => {
  function bench(maxLoras: number) {
    const finished: string[] = [];
    const engine = new EngineModel({ ...CONFIG, maxLoras });
    const timeline = new EngineTimeline(engine, 0, (id, finish) => {
      if (finish !== undefined) finished.push(id);
    });
    return { engine, timeline, finished };
  }

  test('without a place in the batch are deferred, and those behind them go first', () => {
    const { engine, timeline, finished } = bench(1);
    engine.add({ ...request('x1'), adapter: 'x' }, 0);
    engine.add({ ...request('y1'), adapter: 'y' }, 0);
    engine.add({ ...request('x2', 10, 20), adapter: 'x' }, 0);
    engine.add(request('none', 10, 5), 0);
    timeline.runUntil(15);
    expect(engine.stats).toMatchObject({ running: 3, waiting: 1, waitingDeferred: 1 });
    timeline.runUntil(1000);
    expect(finished).toEqual(['none', 'x1', 'x2', 'y1']);
    expect(engine.stats).toMatchObject({ waiting: 0, waitingDeferred: 0 });
  });

  test('keep their order, and go before what came later', () => {
    const { engine, timeline, finished } = bench(1);
    for (const id of ['x', 'y', 'z']) engine.add({ ...request(id), adapter: id }, 0);
    timeline.runUntil(15);
    engine.add({ ...request('late'), adapter: 'z' }, 15);
    timeline.runUntil(1000);
    expect(finished).toEqual(['x', 'y', 'z', 'late']);
  });

  test('run side by side up to --max-loras', () => {
    const { engine, timeline } = bench(2);
    for (const id of ['x', 'y', 'z']) engine.add({ ...request(id), adapter: id }, 0);
    timeline.runUntil(15);
    expect(engine.stats).toMatchObject({ running: 2, waitingDeferred: 1 });
  });

  test('a deferred request can be aborted', () => {
    const { engine, timeline, finished } = bench(1);
    for (const id of ['x', 'y']) engine.add({ ...request(id), adapter: id }, 0);
    timeline.runUntil(15);
    expect(engine.abort('y')).toBe(true);
    expect(engine.stats).toMatchObject({ waiting: 0, waitingDeferred: 0 });
    timeline.runUntil(1000);
    expect(finished).toEqual(['x']);
  });
});

describe('data-parallel ranks', () => {
  test('each request goes to the rank with the least of 4 x waiting + running, and stays there', () => {
    const ended: string[] = [];
    const engine = new DataParallelEngine({ ...CONFIG, maxNumSeqs: 2 }, 2, 0, (id, finish) => {
      if (finish !== undefined) ended.push(id);
    });
    for (let i = 0; i < 4; i += 1) engine.add(request(`r${i}`), 0);
    engine.runUntil(15);
    engine.abort('r0');
    engine.add(request('next'), 15);
    engine.runUntil(25);
    expect(engine.ranks.map(({ model }) => model.stats.running)).toEqual([2, 2]);
    expect(engine.inFlight).toBe(4);
    expect(engine.progress('next')).toMatchObject({ generatedTokens: 0 });
    engine.runUntil(1000);
    expect(ended.toSorted()).toEqual(['next', 'r1', 'r2', 'r3']);
    expect(engine.progress('next')).toBeUndefined();
    expect(engine.abort('next')).toBe(false);
  });
});
