import { expect, test } from 'vitest';
import { engineConfigOf } from '../model/engine-config.ts';
import { ENGINE_PROFILES } from '../model/profiles.ts';
import { createLoneEngine } from './serve-alone.ts';

const serveAlone = createLoneEngine({
  ...engineConfigOf(ENGINE_PROFILES['llama3.1-8b/L40Sx1']),
  stepCost: { a: 20, b: 0.1, c: 0, d: 0 },
});

test('a prompt of 4,800 tokens costs an idle L40S half a second, whatever a policy does', () => {
  // 15 ms of overhead; chunks of 2048, 2048 and 704 tokens.
  expect(serveAlone({ promptTokens: 4800, outputTokens: 11 })?.ttftMs).toBeCloseTo(15 + 480);
  expect(serveAlone({ promptTokens: 4800, outputTokens: 11 })?.tpotMs).toBeCloseTo(20);
});

test('an output of one token has no time per output token, and a prompt beyond the cache no times at all', () => {
  expect(serveAlone({ promptTokens: 10, outputTokens: 1 })).toEqual({ ttftMs: 35 });
  expect(serveAlone({ promptTokens: 300_000, outputTokens: 1 })).toBeUndefined();
});
