import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EngineModelConfig } from './engine-config.ts';
import { EngineModel } from './engine-model.ts';
import { EngineTimeline } from './engine-timeline.ts';
import type { EngineRequest } from './request.ts';

/** The timeline without its short cut: every step is started and finished. */
class SteppedTimeline {
  readonly model: EngineModel;
  readonly #log: string[];
  #nowMs = 0;
  #stepEndMs: number | undefined;

  constructor(model: EngineModel, log: string[]) {
    this.model = model;
    this.#log = log;
  }

  runUntil(untilMs: number): void {
    for (;;) {
      if (this.#stepEndMs !== undefined) {
        if (this.#stepEndMs > untilMs) return;
        this.#nowMs = this.#stepEndMs;
        this.model.finishStep((id, finish, progress) => logEnds(this.#log, id, finish, progress));
        this.#stepEndMs = undefined;
      }
      if (this.#nowMs >= untilMs) return;
      const durationMs = this.model.startStep(this.#nowMs);
      this.#stepEndMs = durationMs === undefined ? undefined : this.#nowMs + durationMs;
      if (durationMs !== undefined) continue;
      const arrivalMs = this.model.nextArrivalMs ?? Infinity;
      this.#nowMs = Math.max(this.#nowMs, Math.min(arrivalMs, untilMs));
      if (arrivalMs > untilMs) return;
    }
  }
}

interface Progress {
  readonly firstTokenMs: number | undefined;
  readonly lastTokenMs: number;
  readonly generatedTokens: number;
  readonly preemptions: number;
}

function logEnds(log: string[], id: string, finish: string | undefined, progress: Progress): void {
  if (finish === undefined) return;
  const { firstTokenMs, lastTokenMs, generatedTokens, preemptions } = progress;
  log.push(`${id} ${finish} ${firstTokenMs} ${lastTokenMs} ${generatedTokens} ${preemptions}`);
}

const configs: fc.Arbitrary<EngineModelConfig> = fc
  .record({
    stepCost: fc.constantFrom(
      { a: 22.6, b: 0.1, c: 0.00026, d: 0.035 },
      { a: 0.3, b: 0.07, c: 0.011, d: 0.013 },
    ),
    requestOverheadMs: fc.constantFrom(0, 2.7, 15),
    blockSize: fc.constantFrom(1, 4, 16),
    numGpuBlocks: fc.integer({ min: 260, max: 900 }),
    maxModelLen: fc.constant(256),
    maxNumSeqs: fc.integer({ min: 1, max: 8 }),
    maxNumBatchedTokens: fc.constantFrom(4, 32, 128),
    maxNumQueuedReqs: fc.constant(undefined),
    prefixCaching: fc.boolean(),
    maxLoras: fc.constantFrom(undefined, 1, 2),
  })
  .map((config) => ({ ...config, numGpuBlocks: 1 + Math.ceil(config.numGpuBlocks / config.blockSize) }));

interface Visit {
  readonly afterMs: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** Prompts of equal first ids share their first 16 tokens, and so on. */
  readonly ids: readonly number[];
  readonly adapter: 'x' | 'y' | undefined;
  /** Which of the requests so far is aborted at this visit, if any. */
  readonly abort: number | undefined;
}

const visits: fc.Arbitrary<readonly Visit[]> = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.constant(0), fc.double({ min: 0.1, max: 900, noNaN: true })),
    promptTokens: fc.integer({ min: 1, max: 90 }),
    outputTokens: fc.integer({ min: 1, max: 160 }),
    ids: fc.array(fc.nat({ max: 1 }), { maxLength: 4 }),
    adapter: fc.constantFrom(undefined, 'x' as const, 'y' as const),
    abort: fc.option(fc.nat({ max: 20 }), { nil: undefined, freq: 4 }),
  }),
  { minLength: 1, maxLength: 20 },
);

function requestOf({ promptTokens, outputTokens, ids, adapter }: Visit, index: number): EngineRequest {
  return {
    id: `r${index}`,
    promptTokens,
    outputTokens,
    maxTokens: 160,
    // An id stands for all tokens up to it.
    prefix: {
      tokensPerId: 16,
      ids: ids.map((_, at) => Number.parseInt(`1${ids.slice(0, at + 1).join('')}`, 2)),
    },
    ...(adapter !== undefined && { adapter }),
  };
}

test('skipping like steps leaves the same figures, times and ends as taking each of them', () => {
  fc.assert(
    fc.property(configs, visits, (config, list) => {
      const [log, steppedLog]: [string[], string[]] = [[], []];
      const fast = new EngineTimeline(new EngineModel(config), 0, (id, finish, progress) =>
        logEnds(log, id, finish, progress),
      );
      const stepped = new SteppedTimeline(new EngineModel(config), steppedLog);
      let nowMs = 0;
      for (const [index, visit] of list.entries()) {
        nowMs += visit.afterMs;
        for (const timeline of [fast, stepped]) {
          timeline.runUntil(nowMs);
          timeline.model.add(requestOf(visit, index), nowMs);
          const { abort } = visit;
          if (abort !== undefined) timeline.model.abort(`r${abort}`);
        }
        expect(fast.model.stats).toEqual(stepped.model.stats);
        expect(fast.model.kv.used).toBe(stepped.model.kv.used);
      }
      for (const timeline of [fast, stepped]) timeline.runUntil(nowMs + 1e6);
      expect(fast.model.stats).toEqual(stepped.model.stats);
      expect(fast.model.inFlight).toBe(0);
      expect(fast.model.kv.used).toBe(0);
      expect(log).toEqual(steppedLog);
    }),
    { numRuns: 60 },
  );
});

test('a lone request of many tokens is decoded in a handful of real steps', () => {
  const model = new EngineModel({
    stepCost: { a: 10, b: 0, c: 0.01, d: 0 },
    requestOverheadMs: 0,
    numGpuBlocks: 1000,
    blockSize: 16,
    maxModelLen: 4096,
    maxNumSeqs: 4,
    maxNumBatchedTokens: 512,
    maxNumQueuedReqs: undefined,
  });
  let heard = 0;
  const timeline = new EngineTimeline(model, 0, () => (heard += 1));
  model.add({ id: 'long', promptTokens: 16, outputTokens: 3000, maxTokens: 3000 }, 0);
  timeline.runUntil(Infinity);
  expect(model.stats.generationTokens).toBe(3000);
  expect(heard).toBeLessThan(5);
});
