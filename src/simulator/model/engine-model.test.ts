import { describe, expect, test } from 'vitest';
import type { EngineModelConfig } from './engine-config.ts';
import { EngineModel } from './engine-model.ts';
import type { FinishReason } from './request.ts';

const CONFIG: EngineModelConfig = {
  stepCost: { a: 10, b: 0.1, c: 0, d: 0 },
  requestOverheadMs: 0,
  numGpuBlocks: 1001,
  blockSize: 16,
  maxModelLen: 4096,
  maxNumSeqs: 4,
  maxNumBatchedTokens: 256,
  maxNumQueuedReqs: undefined,
};

interface Token {
  readonly id: string;
  readonly atMs: number;
  readonly finish: FinishReason | undefined;
}

/** An engine with its virtual clock: runs steps back to back. */
class Bench {
  readonly engine: EngineModel;
  readonly tokens: Token[] = [];
  nowMs = 0;

  constructor(config: Partial<EngineModelConfig> = {}) {
    this.engine = new EngineModel({ ...CONFIG, ...config });
  }

  add(id: string, promptTokens: number, outputTokens: number, maxTokens = outputTokens) {
    return this.engine.add({ id, promptTokens, outputTokens, maxTokens }, this.nowMs);
  }

  step(): number | undefined {
    const durationMs = this.engine.startStep(this.nowMs);
    if (durationMs === undefined) return undefined;
    this.nowMs += durationMs;
    this.engine.finishStep((id, finish) => this.tokens.push({ id, atMs: this.nowMs, finish }));
    return durationMs;
  }

  /** Steps until nothing can run. @returns the durations */
  runDry(): readonly number[] {
    const durations: number[] = [];
    for (let ms = this.step(); ms !== undefined; ms = this.step()) durations.push(ms);
    return durations;
  }

  timesOf(id: string): readonly number[] {
    return this.tokens.filter((token) => token.id === id).map((token) => token.atMs);
  }
}

describe('continuous batching', () => {
  test('runs up to maxNumSeqs requests at a time and lets the rest wait in order', () => {
    const bench = new Bench({ maxNumSeqs: 2 });
    for (const id of ['a', 'b', 'c']) bench.add(id, 10, 3);
    bench.step();
    expect(bench.engine.stats).toMatchObject({ running: 2, waiting: 1 });
    bench.runDry();
    expect(bench.timesOf('a')).toEqual([10, 20, 30]);
    expect(bench.timesOf('c')).toEqual([40, 50, 60]);
  });

  test('lets a request join a batch that is under way', () => {
    const bench = new Bench();
    bench.add('a', 10, 4);
    bench.step();
    bench.add('b', 10, 2);
    bench.runDry();
    expect(bench.timesOf('a')).toEqual([10, 20, 30, 40]);
    expect(bench.timesOf('b')).toEqual([20, 30]);
  });

  test('holds a request back for the overhead of the front end, and says when it comes', () => {
    const bench = new Bench({ requestOverheadMs: 8 });
    bench.add('a', 10, 1);
    expect(bench.step()).toBeUndefined();
    expect(bench.engine.nextArrivalMs).toBe(8);
    bench.nowMs = 8;
    bench.step();
    expect(bench.timesOf('a')).toEqual([18]);
  });

  test('says stop for an output shorter than max_tokens, length for a full one', () => {
    const bench = new Bench();
    bench.add('short', 10, 2, 50);
    bench.add('full', 10, 3);
    bench.runDry();
    const ends = bench.tokens.filter((token) => token.finish !== undefined);
    expect(ends.map(({ id, finish }) => [id, finish])).toEqual([
      ['short', 'stop'],
      ['full', 'length'],
    ]);
    expect(bench.engine.stats.finished).toEqual({ stop: 1, length: 1, error: 0 });
  });

  test('says error for a request that fails, which is finished like any other', () => {
    const bench = new Bench();
    bench.engine.add({ id: 'bad', promptTokens: 10, outputTokens: 3, maxTokens: 3, fails: true }, 0);
    bench.runDry();
    expect(bench.tokens.map(({ finish }) => finish)).toEqual([undefined, undefined, 'error']);
    expect(bench.engine.stats.finished).toEqual({ stop: 0, length: 0, error: 1 });
    expect(bench.engine.stats.endToEndLatency.count).toBe(1);
    expect(bench.engine.inFlight).toBe(0);
  });
});

describe('chunked prefill', () => {
  test('splits a prompt over steps of at most maxNumBatchedTokens and gives its first token after the last', () => {
    const bench = new Bench();
    bench.add('long', 600, 2);
    // 256, 256 and 88 tokens at 0.1 ms; then one token at the floor of 10 ms.
    expect(bench.runDry()).toEqual([25.6, 25.6, 10, 10]);
    expect(bench.timesOf('long')).toHaveLength(2);
    expect(bench.timesOf('long')[0]).toBeCloseTo(61.2);
  });

  test('gives the tokens of a step to decoding sequences first', () => {
    const bench = new Bench();
    bench.add('decoding', 10, 10);
    bench.step();
    bench.add('long', 600, 1);
    bench.step();
    bench.step();
    bench.step();
    expect(bench.timesOf('decoding')).toHaveLength(4);
    // 255 tokens a step beside the decoding sequence: 600 = 255 + 255 + 90.
    expect(bench.timesOf('long')).toHaveLength(1);
  });

  test('counts a step without output in no histogram, as vLLM does', () => {
    const bench = new Bench();
    bench.add('long', 600, 1);
    bench.runDry();
    expect(bench.engine.stats.iterationTokens).toMatchObject({ count: 1, sum: 601 });
  });
});

describe('the KV cache', () => {
  test('counts usage against the blocks without the null block', () => {
    const bench = new Bench({ numGpuBlocks: 11 });
    bench.add('a', 33, 5);
    bench.step();
    expect(bench.engine.stats.kvCacheUsage).toBeCloseTo(3 / 10);
    bench.runDry();
    expect(bench.engine.stats.kvCacheUsage).toBe(0);
  });

  test('takes the youngest request back when blocks run out, and computes it anew first', () => {
    // 6 blocks: three prompts of 2 blocks each fit exactly; the first decode step of the oldest needs a 7th.
    const bench = new Bench({ numGpuBlocks: 7 });
    for (const id of ['old', 'middle', 'young']) bench.add(id, 32, 4);
    bench.step();
    expect(bench.engine.stats.running).toBe(3);
    bench.step();
    expect(bench.engine.stats).toMatchObject({ running: 2, waiting: 1, preemptions: 1 });
    bench.runDry();
    expect(bench.engine.stats.preemptions).toBe(1);
    expect(bench.timesOf('old')).toEqual([10, 20, 30, 40]);
    expect(bench.timesOf('middle')).toEqual([10, 20, 30, 40]);
    expect(bench.timesOf('young')).toEqual([10, 50, 60, 70]);
  });

  test('counts the prompt of a preempted request once', () => {
    const bench = new Bench({ numGpuBlocks: 7 });
    for (const id of ['old', 'middle', 'young']) bench.add(id, 32, 4);
    bench.runDry();
    const { stats } = bench.engine;
    expect(stats).toMatchObject({ promptTokens: 96, prefixCacheQueries: 96, generationTokens: 12 });
    expect(stats.iterationTokens.sum).toBe(96 + 12);
    expect(stats.requestPreemptions).toMatchObject({ count: 3, sum: 1 });
  });

  test('never schedules a prompt larger than the whole cache, nor those behind it', () => {
    const bench = new Bench({ numGpuBlocks: 7 });
    bench.add('huge', 200, 1);
    bench.add('behind', 10, 1);
    expect(bench.step()).toBeUndefined();
    expect(bench.engine.stats).toMatchObject({ running: 0, waiting: 2, kvCacheUsage: 0 });
  });
});

describe('the queue limit', () => {
  test('refuses what comes over it, with the numbers, and counts it', () => {
    const bench = new Bench({ maxNumQueuedReqs: 2 });
    bench.add('a', 10, 1);
    bench.add('b', 10, 1);
    const outcome = bench.add('c', 10, 1);
    expect(outcome).toEqual({
      kind: 'Rejected',
      reason: 'QueueFull',
      message: '2 requests are queued, and the limit is 2.',
    });
    bench.runDry();
    expect(bench.timesOf('c')).toEqual([]);
    expect(bench.engine.stats.rejectedByQueueLimit).toBe(1);
  });
});

describe('an abort', () => {
  test.each([
    ['before it reaches the scheduler', { requestOverheadMs: 5 }, 0],
    ['while it waits', { maxNumSeqs: 1 }, 1],
    ['while it runs', {}, 1],
  ])('%s frees the request and counts as no finished request', (_when, config, steps) => {
    const bench = new Bench(config);
    bench.add('first', 10, 5);
    bench.add('gone', 40, 5);
    for (let i = 0; i < steps; i += 1) bench.step();
    expect(bench.engine.abort('gone')).toBe(true);
    expect(bench.engine.abort('gone')).toBe(false);
    bench.nowMs += 10;
    bench.runDry();
    expect(bench.timesOf('first')).toHaveLength(5);
    expect(bench.engine.stats).toMatchObject({ running: 0, waiting: 0, kvCacheUsage: 0 });
    expect(bench.engine.stats.finished).toEqual({ stop: 0, length: 1, error: 0 });
    expect(bench.engine.stats.aborted).toBe(1);
    expect(bench.engine.inFlight).toBe(0);
  });

  test('during a step drops the token under way', () => {
    const bench = new Bench();
    bench.add('gone', 10, 5);
    bench.engine.startStep(0);
    bench.engine.abort('gone');
    bench.engine.finishStep((id) => expect(id).toBe('nobody'));
    expect(bench.engine.stats.generationTokens).toBe(0);
  });
});
