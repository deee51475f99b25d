import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeDistribution } from './distribution.ts';
import { summarizeLoad } from './load-report.ts';
import { latenciesOf, type RequestRecord } from './request-record.ts';

/** Due at 100 ms, sent 10 ms late; first token 200 ms later, then 4 tokens 50 ms apart. */
const COMPLETED: RequestRecord = {
  id: 0,
  atMs: 100,
  promptTokens: 64,
  outputTokens: 5,
  target: 'engine-a',
  sentMs: 110,
  firstTokenMs: 310,
  lastTokenMs: 510,
  endMs: 512,
  httpStatus: 200,
  chunks: 5,
  usage: { promptTokens: 64, completionTokens: 5 },
  outcome: { ok: true, finishReason: 'length' },
};

const FAILED: RequestRecord = {
  ...COMPLETED,
  firstTokenMs: undefined,
  lastTokenMs: undefined,
  usage: undefined,
  chunks: 0,
  httpStatus: 503,
  outcome: { ok: false, reason: 'HttpError', message: 'HTTP 503: no capacity' },
};

const scheduleOf = (records: readonly RequestRecord[], durationMs = 1000) => ({
  requests: records,
  durationMs,
});

describe('the latencies of a request', () => {
  test('follow the definitions', () => {
    expect(latenciesOf(COMPLETED)).toEqual({
      dispatchDelayMs: 10,
      ttftMs: 200,
      ttftSchedMs: 210,
      tpotMs: 50,
      e2eMs: 400,
      e2eSchedMs: 410,
    });
  });

  test('an answer of one token has no time per output token', () => {
    const one = { ...COMPLETED, lastTokenMs: 310, usage: { promptTokens: 64, completionTokens: 1 } };
    expect(latenciesOf(one)).toMatchObject({ ttftMs: 200, e2eMs: 200, tpotMs: undefined });
  });

  test('an answer without usage has no time per output token: chunks are not tokens', () => {
    expect(latenciesOf({ ...COMPLETED, usage: undefined }).tpotMs).toBeUndefined();
  });

  test('a request that was never sent has none', () => {
    const unsent = { ...FAILED, sentMs: undefined };
    expect(Object.values(latenciesOf(unsent)).every((value) => value === undefined)).toBe(true);
  });
});

describe('percentiles', () => {
  test('are interpolated between the closest ranks', () => {
    const { percentiles, mean, max, samples } = describeDistribution([40, 10, undefined, 30, 20]);
    expect({ mean, max, samples }).toEqual({ mean: 25, max: 40, samples: 4 });
    expect(percentiles.p50).toBe(25);
    expect(percentiles.p90).toBeCloseTo(37, 9);
  });

  test('of nothing are missing, not 0', () => {
    const none = describeDistribution([undefined]);
    expect(none.mean).toBeUndefined();
    expect(none.percentiles.p99).toBeUndefined();
  });

  test.each([
    [1, ['p50', 'p90', 'p95', 'p99', 'p999']],
    [19, ['p95', 'p99', 'p999']],
    [99, ['p99', 'p999']],
    [100, ['p999']],
    [1000, []],
  ])('of %d samples cannot be judged by %j', (samples, names) => {
    expect(describeDistribution(Array.from({ length: samples }, () => 1)).insufficientSamples).toEqual(names);
  });

  test('are monotonic and inside the data', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
        const { percentiles, max = NaN } = describeDistribution(values);
        const ladder = [Math.min(...values), ...Object.values(percentiles).map(Number), max];
        expect(
          ladder.every((value, index) => index === 0 || value >= (ladder[index - 1] ?? NaN) - 1e-9),
        ).toBe(true);
      }),
    );
  });
});

describe('the report', () => {
  test('counts failures by reason and keeps their times out of the latencies', () => {
    const records = [COMPLETED, FAILED, FAILED];
    const report = summarizeLoad(scheduleOf(records), records);
    expect(report).toMatchObject({ completed: 1, failed: 2, failures: { HttpError: 2 } });
    expect(report.latencies.dispatchDelayMs.samples).toBe(1);
  });

  test('gives throughput over the planned window, without the drain after it', () => {
    const records = [COMPLETED, { ...COMPLETED, endMs: 2001 }];
    const report = summarizeLoad(scheduleOf(records, 2000), records);
    expect(report).toMatchObject({ completed: 2, completedPerSecond: 0.5, outputTokensPerSecond: 2.5 });
  });

  test('gives no token rate when an engine did not count its tokens', () => {
    const records = [COMPLETED, { ...COMPLETED, usage: undefined }];
    expect(summarizeLoad(scheduleOf(records), records).outputTokensPerSecond).toBeUndefined();
  });

  test.each([
    ['no objective', {}, 1],
    ['all objectives just met', { ttftMs: 210, tpotMs: 50, e2eMs: 410 }, 1],
    ['the first token late against the schedule, though not against the send', { ttftMs: 205 }, 0],
    ['the tokens too slow', { ttftMs: 500, tpotMs: 49 }, 0],
    ['the whole too slow', { e2eMs: 409 }, 0],
  ])('goodput with %s', (_what, objectives, goodRequests) => {
    const records = [COMPLETED, FAILED];
    const { goodput } = summarizeLoad(scheduleOf(records), records, objectives);
    expect(goodput).toEqual({ goodRequests, ratio: goodRequests / 2 });
  });

  test('goodput asks no token pace of an answer of one token, but does when the count is missing', () => {
    const one = { ...COMPLETED, usage: { promptTokens: 64, completionTokens: 1 } };
    const uncounted = { ...COMPLETED, usage: undefined };
    const good = (record: RequestRecord) =>
      summarizeLoad(scheduleOf([record]), [record], { tpotMs: 1000 }).goodput.goodRequests;
    expect([good(one), good(uncounted)]).toEqual([1, 0]);
  });

  test('of nothing has no rates', () => {
    expect(summarizeLoad({ requests: [], durationMs: 0 }, [])).toMatchObject({
      completedPerSecond: undefined,
      goodput: { goodRequests: 0, ratio: undefined },
    });
  });
});
