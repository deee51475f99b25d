import { describe, expect, test } from 'vitest';
import {
  draining,
  inSeconds,
  loading,
  NOW,
  ready,
  secondsAgo,
  unschedulable,
} from '../../test/builders/engines.ts';
import { pageOf } from '../../test/builders/pages.ts';
import type { EngineSample } from '../engine/sample.ts';
import type { TimedSample } from '../signals/history.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import { drainProgress, noteListing, type DrainProgress } from './empty.ts';

const SETTLE_SECONDS = 10;
const INTERVAL_MS = 5000;

/** A page of an engine that has nothing to do, with changes. */
function page(ageSeconds: number, told: Partial<EngineSample> = {}): TimedSample {
  const idle = { running: 0, waiting: 0, requests: { stop: 7 }, promptTokens: 700, httpAnswered: 7 };
  return { atMs: secondsAgo(ageSeconds), sample: pageOf({ ...idle, processStartTimeSeconds: 1, ...told }) };
}

/** How far an engine is that left the EndpointSlices so many seconds ago, half a minute unless said. */
function progress(engine: EngineSnapshot, unlistedForSeconds: number | undefined = 30): DrainProgress {
  const watch = { unlistedSinceMs: secondsAgo(unlistedForSeconds) };
  return drainProgress(engine, watch, SETTLE_SECONDS, INTERVAL_MS, NOW);
}

const withPages = (...pages: readonly TimedSample[]): EngineSnapshot => draining('a', pages);

describe('an engine is not empty', () => {
  test('while the Service lists it, whatever its pages say', () => {
    const engine = draining('a', [page(6), page(1)], { isListed: true });
    expect(progress(engine)).toEqual({
      state: 'Listed',
      message: 'the Service still sends clients to it, 0 requests left',
      inFlight: 0,
    });
  });

  test('while it settles, whatever its pages say', () => {
    expect(progress(withPages(page(6), page(1)), 7.5)).toEqual({
      state: 'Settling',
      message: 'clients that lag have 3 s more, 0 requests left',
      inFlight: 0,
    });
  });

  test('before anybody saw it out of the slices: it settles from now on', () => {
    const seen = drainProgress(withPages(page(6), page(1)), {}, SETTLE_SECONDS, INTERVAL_MS, NOW);
    expect(seen).toMatchObject({ state: 'Settling', message: expect.stringContaining('10 s more') });
  });

  test.each<[what: string, pages: readonly TimedSample[], message: string, inFlight: number | undefined]>([
    ['while requests run', [page(6), page(1, { running: 1 })], '1 request left', 1],
    ['while requests wait', [page(6), page(1, { running: 2, waiting: 3 })], '5 requests left', 5],
    [
      'while requests wait for something else than capacity',
      [page(6), page(1, { waiting: 2, waitingByReason: { capacity: 0, deferred: 2 } })],
      '2 requests left',
      2,
    ],
    ['without any page', [], 'no page tells whether it still has requests', undefined],
    [
      'on pages without the gauges',
      [page(6, { running: undefined }), page(1, { running: undefined })],
      'its page does not tell whether it still has requests',
      undefined,
    ],
    [
      'on pages that are old, though they told of no request',
      [page(21), page(16)],
      'its last page, of 16 s ago, had 0 requests left',
      0,
    ],
    [
      'on an old page, which still says how many are cut if it goes',
      [page(16, { running: 4 })],
      'its last page, of 16 s ago, had 4 requests left',
      4,
    ],
  ])('%s', (_what, pages, message, inFlight) => {
    expect(progress(withPages(...pages))).toEqual({
      state: 'Busy',
      message,
      ...(inFlight !== undefined && { inFlight }),
    });
  });

  test.each<[what: string, pages: readonly TimedSample[]]>([
    ['on one page', [page(1)]],
    ['on two pages less than an interval apart', [page(5.4), page(1)]],
    ['on pages of which one was read before it settled', [page(21), page(1)]],
    ['on pages of which one shows a request', [page(6, { running: 1 }), page(1)]],
    ['on pages with one between them that shows a request', [page(9), page(5, { waiting: 1 }), page(1)]],
    ['when a request has ended between them', [page(6), page(1, { requests: { stop: 8 } })]],
    ['when a client has left between them', [page(6), page(1, { httpAnswered: 8 })]],
    ['when a request was refused between them', [page(6), page(1, { httpFailed: 1 })]],
    ['when a prompt was read between them', [page(6), page(1, { promptTokens: 701 })]],
    ['when a counter has appeared between them', [page(6, { httpAnswered: undefined }), page(1)]],
    ['when the server was restarted between them', [page(6), page(1, { processStartTimeSeconds: 9 })]],
    ['when counters fell between them', [page(6), page(1, { requests: { stop: 0 }, promptTokens: 0 })]],
  ])('%s', (_what, pages) => {
    expect(progress(withPages(...pages), 30)).toEqual({
      state: 'Confirming',
      message: 'no request left, the next page is to show that none comes',
      inFlight: 0,
    });
  });
});

describe('an engine is empty', () => {
  test.each<[what: string, pages: readonly TimedSample[], message: string]>([
    ['on two quiet pages an interval apart', [page(6), page(1)], 'no request left, and none came for 5 s'],
    [
      'on pages of neighbouring ticks, of which the second came a little faster',
      [page(6.003), page(1.2)],
      'no request left, and none came for 5 s',
    ],
    [
      'on pages closer together, once the first and the last are an interval apart',
      [page(7, { running: 1 }), page(6), page(3.5), page(0.5)],
      'no request left, and none came for 6 s',
    ],
    [
      'though counters that the engine does not have say nothing',
      [page(6, { httpAnswered: undefined }), page(1, { httpAnswered: undefined })],
      'no request left, and none came for 5 s',
    ],
    [
      'by the pages of the server that was started anew',
      [
        page(9, { running: 9 }),
        page(6, { processStartTimeSeconds: 9 }),
        page(1, { processStartTimeSeconds: 9 }),
      ],
      'no request left, and none came for 5 s',
    ],
  ])('%s', (_what, pages, message) => {
    expect(progress(withPages(...pages))).toEqual({ state: 'Empty', message, inFlight: 0 });
  });

  test('though it fails its readiness probe, if its pages prove it', () => {
    const engine = draining('a', [page(6), page(1)], { lifecycle: 'Unready' });
    expect(progress(engine).state).toBe('Empty');
    expect(progress({ ...engine, recentPages: [] }).state).toBe('Busy');
  });

  test('at once when it has not served yet', () => {
    const empty = { state: 'Empty', message: 'it is starting, nobody was sent to it' };
    expect(progress(loading('a'), 0)).toEqual(empty);
    expect(progress(unschedulable('a'), 0)).toEqual(empty);
  });

  test('but not as long as the slices say that it has started', () => {
    expect(progress(loading('a', 30, { isListed: true })).state).toBe('Listed');
  });
});

describe('the time since when an engine is out of the slices', () => {
  const gone = draining('gone', []);
  const listed = draining('listed', [], { isListed: true });

  test('is that of the first pass that saw it drain and not listed', () => {
    const first = noteListing(new Map(), [gone, listed, ready('serving', {}, { isListed: false })], NOW);
    expect(first).toEqual(new Map([['uid-gone', { unlistedSinceMs: NOW }]]));
    const later = noteListing(first, [gone, { ...listed, isListed: false }], inSeconds(5));
    expect(later).toEqual(
      new Map([
        ['uid-gone', { unlistedSinceMs: NOW }],
        ['uid-listed', { unlistedSinceMs: inSeconds(5) }],
      ]),
    );
  });

  test.each<[what: string, engines: readonly EngineSnapshot[]]>([
    ['it is listed again', [{ ...gone, isListed: true }]],
    ['it serves again', [{ ...gone, serving: 'true' }]],
    ['it is gone', []],
  ])('is forgotten once %s', (_what, engines) => {
    expect(noteListing(new Map([['uid-gone', { unlistedSinceMs: NOW }]]), engines, inSeconds(5)).size).toBe(
      0,
    );
  });
});
