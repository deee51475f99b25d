import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { PageErrorReason } from './sample.ts';
import { scanPage } from './scan.ts';

const GOOD = readFileSync(
  join(import.meta.dirname, '../../test/fixtures/engine-pages/load_kvpressure_5.prom'),
);
const encoder = new TextEncoder();

function good(...more: readonly string[]): Uint8Array {
  return Buffer.concat([GOOD, encoder.encode(more.map((line) => `${line}\n`).join(''))]);
}

/** A page of one family's series, one per index. */
function many(count: number, series: (i: number) => string): Uint8Array {
  return encoder.encode(Array.from({ length: count }, (_, i) => `${series(i)}\n`).join(''));
}

const bad: readonly (readonly [
  what: string,
  page: Uint8Array | string,
  reason: PageErrorReason,
  says: string,
])[] = [
  ['nothing at all', '', 'Empty', '0 bytes'],
  ['blank lines only', '\n \r\n\n', 'Empty', '5 bytes'],
  [
    'an HTML page of a login wall',
    '<!doctype html><html><body>Sign in</body></html>\n',
    'NotAMetricsPage',
    'HTML',
  ],
  ['a JSON error', '{"error":{"message":"Not Found","code":404}}\n', 'NotAMetricsPage', 'JSON'],
  ['a plain-text error', 'Not Found\n', 'NotAMetricsPage', 'Not Found'],
  ['a gzip stream nobody asked for', gzipSync(GOOD), 'NotAMetricsPage', 'gzip'],
  ['zero bytes', new Uint8Array(4096), 'NotAMetricsPage', '????'],
  ['the page in UTF-16', Buffer.from(GOOD.toString(), 'utf16le'), 'NotAMetricsPage', '#'],
  [
    'the page of another exporter',
    '# TYPE node_load1 gauge\nnode_load1 0.3\n# TYPE go_goroutines gauge\ngo_goroutines 8\n',
    'NoEngineFamilies',
    'another container',
  ],
  ['more bytes than are read', new Uint8Array(4 * 1024 * 1024 + 1).fill(35), 'TooLarge', '4194305 bytes'],
  [
    'a page cut in the middle of a name',
    GOOD.subarray(0, GOOD.indexOf('vllm:num_requests_running{') + 12),
    'Truncated',
    'vllm:num_req',
  ],
  ['a page cut in the middle of a number', GOOD.subarray(0, GOOD.lastIndexOf('.')), 'Truncated', 'http_'],
  ['a value that is a word', good('vllm:num_requests_running{engine="0"} many'), 'BadLine', 'no number'],
  ['a series without a value', good('vllm:num_requests_running{engine="0"}'), 'BadLine', 'no number'],
  ['a hexadecimal value', good('vllm:num_requests_waiting 0x10'), 'BadLine', 'follows its number'],
  ['a label block that never ends', good('vllm:num_requests_waiting{engine="0" 3'), 'BadLine', 'labels'],
  ['a label value that never ends', good('vllm:num_requests_waiting{engine="0} 3'), 'BadLine', 'labels'],
  ['a label without quotes', good('vllm:kv_cache_usage_perc{engine=0} 0.5'), 'BadLine', 'labels'],
  [
    'a label of a megabyte',
    good(`vllm:kv_cache_usage_perc{model_name="${'x'.repeat(1e6)}"} 0.5`),
    'BadLine',
    '1000000 bytes',
  ],
  [
    'a bucket whose bound is no number',
    good('vllm:time_to_first_token_seconds_bucket{engine="0",le="fast"} 1'),
    'BadLine',
    'le label',
  ],
  [
    'a cache configuration with broken labels',
    good('vllm:cache_config_info{block_size=16} 1.0'),
    'BadLine',
    'labels',
  ],
  [
    'ten thousand ranks',
    many(10_000, (i) => `vllm:num_requests_running{engine="${i}"} 1`),
    'TooManySeries',
    '256 ranks',
  ],
  [
    'ten thousand reasons',
    many(10_000, (i) => `vllm:request_success_total{engine="0",finished_reason="r${i}"} 1`),
    'TooManySeries',
    '64 reasons',
  ],
  [
    'ten thousand buckets, downwards',
    many(10_000, (i) => `vllm:e2e_request_latency_seconds_bucket{engine="0",le="${10_000 - i}"} 1`),
    'TooManySeries',
    '128 buckets',
  ],
];

test.each(bad)('%s is refused', (_, page, reason, says) => {
  const result = scanPage(typeof page === 'string' ? encoder.encode(page) : page);
  expect(result).toMatchObject({ ok: false, reason });
  expect(result.ok ? '' : result.message).toContain(says);
});

test('a refusal names the line, and quotes nothing that a terminal obeys', () => {
  const result = scanPage(encoder.encode('# TYPE x gauge\nvllm:num_requests_running \u001b[2J\u009bboom\n'));
  expect(result).toMatchObject({ reason: 'BadLine' });
  const message = result.ok ? '' : result.message;
  expect(message).toContain('Line 2');
  expect(message).toContain('?[2J?boom');
});

test('what one bad page left behind does not reach the next', () => {
  scanPage(
    encoder.encode('vllm:num_requests_running{engine="0"} NaN\nvllm:num_requests_waiting{engine="9"} oops\n'),
  );
  const result = scanPage(encoder.encode('vllm:num_requests_waiting{engine="1"} 3\n'));
  expect(result).toMatchObject({ ok: true, sample: { waiting: 3, ranks: [{ engine: '1' }] } });
  expect(result.ok && result.sample.notObservable['running']).not.toContain('NaN');
});
