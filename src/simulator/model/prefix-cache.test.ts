import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EngineModelConfig } from './engine-config.ts';
import { EngineModel } from './engine-model.ts';
import { EngineTimeline } from './engine-timeline.ts';
import type { EngineRequest } from './request.ts';

/** A token costs a millisecond, so that the length of a prefill tells what was computed. */
const CONFIG: EngineModelConfig = {
  stepCost: { a: 0, b: 1, c: 0, d: 0 },
  requestOverheadMs: 0,
  numGpuBlocks: 101,
  blockSize: 16,
  maxModelLen: 4096,
  maxNumSeqs: 4,
  maxNumBatchedTokens: 4096,
  maxNumQueuedReqs: undefined,
  prefixCaching: true,
};

class Bench {
  readonly engine: EngineModel;
  readonly #timeline: EngineTimeline;
  readonly #ttftMs = new Map<string, number>();
  #nowMs = 0;

  constructor(config: Partial<EngineModelConfig> = {}) {
    this.engine = new EngineModel({ ...CONFIG, ...config });
    this.#timeline = new EngineTimeline(this.engine, 0, (id, finish, { firstTokenMs, arrivalMs }) => {
      if (finish !== undefined) this.#ttftMs.set(id, (firstTokenMs ?? NaN) - arrivalMs);
    });
  }

  add(id: string, promptTokens: number, ids: readonly number[], outputTokens = 1): void {
    const request: EngineRequest = { id, promptTokens, outputTokens, maxTokens: outputTokens };
    this.engine.add({ ...request, prefix: { tokensPerId: 64, ids } }, this.#nowMs);
  }

  /** Plays one request after the other. @returns the tokens that its prefill computed */
  prefillOf(id: string, promptTokens: number, ids: readonly number[]): number {
    this.add(id, promptTokens, ids);
    this.runFor(1e6);
    return this.#ttftMs.get(id) ?? NaN;
  }

  runFor(ms: number): void {
    this.#nowMs += ms;
    this.#timeline.runUntil(this.#nowMs);
  }
}

describe('a prompt', () => {
  test('computes only what comes after the longest prefix of full blocks that was seen before', () => {
    const bench = new Bench();
    expect(bench.prefillOf('first', 200, [1, 2, 3, 4])).toBe(200);
    expect(bench.prefillOf('longer', 300, [1, 2, 3, 5, 6])).toBe(300 - 192);
    expect(bench.prefillOf('forked', 200, [1, 9, 3, 4])).toBe(200 - 64);
    expect(bench.prefillOf('other', 200, [7, 2, 3, 4])).toBe(200);
    expect(bench.engine.stats).toMatchObject({ prefixCacheQueries: 900, prefixCacheHits: 256 });
    expect(bench.engine.stats.promptTokensCached).toBe(256);
    expect(bench.engine.stats.requestPrefillKvComputedTokens.sum).toBe(900 - 256);
  });

  test('that is cached whole computes its last block again', () => {
    const bench = new Bench();
    bench.prefillOf('first', 128, [1, 2]);
    expect(bench.prefillOf('again', 128, [1, 2])).toBe(16);
  });

  test('finds nothing without prefix caching', () => {
    const bench = new Bench({ prefixCaching: false });
    bench.prefillOf('first', 128, [1, 2]);
    expect(bench.prefillOf('again', 128, [1, 2])).toBe(128);
    expect(bench.engine.stats.prefixCacheHits).toBe(0);
  });

  test('whose ids do not fall on whole blocks is refused by name', () => {
    const engine = new EngineModel(CONFIG);
    const request = { id: 'odd', promptTokens: 100, outputTokens: 1, maxTokens: 1 };
    expect(() => engine.add({ ...request, prefix: { tokensPerId: 24, ids: [1] } }, 0)).toThrow(
      'request odd has 24 tokens an id; it must be a multiple of the block size, 16',
    );
  });
});

describe('cached blocks', () => {
  test('that nobody holds count as free, and those that have been free for longest are overwritten first', () => {
    const bench = new Bench({ numGpuBlocks: 13 });
    bench.prefillOf('old', 64, [1]);
    bench.prefillOf('young', 64, [2]);
    expect(bench.engine.stats.kvCacheUsage).toBe(0);
    // Of 12 blocks 4 hold nothing yet, so 6 more overwrite the last 2 of the oldest.
    bench.prefillOf('large', 96, [3, 4]);
    expect(bench.prefillOf('young again', 65, [2, 5])).toBe(1);
    // The last token of the one before took one more.
    expect(bench.prefillOf('old again', 65, [1, 6])).toBe(49);
  });

  test('are held together by the requests that share them', () => {
    const bench = new Bench();
    bench.add('one', 128, [1, 2], 100);
    bench.add('two', 128, [1, 2], 100);
    bench.runFor(150);
    // 7 blocks shared; the last one of the prompt and one for what follows each for itself.
    expect(bench.engine.stats.running).toBe(2);
    expect(bench.engine.kv.used).toBe(7 + 2 + 2);
    bench.engine.abort('one');
    expect(bench.engine.kv.used).toBe(7 + 2);
  });

  test('let a preempted request go on without computing all of it anew', () => {
    const run = (prefixCaching: boolean): EngineModel => {
      const bench = new Bench({ numGpuBlocks: 21, prefixCaching });
      for (const id of ['old', 'young']) bench.add(id, 128, [], 60);
      bench.runFor(1e6);
      return bench.engine;
    };
    for (const engine of [run(true), run(false)]) {
      expect(engine.stats.preemptions).toBe(1);
      expect(engine.stats.finished.length).toBe(2);
    }
    expect(run(true).stats.endToEndLatency.sum).toBeLessThan(run(false).stats.endToEndLatency.sum);
    // Hits of a resumed request are not counted (since 0.24).
    expect(run(true).stats).toMatchObject({ prefixCacheQueries: 256, prefixCacheHits: 0 });
  });
});

test('whatever prompts share, hits are the longest known prefix, while nothing has to be overwritten', () => {
  const prompt = fc.record({
    ids: fc.array(fc.nat({ max: 1 }), { minLength: 1, maxLength: 4 }),
    rest: fc.integer({ min: 1, max: 64 }),
  });
  fc.assert(
    fc.property(fc.array(prompt, { maxLength: 12 }), (prompts) => {
      const bench = new Bench({ numGpuBlocks: 500 });
      const known = new Set<string>();
      for (const [index, { ids, rest }] of prompts.entries()) {
        const tokens = 64 * (ids.length - 1) + rest;
        const path = ids.map((_, at) => Number.parseInt(`1${ids.slice(0, at + 1).join('')}`, 2));
        const blocks = Array.from({ length: Math.floor(tokens / 16) }, (_, block) => {
          return `${path[Math.floor(block / 4)]}/${block % 4}`;
        });
        const missing = blocks.findIndex((block) => !known.has(block));
        const hits = Math.min(missing < 0 ? blocks.length : missing, Math.floor((tokens - 1) / 16));
        expect(bench.prefillOf(`r${index}`, tokens, path)).toBe(tokens - 16 * hits);
        for (const block of blocks) known.add(block);
      }
    }),
    { numRuns: 40 },
  );
});
