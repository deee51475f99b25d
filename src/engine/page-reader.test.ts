import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LayoutMemory } from './layout-memory.ts';
import type { PageLayout } from './layout.ts';
import type { PageResult } from './sample.ts';
import { PageReader, scanPage } from './scan.ts';

const PAGES = join(import.meta.dirname, '../../test/fixtures/engine-pages');
const names = readdirSync(PAGES, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.prom'))
  .toSorted();
const pages = names.map((name) => readFileSync(join(PAGES, name)));
/** Ninety pages of one run differ little: every ninth stands for them. */
const various = pages.filter((_, i) => names[i]?.startsWith('series/') !== true || i % 9 === 0);
const encoder = new TextEncoder();

/** A memory that counts how often a page had a known layout. */
class CountingMemory extends LayoutMemory {
  known = 0;

  override find(bytes: Uint8Array, likely: PageLayout | undefined): PageLayout | undefined {
    const found = super.find(bytes, likely);
    if (found !== undefined) this.known++;
    return found;
  }
}

test('captured pages, one after the other and then once more, read as pages on their own do', () => {
  const reader = new PageReader(new LayoutMemory());
  const expected = various.map((page) => scanPage(page));
  for (let pass = 0; pass < 2; pass++) {
    expect(various.map((page) => reader.read(page))).toEqual(expected);
  }
});

test('the 90 pages of one engine have one layout', () => {
  const memory = new CountingMemory();
  const reader = new PageReader(memory);
  const series = pages.filter((_, i) => names[i]?.startsWith('series/'));
  for (const page of series) reader.read(page);
  expect([series.length, memory.known]).toEqual([90, 89]);
});

test('a layout that one engine has shown is known for another one, also after many others', () => {
  const memory = new CountingMemory();
  for (const page of pages.slice(0, 12)) new PageReader(memory).read(page);
  const before = memory.known;
  new PageReader(memory).read(pages[0] ?? new Uint8Array());
  expect(memory.known).toBe(before + 1);
});

describe('a page that is like the one before, but for', () => {
  const first =
    '# HELP x y\nvllm:num_requests_running{engine="0",model_name="m"} 4\nother{a="b"} 17\n' +
    'vllm:num_requests_waiting{engine="0",model_name="m"} 2\n';
  const after = (second: string): PageResult => {
    const reader = new PageReader(new LayoutMemory());
    reader.read(encoder.encode(first));
    return reader.read(encoder.encode(second));
  };

  test.each([
    [
      'its values',
      first.replace('} 4', '} 512').replace(' 17', ' NaN'),
      { sample: { running: 512, waiting: 2 } },
    ],
    [
      'a value that became unknown',
      first.replace('} 4', '} NaN'),
      { sample: { running: undefined, waiting: 2 } },
    ],
    ['another model', first.replaceAll('"m"', '"n"'), { sample: { running: 4, models: ['n'] } }],
    [
      'a series more',
      `${first}vllm:num_requests_waiting{engine="1",model_name="m"} 9\n`,
      { sample: { waiting: 11 } },
    ],
    [
      'a series less',
      first.slice(0, first.lastIndexOf('vllm:')),
      { sample: { running: 4, waiting: undefined } },
    ],
    ['a time stamp behind a value', first.replace('} 2\n', '} 2 1795317434\n'), { sample: { waiting: 2 } }],
    [
      'an unwanted series that became a wanted one',
      first.replace('other{a="b"} 17', 'vllm:prompt_tokens_total 17'),
      { sample: { promptTokens: 17 } },
    ],
    ['a line feed at its end', first.trimEnd(), { ok: false, reason: 'Truncated' }],
  ])('%s, reads as it does on its own', (_, second, expected) => {
    const alone = scanPage(encoder.encode(second));
    expect(after(second)).toEqual(alone);
    expect(alone).toMatchObject(expected);
  });

  test.each([
    ['a lone word, which later is a series', 'word\n', 'vllm:prompt_tokens_total\t5\n'],
    ['a comment, which later is another one', '# 12345\n', '# 12346\n'],
    [
      'a value with a time stamp, which later has another one',
      'vllm:prompt_tokens_total 5 17\n',
      'vllm:prompt_tokens_total 6 18\n',
    ],
  ])('%s', (_, line, later) => {
    const reader = new PageReader(new LayoutMemory());
    reader.read(encoder.encode(first + line));
    expect(reader.read(encoder.encode(first + later))).toEqual(scanPage(encoder.encode(first + later)));
  });
});

test('a page with bytes changed reads as it does on its own, whatever was read before', () => {
  const page = readFileSync(join(PAGES, 'dp2_load.prom'));
  const reader = new PageReader(new LayoutMemory());
  const at = fc.nat(page.length - 1);
  const byte = fc.oneof(fc.constantFrom(...encoder.encode('0123456789.eE+-{}", \t\r\n#vp')), fc.nat(255));
  const length = fc.oneof(fc.constant(page.length), at);
  fc.assert(
    fc.property(fc.array(fc.tuple(at, byte), { maxLength: 4 }), length, (changes, end) => {
      const changed = Uint8Array.from(page);
      for (const [position, value] of changes) changed[position] = value;
      reader.read(page);
      expect(reader.read(changed.subarray(0, end))).toEqual(scanPage(changed.subarray(0, end)));
    }),
    { numRuns: 40 },
  );
});

test('any number of layouts leaves a bounded memory', () => {
  const memory = new CountingMemory();
  const page = (i: number): Uint8Array => encoder.encode(`vllm:num_requests_running{engine="${i}"} 1\n`);
  const readers = Array.from({ length: 100 }, () => new PageReader(memory));
  readers.forEach((reader, i) => reader.read(page(i)));
  readers.forEach((reader, i) => expect(reader.read(page(i))).toMatchObject({ ok: true }));
  expect(memory.known).toBe(0);
});

test('a gigantic page is read, and its layout is not kept', () => {
  const memory = new CountingMemory();
  const reader = new PageReader(memory);
  const page = encoder.encode(`${'node_load1{cpu="0"} 1\n'.repeat(100_000)}vllm:num_requests_running 7\n`);
  for (let i = 0; i < 2; i++) expect(reader.read(page)).toMatchObject({ ok: true, sample: { running: 7 } });
  expect(memory.known).toBe(0);
});
