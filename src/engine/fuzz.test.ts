import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NumberReader } from './bytes.ts';
import type { PageResult } from './sample.ts';
import { scanPage } from './scan.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../test/fixtures/engine-pages/dp2_load.prom'));
const WHOLE = scanPage(PAGE);

/** What is unsound about a result; nothing, if it is a sample whose figures can be, or an error with a sentence. */
function faults(result: PageResult): string[] {
  if (!result.ok) return /^.{20,400}$/s.test(result.message) ? [] : [`message "${result.message}"`];
  const { running, waiting, kvCacheUsage, ranks, models, requests, httpAnswered } = result.sample;
  const figures = { running, waiting, kvCacheUsage, httpAnswered, ...requests };
  const wrong = Object.entries(figures).filter(
    ([, figure]) => figure !== undefined && !(figure >= 0 && figure < Infinity),
  );
  const found = wrong.map(([name, figure]) => `${name} ${figure}`);
  if ((kvCacheUsage ?? 0) > 1) found.push(`kvCacheUsage ${kvCacheUsage}`);
  if (ranks.length > 256 || models.length > 256) found.push('unbounded lists');
  return found;
}

test('a page cut anywhere gives an error, or figures no greater than the whole page', () => {
  if (!WHOLE.ok) throw new Error(WHOLE.message);
  const whole = WHOLE.sample;
  fc.assert(
    fc.property(fc.nat(PAGE.length - 1), (length) => {
      const result = scanPage(PAGE.subarray(0, length));
      expect(faults(result)).toEqual([]);
      const cut = result.ok ? result.sample : whole;
      expect(cut.steps ?? 0).toBeLessThanOrEqual(whole.steps ?? 0);
      for (const key of ['ttft', 'e2e', 'queueTime'] as const) {
        expect(cut.histograms[key]?.count ?? 0).toBeLessThanOrEqual(whole.histograms[key]?.count ?? 0);
      }
    }),
    { numRuns: 40 },
  );
});

test('a page cut inside a line is never taken for a whole one', () => {
  fc.assert(
    fc.property(fc.nat(PAGE.length - 2), (at) => {
      fc.pre(PAGE[at] !== 10);
      expect(scanPage(PAGE.subarray(0, at + 1)).ok).toBe(false);
    }),
    { numRuns: 40 },
  );
});

test('random bytes give a sample or an error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
      expect(faults(scanPage(bytes))).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

test('random series of wanted families give a sample or an error', () => {
  const name = fc.constantFrom(
    'vllm:num_requests_running',
    'vllm:kv_cache_usage_perc',
    'vllm:request_success_total',
    'vllm:time_to_first_token_seconds_bucket',
    'vllm:cache_config_info',
    'http_requests_total',
  );
  const labels = fc.string({
    unit: fc.constantFrom('{', '}', '"', '\\', ',', '=', ' ', 'le', 'engine', '0'),
    maxLength: 20,
  });
  const value = fc.oneof(fc.double().map(String), fc.string({ maxLength: 6 }));
  const line = fc.tuple(name, labels, value).map(([a, b, c]) => `${a}${b} ${c}\n`);
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      expect(faults(scanPage(new TextEncoder().encode(lines.join(''))))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('a page with bytes changed gives a sample or an error', () => {
  const change = fc.tuple(fc.nat(PAGE.length - 1), fc.integer({ min: 0, max: 255 }));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 12 }), (changes) => {
      const page = Uint8Array.from(PAGE);
      for (const [at, byte] of changes) page[at] = byte;
      expect(faults(scanPage(page))).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

test('neither the order of lines nor a second copy of them changes a sample', () => {
  const lines = PAGE.toString().trimEnd().split('\n');
  const inOrder = (result: PageResult): unknown => {
    if (!result.ok) throw new Error(result.message);
    const { sample } = result;
    return { ...sample, ranks: sample.ranks.toSorted((a, b) => a.engine.localeCompare(b.engine)) };
  };
  const copies = [...lines, ...lines];
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const shuffled = copies
        .map((line, i) => ({ line, key: Math.imul(seed ^ (i + 1), 0x9e3779b1) }))
        .toSorted((a, b) => a.key - b.key)
        .map(({ line }) => line);
      const page = new TextEncoder().encode(`${shuffled.join('\n')}\n`);
      expect(inOrder(scanPage(page))).toEqual(inOrder(WHOLE));
    }),
    { numRuns: 5 },
  );
});

test('every number reads as the language reads it', () => {
  const reader = new NumberReader();
  const check = (text: string): void => {
    const bytes = new TextEncoder().encode(`${text}\n`);
    reader.read(bytes, 0);
    expect([text, reader.end, reader.value]).toEqual([text, text.length, Number(text)]);
  };
  [
    '0',
    '-0',
    '1.',
    '.5',
    '1e22',
    '1e23',
    '9007199254740993',
    '123456789012345678',
    '4.9e-324',
    '1e400',
    '+7',
  ].forEach(check);
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(fc.property(finite, (value) => check(String(value))));
  fc.assert(fc.property(finite, fc.nat(20), (value, digits) => check(value.toExponential(digits))));
  fc.assert(fc.property(fc.nat(), fc.nat(), (whole, part) => check(`${whole}.${part}`)));
});
