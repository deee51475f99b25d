import { expect, test } from 'vitest';
import { draining, secondsAgo } from '../../test/builders/engines.ts';
import { pageOf } from '../../test/builders/pages.ts';
import type { EngineSample } from '../engine/sample.ts';
import type { TimedSample } from '../signals/history.ts';
import { pinnedArrivals } from './pinned-clients.ts';

const UNLISTED_SINCE = secondsAgo(60);

/** A page so many seconds after the engine left the slices. */
function page(seconds: number, told: Partial<EngineSample>): TimedSample {
  return {
    atMs: UNLISTED_SINCE + seconds * 1000,
    sample: pageOf({ running: 0, waiting: 0, processStartTimeSeconds: 1, ...told }),
  };
}

const ended = (count: number, told: Partial<EngineSample> = {}): Partial<EngineSample> => ({
  requests: { stop: count },
  httpAnswered: count,
  ...told,
});

test.each<[what: string, pages: readonly TimedSample[], arrivals: number | undefined]>([
  ['none where nothing happens', [page(15, ended(5)), page(55, ended(5))], undefined],
  [
    'none where those that were inside end',
    [page(15, ended(5, { running: 2, waiting: 1 })), page(55, ended(8))],
    undefined,
  ],
  ['those that came and ended', [page(15, ended(5)), page(35, ended(6)), page(55, ended(8))], 3],
  [
    'those that came and are still inside',
    [page(15, ended(5, { running: 1 })), page(55, ended(6, { running: 1, waiting: 2 }))],
    3,
  ],
  ['none that came within 15 s', [page(14, ended(5)), page(15, ended(9)), page(55, ended(9))], undefined],
  ['clients that left', [page(15, ended(5)), page(55, ended(5, { httpAnswered: 7 }))], 2],
  ['requests that are refused', [page(15, ended(5)), page(55, ended(5, { httpFailed: 4 }))], 4],
  [
    'each sequence of a request for several',
    [page(15, ended(5)), page(55, ended(5, { requests: { stop: 8 } }))],
    3,
  ],
  [
    'those that the server of now got, after a restart',
    [
      page(15, ended(5, { running: 9 })),
      page(20, ended(0, { processStartTimeSeconds: 9 })),
      page(55, ended(2, { processStartTimeSeconds: 9 })),
    ],
    2,
  ],
  ['unknown on one page', [page(15, ended(5, { running: 3 }))], undefined],
  ['unknown without the gauges', [page(15, ended(5)), page(55, ended(9, { running: undefined }))], undefined],
  ['unknown without counters of ends', [page(15, {}), page(55, { running: 2 })], undefined],
  ['unknown without pages', [], undefined],
])('requests of clients that do not follow the slices: %s', (_what, pages, arrivals) => {
  expect(pinnedArrivals(draining('a', pages), UNLISTED_SINCE)).toBe(arrivals);
});
