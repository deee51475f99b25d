import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lines } from './lines.ts';

async function* chunked(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (const size of [...sizes, bytes.length]) {
    if (start < bytes.length) yield bytes.subarray(start, start + size);
    start += size;
    await Promise.resolve();
  }
}

async function collect(texts: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const text of texts) all.push(text);
  return all;
}

test('however the network cuts it, a stream gives the same lines', async () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => !text.includes('\n'));
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.integer({ min: 1, max: 9 })), async (texts, sizes) => {
      const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(''), 'utf8');
      expect(await collect(lines(chunked(bytes, sizes)))).toEqual(texts);
    }),
  );
});

test('a line that is cut at the end of the stream is dropped', async () => {
  const bytes = Buffer.from('{"type":"ADDED"}\n{"type":"MOD');
  expect(await collect(lines(chunked(bytes, [])))).toEqual(['{"type":"ADDED"}']);
});

test('a line that never ends is refused before it fills the memory', async () => {
  let sent = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (; ; await Promise.resolve()) {
      sent += 64;
      yield Buffer.alloc(64, 'x');
    }
  }
  await expect(collect(lines(endless(), 1_000))).rejects.toMatchObject({
    code: 'ApiResponseTooLarge',
  });
  expect(sent).toBeLessThan(1_100);
});
