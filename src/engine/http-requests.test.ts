import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GENERATING_ROUTES } from './http-requests.ts';
import { LayoutMemory } from './layout-memory.ts';
import type { EngineSample } from './sample.ts';
import { PageReader, scanPage } from './scan.ts';

const PAGES = join(import.meta.dirname, '../../test/fixtures/engine-pages');
const encoder = new TextEncoder();

function read(page: Uint8Array): EngineSample {
  const result = scanPage(page);
  if (!result.ok) throw new Error(result.message);
  return result.sample;
}

const captured = (name: string): EngineSample => read(readFileSync(join(PAGES, `${name}.prom`)));
const finished = ({ requests }: EngineSample): number =>
  Object.values(requests ?? {}).reduce((total, count) => total + count, 0);

describe('on captured pages', () => {
  test('answers over HTTP grow with finished requests, page by page, so they are counted as they end', () => {
    const series = readdirSync(join(PAGES, 'series'))
      .filter((name) => name.endsWith('.prom'))
      .toSorted()
      .map((name) => captured(`series/${name.replace('.prom', '')}`));
    expect(series.map(({ httpAnswered }) => httpAnswered)).toEqual(series.map(finished));
    expect([series[0]?.httpAnswered, series.at(-1)?.httpAnswered]).toEqual([72, 149]);
  });

  test('sixteen streams that wait are not in it, and are once their clients have left', () => {
    expect(captured('0.10.2-stuck/load_3')).toMatchObject({ httpAnswered: 0, running: 0, waiting: 16 });
    const after = captured('0.10.2-stuck/after');
    expect(after).toMatchObject({ httpAnswered: 16, running: 0, waiting: 0 });
    expect(finished(after)).toBe(0);
  });

  test('nine answers of four routes count; errors, token counts and an abort do not', () => {
    const sample = captured('after_errors');
    expect([sample.httpAnswered, finished(sample)]).toEqual([9, 9]);
  });

  test('streams that were refused after their head was sent are in it', () => {
    const sample = captured('after_admission_reject');
    expect([sample.httpAnswered, finished(sample)]).toEqual([80, 74]);
    expect(sample.admissionRejections).toMatchObject({ max_num_queued_reqs: 6 });
  });

  test.each([
    ['that was just started', 'idle_fresh', 0],
    ['with several API servers, just started', 'dp2_idle', 0],
    ['with several API servers', 'dp2_load', 14],
    ['of which only GET /v1/models was asked', 'lora_idle', 0],
    ['without engine families', 'disable_log_stats', 4],
  ])('an engine %s', (_, name, expected) => {
    expect(captured(name).httpAnswered).toBe(expected);
  });

  test.each([
    ['the V0 engine', 'engine-pages/0.8.5.post2-v0/load_1', 'since vLLM 0.8.3'],
    ["Ray's page", 'engine-pages-by-hand/ray-two-replicas', 'Ray serves'],
    ['the Rust front end', 'engine-pages-by-hand/rust-front-end', 'when an answer begins'],
  ])('%s does not show it, and the reason says so', (_, name, says) => {
    const sample = read(readFileSync(join(PAGES, '..', `${name}.prom`)));
    expect(sample.httpAnswered).toBeUndefined();
    expect(sample.notObservable['httpAnswered']).toContain(says);
  });
});

const RUNNING = 'vllm:num_requests_running{engine="0"} 1\n';
const series = (handler: string, value: number | string, method = 'POST', status = '2xx'): string =>
  `http_requests_total{handler="${handler}",method="${method}",status="${status}"} ${value}\n`;
const of = (...lines: readonly string[]): EngineSample => read(encoder.encode(RUNNING + lines.join('')));
const answered = (...lines: readonly string[]): number | undefined => of(...lines).httpAnswered;

describe('answers with a server error', () => {
  test('are counted apart from those with success, by the same routes and method', () => {
    const { httpAnswered, httpFailed } = of(
      series('/v1/completions', 40),
      series('/v1/completions', 3, 'POST', '5xx'),
      series('/v1/messages', 2, 'POST', '5xx'),
      series('/v1/messages', 6, 'POST', '4xx'),
      series('/v1/messages', 7, 'GET', '5xx'),
      series('/tokenize', 8, 'POST', '5xx'),
    );
    expect({ httpAnswered, httpFailed }).toEqual({ httpAnswered: 40, httpFailed: 5 });
  });

  test('are none on a page with HTTP families that shows none, and unknown on one without', () => {
    expect(captured('after_errors').httpFailed).toBe(0);
    expect(of().httpFailed).toBeUndefined();
    expect(of(series('/v1/completions', 1)).httpFailed).toBeUndefined();
  });

  test('are read of the Rust front end, too, which does not tell those who were answered', () => {
    const page = readFileSync(join(PAGES, '../engine-pages-by-hand/rust-front-end.prom'));
    expect(read(page)).toMatchObject({ httpAnswered: undefined, httpFailed: 0 });
  });
});

test.each([
  ['no HTTP family', [], undefined],
  ['two routes', [series('/v1/completions', 2), series('/v1/messages', 3)], 5],
  ['the same series twice', [series('/v1/completions', 2), series('/v1/completions', 2)], 2],
  ['a route that begins like one', [series('/v1/responses/{response_id}/cancel', 4)], undefined],
  ['another method', [series('/v1/responses', 4, 'GET')], undefined],
  ['another status', [series('/v1/responses', 4, 'POST', '5xx')], undefined],
  ['a series without labels', [series('/v1/responses', 4), 'http_requests_total 7\n'], 4],
  [
    'labels in another order, and more of them',
    ['http_requests_total{status="2xx",pid="7",method="POST",handler="/v1/responses"} 4\n'],
    4,
  ],
  ['no number for what is not counted', [series('/tokenize', 'NaN'), series('/v1/responses', 4)], 4],
  ['no number for what is', [series('/v1/responses', 'NaN'), series('/v1/messages', 4)], undefined],
] as const)('a page with %s', (_, lines, expected) => {
  expect(answered(...lines)).toBe(expected);
});

test('a figure that cannot be is unknown, and the reason says so', () => {
  const { notObservable } = read(encoder.encode(RUNNING + series('/v1/responses', -1)));
  expect(notObservable['httpAnswered']).toBe('http_requests_total has the value -1');
});

test('five thousand handlers of any length are read, and none of them is kept', () => {
  const hostile = Array.from({ length: 5000 }, (_, i) => series(`/${'x'.repeat(600)}${i}`, 1));
  expect(answered(...hostile, series('/v1/messages', 4))).toBe(4);
});

test.each(['{handler="/v1/messages"', '{handler=/v1/messages}', '{{{'])(
  'labels %s refuse the page',
  (labels) => {
    const result = scanPage(encoder.encode(`${RUNNING}http_requests_total${labels} 1\n`));
    expect(result).toMatchObject({ ok: false, reason: 'BadLine' });
  },
);

test('later pages of an engine read as they do on their own, whatever its HTTP series are', () => {
  const line = fc
    .tuple(
      fc.constantFrom(...GENERATING_ROUTES.slice(0, 3), '/tokenize', 'none', 'a b', '\\"'),
      fc.constantFrom('1', '20', '-3', 'NaN', '4 17', 'x', ''),
      fc.constantFrom('POST', 'GET'),
      fc.constantFrom('2xx', '5xx'),
    )
    .map((parts) => series(...parts));
  const page = fc.array(line, { maxLength: 4 }).map((lines) => encoder.encode(RUNNING + lines.join('')));
  fc.assert(
    fc.property(fc.array(page, { minLength: 2, maxLength: 4 }), (pages) => {
      const reader = new PageReader(new LayoutMemory());
      expect(pages.map((one) => reader.read(one))).toEqual(pages.map((one) => scanPage(one)));
    }),
    { numRuns: 200 },
  );
});
