import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CompletionStream } from './completion-stream.ts';
import { createEventStreamReader } from './event-stream.ts';

const FIXTURE = join(import.meta.dirname, '../../../test/fixtures/engine-pages/stream_completions.txt');

/** The body of a real answer of vLLM 0.32: five tokens. */
const BODY = readFileSync(FIXTURE, 'utf8').replaceAll('\r\n', '\n').split('\n\n').slice(1).join('\n\n');

test('a real stream of vLLM is read: tokens, usage, finish and end', () => {
  const stream = new CompletionStream();
  stream.push(BODY, 7);
  expect(stream.progress).toEqual({
    firstTokenMs: 7,
    lastTokenMs: 7,
    chunks: 5,
    usage: { promptTokens: 3, completionTokens: 5 },
    finishReason: 'length',
    done: true,
    error: undefined,
  });
});

test('however the network cuts the stream, it says the same', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: BODY.length }), { maxLength: 12 }), (cuts) => {
      const stream = new CompletionStream();
      const edges = [0, ...cuts.toSorted((a, b) => a - b), BODY.length];
      edges.forEach((edge, index) => stream.push(BODY.slice(edge, edges[index + 1] ?? edge), 1));
      expect(stream.progress).toMatchObject({ chunks: 5, usage: { completionTokens: 5 }, done: true });
    }),
  );
});

describe('the token times', () => {
  const chunk = (text: string): string =>
    `data: ${JSON.stringify({ choices: [{ text, finish_reason: null }] })}\n\n`;
  const usage = `data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\n`;

  test('are moved by tokens alone, not by an empty first chunk nor by the usage chunk', () => {
    const stream = new CompletionStream();
    stream.push(chunk(''), 10);
    stream.push(chunk('a'), 20);
    stream.push(chunk('b'), 30);
    stream.push(chunk(''), 40);
    stream.push(usage, 50);
    expect(stream.progress).toMatchObject({ firstTokenMs: 20, lastTokenMs: 30, chunks: 2 });
  });

  test('are missing for an answer without tokens, which is still an answer', () => {
    const stream = new CompletionStream();
    stream.push(`${chunk('')}data: [DONE]\n\n`, 10);
    expect(stream.progress).toMatchObject({ firstTokenMs: undefined, lastTokenMs: undefined, done: true });
  });
});

test('an error inside the stream is kept', () => {
  const stream = new CompletionStream();
  stream.push('data: {"error":{"message":"engine dead","code":500}}\n\ndata: [DONE]\n\n', 1);
  expect(stream.progress).toMatchObject({ error: 'engine dead', done: true });
});

test('what is no chunk is refused', () => {
  expect(() => new CompletionStream().push('data: <html>\n', 1)).toThrow(SyntaxError);
  expect(() => new CompletionStream().push('data: {"choices":"none"}\n', 1)).toThrow('expected array');
});

test('a line without end is refused before it fills the memory', () => {
  const read = createEventStreamReader();
  expect(() => {
    for (let sent = 0; sent < 3; sent += 1) read('x'.repeat(500_000));
  }).toThrow('longer than 1000000 characters');
});
