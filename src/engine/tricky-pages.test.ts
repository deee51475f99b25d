import { expect, test } from 'vitest';
import type { EngineSample } from './sample.ts';
import { scanPage } from './scan.ts';

function read(...lines: readonly string[]): EngineSample {
  const result = scanPage(new TextEncoder().encode(lines.map((line) => `${line}\n`).join('')));
  if (!result.ok) throw new Error(result.message);
  return result.sample;
}

const E0 = '{engine="0",model_name="m"}';

const rows: readonly (readonly [what: string, lines: readonly string[], expected: object])[] = [
  [
    'an exponent of three digits',
    [`vllm:prompt_tokens_total${E0} 1.0777853952e+010`],
    { promptTokens: 10_777_853_952 },
  ],
  ['an exponent without a point', [`vllm:prompt_tokens_total${E0} 3E6`], { promptTokens: 3_000_000 }],
  [
    'names that begin like a wanted one',
    [
      `vllm:num_requests_waiting${E0} 3`,
      'vllm:num_requests_waiting_by_reason{engine="0",model_name="m",reason="capacity"} 2',
      'vllm:num_requests_waiting_by_reason{engine="0",model_name="m",reason="deferred"} 1',
      `vllm:num_requests_waiting_new${E0} 70`,
    ],
    { waiting: 3, waitingByReason: { capacity: 2, deferred: 1 } },
  ],
  [
    'ranks that are kept apart: what waits for capacity, and all that finished',
    [
      'vllm:num_requests_waiting_by_reason{engine="0",reason="capacity"} 2',
      'vllm:num_requests_waiting_by_reason{engine="0",reason="deferred"} 5',
      'vllm:request_success_total{engine="0",finished_reason="stop"} 3',
      'vllm:request_success_total{engine="0",finished_reason="length"} 4',
      'vllm:num_requests_running{engine="0"} 1',
      'vllm:num_requests_running{engine="1"} 1',
    ],
    {
      ranks: [
        { engine: '0', waitingForCapacity: 2, finished: 7 },
        { engine: '1', waitingForCapacity: undefined, finished: undefined },
      ],
    },
  ],
  [
    'an engine that sleeps',
    [
      'vllm:engine_sleep_state{engine="0",model_name="m",sleep_state="awake"} 0',
      'vllm:engine_sleep_state{engine="0",model_name="m",sleep_state="weights_offloaded"} 1',
    ],
    { isAsleep: true },
  ],
  [
    'creation times, which are no counts',
    [`vllm:generation_tokens_total${E0} 7`, `vllm:generation_tokens_created${E0} 1.79e+09`],
    { generationTokens: 7 },
  ],
  [
    'iteration_tokens_total, which is a histogram: steps are its count',
    [
      `vllm:iteration_tokens_total_sum${E0} 8126`,
      `vllm:iteration_tokens_total_count${E0} 1929`,
      'vllm:iteration_tokens_total_bucket{engine="0",le="+Inf",model_name="m"} 1929',
    ],
    { steps: 1929 },
  ],
  ['Windows line ends', [`vllm:num_requests_running${E0} 4\r`, '# EOF\r'], { running: 4 }],
  ['a time stamp', [`vllm:num_requests_running${E0} 4 1795317434700`], { running: 4 }],
  [
    'OpenMetrics: a time stamp, an exemplar, the labels the other way round, no suffix in TYPE',
    [
      '# TYPE vllm:prompt_tokens counter',
      'vllm:prompt_tokens_total{model_name="m",engine="0"} 5 1795317434.7 # {trace_id="a"} 1 1795317434.7',
      '# EOF',
    ],
    { promptTokens: 5, models: ['m'], ranks: [{ engine: '0' }] },
  ],
  [
    'blanks wherever the format allows them',
    [' vllm:num_requests_running { engine = "0" , model_name="m" , }  4 '],
    { running: 4 },
  ],
  ['tabs', ['vllm:num_requests_running\t4\t'], { running: 4 }],
  [
    'labels with braces, commas, equals signs and escapes',
    ['vllm:num_requests_running{engine="0",model_name="a} 9,b=\\"c\\\\\\"\\n{"} 4'],
    { running: 4, models: ['a} 9,b="c\\"\n{'] },
  ],
  [
    'a label that ends in an escaped backslash',
    ['vllm:num_requests_running{model_name="C:\\\\"} 4'],
    { models: ['C:\\'] },
  ],
  [
    'a model name beyond ASCII',
    ['vllm:num_requests_running{model_name="\u{1f999}/ü"} 4'],
    { models: ['\u{1f999}/ü'] },
  ],
  [
    'labels nobody knows yet',
    ['vllm:num_requests_running{engine="0",model_name="m",priority="0",zone="a"} 4'],
    { running: 4 },
  ],
  [
    'a reason named like a part of every object',
    ['vllm:request_success_total{engine="0",finished_reason="__proto__",model_name="m"} 4'],
    { requests: JSON.parse('{"__proto__": 4}') },
  ],
  [
    'the same series twice: it counts once',
    [`vllm:num_requests_running${E0} 4`, `vllm:num_requests_running${E0} 4`],
    { running: 4, ranks: [{ engine: '0', running: 4 }] },
  ],
  [
    'reasons in another order on each rank',
    [
      'vllm:request_success_total{engine="0",finished_reason="stop"} 1',
      'vllm:request_success_total{engine="0",finished_reason="length"} 2',
      'vllm:request_success_total{engine="1",finished_reason="length"} 3',
      'vllm:request_success_total{engine="1",finished_reason="stop"} 4',
    ],
    { requests: { stop: 5, length: 5 } },
  ],
  [
    'two models on one page: both count',
    [
      'vllm:num_requests_running{engine="0",model_name="a"} 4',
      'vllm:num_requests_running{engine="0",model_name="b"} 3',
    ],
    { running: 7, models: ['a', 'b'] },
  ],
  [
    'a family nobody wants, malformed',
    ['vllm:someday{engine=oops', 'http_request_size_bytes_sum{{{', `vllm:num_requests_running${E0} 4`],
    { running: 4 },
  ],
];

test.each(rows)('%s', (_, lines, expected) => {
  expect(read(...lines)).toMatchObject(expected);
});

test.each(['NaN', '+Inf', '-Inf', '-1'])('a count of %s is unknown, and the reason says so', (value) => {
  const sample = read(`vllm:num_requests_running${E0} ${value}`, `vllm:num_requests_waiting${E0} 2`);
  expect(sample.running).toBeUndefined();
  expect(sample.waiting).toBe(2);
  expect(sample.notObservable['running']).toContain('vllm:num_requests_running has the value');
});

test('a count that is unknown on one rank is unknown for the engine', () => {
  const sample = read('vllm:num_requests_running{engine="0"} 5', 'vllm:num_requests_running{engine="1"} NaN');
  expect(sample.running).toBeUndefined();
});

test('KV usage above 1 is no fraction', () => {
  const sample = read(`vllm:kv_cache_usage_perc${E0} 80`, `vllm:num_requests_running${E0} 1`);
  expect(sample.kvCacheUsage).toBeUndefined();
  expect(sample.notObservable['kvCacheUsage']).toContain('no fraction');
});

const HISTOGRAM = 'vllm:e2e_request_latency_seconds';

test('a histogram that was cut out of the page is unknown, not smaller', () => {
  const sample = read(
    `${HISTOGRAM}_bucket{engine="0",le="0.3"} 4`,
    `${HISTOGRAM}_bucket{engine="0",le="0.5"} 5`,
  );
  expect(sample.histograms.e2e).toBeUndefined();
  expect(sample.notObservable['e2e']).toContain('+Inf');
});

test('ranks with other buckets cannot be added', () => {
  const rank = (engine: string, bound: string): string[] => [
    `${HISTOGRAM}_bucket{engine="${engine}",le="${bound}"} 4`,
    `${HISTOGRAM}_bucket{engine="${engine}",le="+Inf"} 5`,
    `${HISTOGRAM}_count{engine="${engine}"} 5`,
    `${HISTOGRAM}_sum{engine="${engine}"} 2.5`,
  ];
  expect(read(...rank('0', '1'), ...rank('1', '1.0')).histograms.e2e).toEqual({
    count: 10,
    sum: 5,
    bounds: [1, Infinity],
    cumulative: [8, 10],
  });
  const unlike = read(...rank('0', '1'), ...rank('1', '2'));
  expect(unlike.histograms.e2e).toBeUndefined();
  expect(unlike.notObservable['e2e']).toContain('other buckets');
});

test('buckets out of order and twice are put in order and counted once', () => {
  const bucket = (le: string, count: number): string => `${HISTOGRAM}_bucket{engine="0",le="${le}"} ${count}`;
  const once = [bucket('0.5', 2), bucket('+Inf', 9), bucket('0.3', 1), bucket('1e+00', 3)];
  const rest = [`${HISTOGRAM}_count{engine="0"} 9`, `${HISTOGRAM}_sum{engine="0"} 2`];
  expect(read(...once, ...once, ...rest).histograms.e2e).toEqual({
    count: 9,
    sum: 2,
    bounds: [0.3, 0.5, 1, Infinity],
    cumulative: [1, 2, 3, 9],
  });
});

test('buckets that stand between those of another rank, and bounds with an escape, find their own histogram', () => {
  const bucket = (engine: string, le: string, count: number): string =>
    `${HISTOGRAM}_bucket{engine="${engine}",le="${le}",model_name="m"} ${count}`;
  const rest = ['0', '1'].flatMap((engine) => [
    `${HISTOGRAM}_count{engine="${engine}",model_name="m"} 3`,
    `${HISTOGRAM}_sum{engine="${engine}",model_name="m"} 1`,
  ]);
  const sample = read(
    bucket('0', '0.3', 1),
    bucket('1', '0.3', 2),
    bucket('0', '+Inf', 3),
    bucket('1', '+Inf', 3),
    ...rest,
  );
  expect(sample.histograms.e2e).toMatchObject({ bounds: [0.3, Infinity], cumulative: [3, 6] });
  const escaped = new TextEncoder().encode(`${bucket('0', '0.3', 1)}\n${bucket('0', '0\\".5', 1)}\n`);
  expect(scanPage(escaped)).toMatchObject({ ok: false, reason: 'BadLine' });
});

test('a model name that is not UTF-8 is shown with replacement characters', () => {
  const page = Buffer.concat([
    Buffer.from('vllm:num_requests_running{model_name="a'),
    Buffer.from([0xff, 0xc3, 0x28]),
    Buffer.from('"} 4\n'),
  ]);
  expect(scanPage(page)).toMatchObject({ ok: true, sample: { running: 4, models: ['a\ufffd\ufffd('] } });
});
