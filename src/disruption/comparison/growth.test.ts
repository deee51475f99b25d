import { describe, expect, test } from 'vitest';
import { observed, pageOf } from '../../../test/builders/pages.ts';
import type { EngineSample } from '../../engine/sample.ts';
import { endedRequests, growthBetween, hasRestarted } from './growth.ts';

const BEFORE = pageOf({
  requests: { stop: 100, error: 4 },
  httpFailed: 5,
  processStartTimeSeconds: 1000,
  histograms: { ttft: observed([1], [104, 0.5]) },
});

describe('a process has restarted', () => {
  test.each<[what: string, now: Partial<EngineSample>, restarted: boolean]>([
    ['not if its page is the same', {}, false],
    ['not if its counters grew', { requests: { stop: 101, error: 4 }, httpFailed: 6 }, false],
    ['not if its page lacks what it had', { requests: undefined, processStartTimeSeconds: undefined }, false],
    ['if it began at another time', { processStartTimeSeconds: 1001 }, true],
    ['if fewer requests are finished', { requests: { stop: 90, error: 4 } }, true],
    ['if fewer answers failed', { httpFailed: 4 }, true],
    ['if fewer first tokens came', { histograms: { ttft: observed([1], [103, 0.5]) } }, true],
  ])('%s', (_, now, restarted) => {
    expect(hasRestarted(BEFORE, { ...BEFORE, ...now })).toBe(restarted);
  });
});

test('growth is what each counter gained, unknown where a page does not tell', () => {
  const at = (atMs: number, sample: EngineSample) => ({ atMs, sample });
  const now = pageOf({ requests: { stop: 107, length: 2, error: 5 }, httpFailed: 8 });
  expect(growthBetween(at(0, BEFORE), at(1, now))).toEqual({
    finished: 10,
    errors: 1,
    failedOverHttp: 3,
    ttft: undefined,
    prompts: undefined,
  });
  expect(growthBetween(at(0, pageOf({ requests: {} })), at(1, now))).toMatchObject({
    failedOverHttp: undefined,
  });
  expect(growthBetween(at(0, pageOf()), at(1, now))).toBeUndefined();
});

test('ended are those that finished, and the 5xx that are not among them', () => {
  expect(endedRequests(BEFORE)).toBe(105);
  expect(endedRequests(pageOf({ requests: { stop: 3 } }))).toBe(3);
  expect(endedRequests(pageOf({ httpFailed: 3 }))).toBeUndefined();
});
