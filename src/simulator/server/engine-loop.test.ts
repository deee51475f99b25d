import { performance } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { EngineModel } from '../model/engine-model.ts';
import { EngineLoop } from './engine-loop.ts';

const STEP_MS = 2;

function createLoop(numGpuBlocks = 100): EngineLoop {
  return new EngineLoop(
    new EngineModel({
      stepCost: { a: STEP_MS, b: 0, c: 0, d: 0 },
      requestOverheadMs: 1,
      numGpuBlocks,
      blockSize: 16,
      maxModelLen: 1024,
      maxNumSeqs: 8,
      maxNumBatchedTokens: 512,
      maxNumQueuedReqs: undefined,
    }),
  );
}

/** Runs one request. @returns how many tokens came with each delivery */
function runRequest(
  loop: EngineLoop,
  id: string,
  promptTokens: number,
  maxTokens: number,
): Promise<number[]> {
  const deliveries: number[] = [];
  return new Promise((resolve) => {
    loop.submit({ id, promptTokens, maxTokens, outputTokens: maxTokens }, (newTokens, finish) => {
      deliveries.push(newTokens);
      if (finish !== undefined) resolve(deliveries);
    });
  });
}

test('steps that fell due while the process was busy are made up for, and their tokens come together', async () => {
  const loop = createLoop();
  const done = runRequest(loop, 'a', 10, 20);
  const busyUntil = performance.now() + 10 * STEP_MS;
  while (performance.now() < busyUntil);
  const deliveries = await done;
  expect(deliveries.reduce((sum, tokens) => sum + tokens, 0)).toBe(20);
  expect(deliveries[0]).toBeGreaterThan(1);
});

test('lateness of timers does not stretch the virtual time of the engine', async () => {
  const loop = createLoop();
  await Promise.all([runRequest(loop, 'a', 10, 30), runRequest(loop, 'b', 10, 30)]);
  const { interTokenLatency } = loop.model.stats;
  expect(interTokenLatency.count).toBe(2 * 29);
  expect(interTokenLatency.sum * 1000).toBeCloseTo(2 * 29 * STEP_MS);
});

test('an abort lets in what was waiting for its blocks, although no step is under way', async () => {
  const loop = createLoop(5);
  // 'huge' can never run and holds up the one behind it.
  loop.submit({ id: 'huge', promptTokens: 100, maxTokens: 1, outputTokens: 1 }, () => undefined);
  const done = runRequest(loop, 'behind', 10, 3);
  while (loop.model.stats.waiting < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  loop.abort('huge');
  await done;
  expect(loop.model.stats.finished.length).toBe(1);
});
