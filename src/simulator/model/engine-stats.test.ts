import { expect, test } from 'vitest';
import { EngineModel } from './engine-model.ts';
import { ENGINE_PROFILES, stepDurationMs } from './profiles.ts';

/** One request of 3 tokens behind another of 2: waits 40 ms, prefill 10 ms, decodes 20 ms. */
function runTwo() {
  const engine = new EngineModel({
    stepCost: { a: 10, b: 0, c: 0, d: 0 },
    requestOverheadMs: 20,
    numGpuBlocks: 100,
    blockSize: 16,
    maxModelLen: 1024,
    maxNumSeqs: 1,
    maxNumBatchedTokens: 512,
    maxNumQueuedReqs: undefined,
  });
  engine.add({ id: 'first', promptTokens: 8, maxTokens: 2, outputTokens: 2 }, 0);
  engine.add({ id: 'second', promptTokens: 300, maxTokens: 9, outputTokens: 3 }, 0);
  for (let nowMs = 20, ms = engine.startStep(nowMs); ms !== undefined; ms = engine.startStep(nowMs)) {
    nowMs += ms;
    engine.finishStep(() => undefined);
  }
  return engine.stats;
}

test('phases of a request add up: overhead, queue, prefill and decode make the whole latency', () => {
  const stats = runTwo();
  // first: 20 + 0 + 10 + 10; second: 20 + 20 + 10 + 20.
  expect(stats.queueTime.sum).toBeCloseTo(0.02);
  expect(stats.prefillTime.sum).toBeCloseTo(0.02);
  expect(stats.decodeTime.sum).toBeCloseTo(0.03);
  expect(stats.inferenceTime.sum).toBeCloseTo(0.05);
  expect(stats.endToEndLatency.sum).toBeCloseTo(0.04 + 0.07);
  expect(stats.timeToFirstToken.sum).toBeCloseTo(0.03 + 0.05);
});

test('inter-token latency has one sample for each token after the first, and sums to the decode time', () => {
  const stats = runTwo();
  expect(stats.interTokenLatency.count).toBe(1 + 2);
  expect(stats.interTokenLatency.sum).toBeCloseTo(stats.decodeTime.sum);
  expect(stats.timePerOutputToken).toMatchObject({ count: 2 });
  expect(stats.timePerOutputToken.sum).toBeCloseTo(0.02);
});

test('a request of one token has a time per output token of 0, as vLLM records it', () => {
  const engine = new EngineModel({
    stepCost: ENGINE_PROFILES['llama3.1-8b/H100x1'].stepCost,
    requestOverheadMs: 0,
    numGpuBlocks: 100,
    blockSize: 16,
    maxModelLen: 1024,
    maxNumSeqs: 1,
    maxNumBatchedTokens: 512,
    maxNumQueuedReqs: undefined,
  });
  engine.add({ id: 'one', promptTokens: 8, maxTokens: 1, outputTokens: 1 }, 0);
  engine.startStep(0);
  engine.finishStep(() => undefined);
  expect(engine.stats.timePerOutputToken).toMatchObject({ count: 1, sum: 0 });
  expect(engine.stats.interTokenLatency.count).toBe(0);
});

test('finished requests are counted by what they asked for and what they got', () => {
  const stats = runTwo();
  expect(stats.requestPromptTokens).toMatchObject({ count: 2, sum: 308 });
  expect(stats.requestGenerationTokens).toMatchObject({ count: 2, sum: 5 });
  expect(stats.requestParamsMaxTokens).toMatchObject({ count: 2, sum: 11 });
  expect(stats.requestParamsN).toMatchObject({ count: 2, sum: 2 });
});

test.each([
  // Measured: 7.0 ms at 1 and 8.7 ms at 64 sequences of about 192 tokens (8B on H100).
  ['llama3.1-8b/H100x1', 1, 192, 7.02],
  ['llama3.1-8b/H100x1', 64, 64 * 192, 8.44],
] as const)(
  'a step of %s with %i decoding sequences takes what was measured',
  (profile, sequences, kv, ms) => {
    const load = { computedTokens: sequences, decodingSequences: sequences, contextTokens: kv };
    expect(stepDurationMs(ENGINE_PROFILES[profile].stepCost, load)).toBeCloseTo(ms, 2);
  },
);

test('prefill is flat until its tokens cost more than reading the weights', () => {
  const { stepCost } = ENGINE_PROFILES['llama3.1-8b/H100x1'];
  const prefill = (computedTokens: number): number =>
    stepDurationMs(stepCost, { computedTokens, decodingSequences: 0, contextTokens: 0 });
  expect(prefill(300)).toBe(7);
  expect(prefill(2048)).toBeCloseTo(40.55);
});
