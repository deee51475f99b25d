import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createPrompts } from './prompts.ts';

const Tokens = z.array(z.int().min(0).max(999));
const read = (text: string): readonly number[] => Tokens.parse(JSON.parse(text));

test('a prompt has exactly the tokens that were asked for, each below 1000', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3000 }), fc.nat(1e6), fc.nat(1000), (tokens, id, seed) => {
      expect(read(createPrompts(3000, seed)(id, tokens))).toHaveLength(tokens);
    }),
    { numRuns: 50 },
  );
});

test('no two requests share the first block of 16 tokens, nor do two seeds', () => {
  const blocks = new Set<string>();
  for (const seed of [1, 2]) {
    const promptOf = createPrompts(64, seed);
    for (let id = 0; id < 2000; id += 1) blocks.add(read(promptOf(id, 64)).slice(0, 16).join());
  }
  expect(blocks.size).toBe(4000);
});

test('the same seed and id give the same prompt', () => {
  expect(createPrompts(32, 5)(9, 32)).toBe(createPrompts(32, 5)(9, 32));
});
