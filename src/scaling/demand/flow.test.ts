import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { observed, pageOf } from '../../../test/builders/pages.ts';
import type { EngineSample } from '../../engine/sample.ts';
import { combine, countsOf, flowBetween, NO_FLOW, type Flow } from './flow.ts';

const PROMISE = { ttftMs: 500, interTokenMs: 50 };

function flow(before: Partial<EngineSample>, now: Partial<EngineSample>): Flow {
  return flowBetween(countsOf(pageOf(before), PROMISE), countsOf(pageOf(now), PROMISE));
}

/** A page of an engine that has ended so many requests, 200 tokens each. */
function ended(requests: number, told: Partial<EngineSample> = {}): Partial<EngineSample> {
  return {
    requests: { stop: requests },
    httpAnswered: requests,
    generationTokens: requests * 200,
    running: 0,
    waiting: 0,
    ...told,
  };
}

describe('requests that came are counted from both ends', () => {
  const cases: readonly (readonly [string, Partial<EngineSample>, Partial<EngineSample>, number])[] = [
    ['those that ended, by whatever reason', ended(10, { requests: { stop: 4, length: 6 } }), ended(17), 7],
    ['those inside now, who are in no counter yet', ended(10), ended(10, { running: 3, waiting: 4 }), 7],
    ['not those that were inside before', ended(10, { running: 5 }), ended(15), 0],
    [
      'a client that left is only in the count of HTTP',
      ended(10, { waiting: 2 }),
      ended(10, { httpAnswered: 14 }),
      2,
    ],
    [
      'each of three sequences of a request (n = 3) is only in the count of the engine',
      ended(10),
      ended(10, { requests: { stop: 16 }, httpAnswered: 12 }),
      6,
    ],
    [
      'those that were refused',
      ended(10, { admissionRejections: { max_num_queued_reqs: 1 } }),
      ended(12, { admissionRejections: { max_num_queued_reqs: 4, max_num_queued_tokens: 2 } }),
      7,
    ],
    ['without a count of HTTP, those that ended', { requests: { stop: 3 } }, { requests: { stop: 8 } }, 5],
    [
      'a count of HTTP that appears is not a burst',
      { requests: { stop: 3 } },
      { requests: { stop: 8 }, httpAnswered: 500 },
      5,
    ],
    [
      'without any count of ends, first tokens and those that wait for one',
      { histograms: { ttft: observed([0.5], [10, 0.1]) }, running: 1, waiting: 4 },
      { histograms: { ttft: observed([0.5], [16, 0.1]) }, running: 9, waiting: 2 },
      4,
    ],
    ['pages that tell nothing', {}, {}, 0],
  ];

  test.each(cases)('%s', (_, before, now, arrivals) => {
    expect(flow(before, now).arrivals).toBe(arrivals);
  });
});

test('a server that restarted has done what its new counters say, with nobody inside from before', () => {
  const before = ended(1000, { running: 20, waiting: 5, admissionRejections: { full: 9 } });
  const now = ended(3, { running: 2, admissionRejections: { full: 1 } });
  expect(flow(before, now)).toMatchObject({ arrivals: 6, finished: 3, generatedTokens: 600 });
});

describe('what was too late', () => {
  const bounds = [0.1, 0.25, 0.5, 1];

  test('is what lies above the promise, of each histogram', () => {
    const now = flow(
      {},
      {
        histograms: {
          ttft: observed(bounds, [90, 0.2], [10, 0.7]),
          queueTime: observed(bounds, [95, 0.1], [5, 0.3]),
          timePerOutputToken: observed([0.025, 0.05, 0.1], [70, 0.04], [30, 0.08]),
          interTokenLatency: observed([0.025, 0.05, 0.1], [1000, 0.04]),
        },
      },
    );
    expect(now).toMatchObject({
      firstTokens: 100,
      lateFirstTokens: 10,
      dequeued: 100,
      longQueued: 5,
      paced: 100,
      slow: 30,
      gaps: 1000,
      gapSeconds: 40,
    });
  });

  test.each([
    ['between two bounds by the line between them', observed([0.4, 0.8], [80, 0.7]), 60],
    ['below the first bound from nought on', observed([1], [80, 0.9]), 40],
    ['nobody knows above the last bound', observed([0.1, 0.25], [80, 0.7]), 0],
  ])('%s', (_, ttft, late) => {
    expect(flow({}, { histograms: { ttft } }).lateFirstTokens).toBeCloseTo(late, 9);
  });

  test('where requests have no pace of their own, each time between two tokens stands for it', () => {
    const interTokenLatency = observed([0.05, 0.1], [70, 0.04], [30, 0.08]);
    expect(flow({}, { histograms: { interTokenLatency } })).toMatchObject({ paced: 100, slow: 30 });
  });
});

describe('prompt tokens that the prefix cache had', () => {
  test('are counted beside all of them', () => {
    const before = { promptTokens: 1000, prefixCache: { queries: 1000, hits: 300 } };
    const now = { promptTokens: 1500, prefixCache: { queries: 1500, hits: 700 } };
    expect(flow(before, now)).toMatchObject({ promptTokens: 500, cachedTokens: 400 });
  });

  test('are none from when the page cannot be believed any more', () => {
    const before = { promptTokens: 1000, prefixCache: { queries: 1000, hits: 300 } };
    expect(flow(before, { promptTokens: 1500 })).toMatchObject({ promptTokens: 500, cachedTokens: 0 });
  });
});

const count = fc.nat(10_000);
const histogram = fc
  .array(fc.tuple(count, fc.double({ min: 0, max: 2, noNaN: true })), { maxLength: 5 })
  .map((runs) => observed([0.1, 0.3, 0.7, 1.3], ...runs));
const page: fc.Arbitrary<EngineSample> = fc
  .record(
    {
      running: fc.nat(200),
      waiting: fc.nat(200),
      promptTokens: count,
      generationTokens: count,
      requests: fc.record({ stop: count, length: count }),
      httpAnswered: count,
      admissionRejections: fc.record({ full: count }),
      prefixCache: fc.record({ queries: count, hits: count }),
      histograms: fc.record(
        {
          ttft: histogram,
          queueTime: histogram,
          timePerOutputToken: histogram,
          interTokenLatency: histogram,
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  )
  .map(pageOf);

test('whatever two pages say, nothing flows backwards', () => {
  fc.assert(
    fc.property(page, page, (before, now) => {
      const flowed = flowBetween(countsOf(before, PROMISE), countsOf(now, PROMISE));
      expect(Object.entries(flowed).filter(([, value]) => !(value >= 0))).toEqual([]);
    }),
  );
});

test('an engine that stands still does nothing, although its late ones are no whole number', () => {
  const ttft = observed([0.3, 0.7], [1000, 0.1], [3333, 0.6], [77, 0.9]);
  const still = ended(4410, { histograms: { ttft } });
  const wobbling = countsOf(pageOf(still), PROMISE);
  const { counted } = wobbling;
  const lower = { ...wobbling, counted: { ...counted, lateFirstTokens: counted.lateFirstTokens - 1e-9 } };
  expect(flow(still, still)).toEqual(NO_FLOW);
  expect(flowBetween(wobbling, lower)).toEqual(NO_FLOW);
});

test('flows are combined figure by figure', () => {
  const figures = Object.fromEntries(Object.keys(NO_FLOW).map((name, index) => [name, index + 1]));
  const one = { ...NO_FLOW, ...figures };
  expect(combine(one, one, (a, b) => a + 10 * b)).toEqual(
    Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, 11 * value])),
  );
});
