import { expect, test } from 'vitest';
import { Latency, latencyTargets } from './latency.ts';

test.each<[what: string, latency: object, ttftMs: number, interTokenMs: number, totalMs: number]>([
  ['Chat', { useCase: 'Chat' }, 500, 50, 10_000],
  ['CodeCompletion', { useCase: 'CodeCompletion' }, 200, 30, 3000],
  ['Batch', { useCase: 'Batch' }, 5000, 100, 60_000],
  ['RAG', { useCase: 'RAG' }, 1000, 80, 15_000],
  ['Agentic', { useCase: 'Agentic' }, 2000, 100, 30_000],
  ['nothing said, which is Chat', {}, 500, 50, 10_000],
  ['a first token of its own', { useCase: 'RAG', ttftMilliseconds: 700 }, 700, 80, 15_000],
  ['tokens of its own', { interTokenMilliseconds: 20 }, 500, 20, 10_000],
  ['a whole answer of its own', { useCase: 'Batch', totalMilliseconds: 600_000 }, 5000, 100, 600_000],
])('the targets of %s', (_, latency, ttftMs, interTokenMs, totalMs) => {
  const parsed = Latency.parse(latency);
  expect(latencyTargets(parsed)).toEqual({ useCase: parsed.useCase, ttftMs, interTokenMs, totalMs });
});
