import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EngineModelConfig } from './engine-config.ts';
import { EngineModel } from './engine-model.ts';
import type { EngineRequest } from './request.ts';

const MAX_MODEL_LEN = 64;

/** Small engines, so that blocks, slots and tokens all run out; any one request fits alone. */
const configs: fc.Arbitrary<EngineModelConfig> = fc
  .record({
    stepCost: fc.constant({ a: 1, b: 0.01, c: 0.001, d: 0.01 }),
    requestOverheadMs: fc.integer({ min: 0, max: 3 }),
    blockSize: fc.constantFrom(1, 4, 16),
    numGpuBlocks: fc.integer({ min: MAX_MODEL_LEN + 1, max: 2 * MAX_MODEL_LEN }),
    maxModelLen: fc.constant(MAX_MODEL_LEN),
    maxNumSeqs: fc.integer({ min: 1, max: 6 }),
    maxNumBatchedTokens: fc.integer({ min: 8, max: 64 }),
    maxNumQueuedReqs: fc.constant(undefined),
  })
  .map((config) => ({
    ...config,
    numGpuBlocks: 1 + Math.ceil((config.numGpuBlocks - 1) / config.blockSize),
  }));

interface Arrival {
  readonly request: EngineRequest;
  readonly atMs: number;
  readonly abortAtMs: number | undefined;
}

const arrivals: fc.Arbitrary<readonly Arrival[]> = fc
  .array(
    fc.record({
      promptTokens: fc.integer({ min: 1, max: 40 }),
      outputTokens: fc.integer({ min: 1, max: 24 }),
      atMs: fc.integer({ min: 0, max: 60 }),
      abortAfterMs: fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined, freq: 4 }),
    }),
    { maxLength: 24 },
  )
  .map((list) =>
    list
      .toSorted((left, right) => left.atMs - right.atMs)
      .map(({ promptTokens, outputTokens, atMs, abortAfterMs }, index) => ({
        request: { id: `r${index}`, promptTokens, outputTokens, maxTokens: outputTokens },
        atMs,
        abortAtMs: abortAfterMs === undefined ? undefined : atMs + abortAfterMs,
      })),
  );

interface Run {
  readonly engine: EngineModel;
  readonly tokens: ReadonlyMap<string, number>;
  readonly finished: ReadonlySet<string>;
  readonly log: readonly string[];
}

/** Plays arrivals and aborts between steps until nothing is left. */
function play(
  config: EngineModelConfig,
  list: readonly Arrival[],
  afterStep: (engine: EngineModel) => void,
): Run {
  const engine = new EngineModel(config);
  const tokens = new Map<string, number>();
  const finished = new Set<string>();
  const log: string[] = [];
  const aborted = new Set<string>();
  let added = 0;
  let nowMs = 0;
  for (let rounds = 0; added < list.length || engine.inFlight > 0; rounds += 1) {
    if (rounds > 20_000)
      throw new Error(`still ${engine.inFlight} requests in flight after ${rounds} rounds`);
    for (let next = list[added]; next !== undefined && next.atMs <= nowMs; next = list[added]) {
      engine.add(next.request, nowMs);
      added += 1;
    }
    for (const { request, abortAtMs } of list.slice(0, added)) {
      if (abortAtMs === undefined || abortAtMs > nowMs || aborted.has(request.id)) continue;
      aborted.add(request.id);
      engine.abort(request.id);
    }
    const durationMs = engine.startStep(nowMs);
    afterStep(engine);
    nowMs += durationMs ?? 1;
    engine.finishStep((id, finish) => {
      tokens.set(id, (tokens.get(id) ?? 0) + 1);
      if (finish !== undefined) finished.add(id);
      log.push(`${nowMs} ${id} ${finish ?? ''}`);
    });
    afterStep(engine);
  }
  return { engine, tokens, finished, log };
}

const RUNS = { numRuns: 100 };

test('used blocks never exceed the pool nor requests the slots, and all blocks come back', () => {
  fc.assert(
    fc.property(configs, arrivals, (config, list) => {
      let spareBlocks = Infinity;
      let spareSlots = Infinity;
      const { engine } = play(config, list, ({ kv, stats }) => {
        spareBlocks = Math.min(spareBlocks, kv.capacity - kv.used);
        spareSlots = Math.min(spareSlots, config.maxNumSeqs - stats.running);
      });
      expect(spareBlocks).toBeGreaterThanOrEqual(0);
      expect(spareSlots).toBeGreaterThanOrEqual(0);
      expect(engine.kv.used).toBe(0);
      expect(engine.stats).toMatchObject({ running: 0, waiting: 0 });
    }),
    RUNS,
  );
});

test('every request that nobody aborts ends with exactly its tokens, and every counter agrees', () => {
  fc.assert(
    fc.property(configs, arrivals, (config, list) => {
      const { engine, tokens, finished } = play(config, list, () => undefined);
      const staying = list.filter(({ abortAtMs }) => abortAtMs === undefined);
      for (const { request } of staying) expect(tokens.get(request.id)).toBe(request.outputTokens);
      const { stats } = engine;
      const started = list.filter(({ request }) => tokens.has(request.id));
      const generated = [...tokens.values()].reduce((sum, count) => sum + count, 0);
      const prompts = started.reduce((sum, { request }) => sum + request.promptTokens, 0);
      expect(stats.finished).toEqual({ stop: 0, length: finished.size, error: 0 });
      expect(stats.endToEndLatency.count).toBe(finished.size);
      expect(stats.generationTokens).toBe(generated);
      expect(stats.promptTokens).toBe(prompts);
      expect(stats.timeToFirstToken.count).toBe(started.length);
      expect(stats.interTokenLatency.count).toBe(generated - started.length);
      expect(stats.iterationTokens.sum).toBe(generated + prompts);
    }),
    RUNS,
  );
});

test('the same calls give the same tokens at the same times', () => {
  fc.assert(
    fc.property(configs, arrivals, (config, list) => {
      expect(play(config, list, () => undefined).log).toEqual(play(config, list, () => undefined).log);
    }),
    { numRuns: 30 },
  );
});
