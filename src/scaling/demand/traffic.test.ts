import { describe, expect, test } from 'vitest';
import { NOW, silent } from '../../../test/builders/engines.ts';
import {
  engineAt,
  NOTHING_SERVED,
  pageAt,
  serve,
  type Served,
  type Work,
} from '../../../test/builders/pages.ts';
import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';
import { NO_FLOW } from './flow.ts';
import { during, NO_TRAFFIC, observeTraffic, type Traffic } from './traffic.ts';

const PROMISE = { ttftMs: 500, interTokenMs: 50 };
const WORK: Work = { perSecond: 4, promptTokens: 100, generatedTokens: 50, gapMs: 20 };

const IDLE: Work = { ...WORK, perSecond: 0 };
const served = (seconds: number): Served => serve(NOTHING_SERVED, WORK, seconds);

/** An engine that has had the same work for `served` seconds by its page of `atSeconds` after the start. */
function engine(name: string, atSeconds: number, seconds = atSeconds): EngineSnapshot {
  return engineAt(name, NOW + 1000 * atSeconds, pageAt(served(seconds), WORK));
}

const seen = (before: Traffic, atSeconds: number, ...engines: readonly EngineSnapshot[]): Traffic =>
  observeTraffic(before, engines, PROMISE, NOW + 1000 * atSeconds).traffic;
const rate = (traffic: Traffic, seconds: number): number | undefined => {
  const span = during(traffic, seconds);
  return span === undefined ? undefined : span.flow.arrivals / span.seconds;
};

/** Passes and pages at one interval. */
function watch(
  from: Traffic,
  start: number,
  end: number,
  interval: number,
  names: readonly string[],
): Traffic {
  let traffic = from;
  for (let at = start; at <= end; at += interval)
    traffic = seen(traffic, at, ...names.map((name) => engine(name, at)));
  return traffic;
}

describe('what a fleet does is the sum over its engines', () => {
  test('there is nothing to tell before the second pass', () => {
    expect(rate(NO_TRAFFIC, 30)).toBeUndefined();
    expect(rate(seen(NO_TRAFFIC, 0, engine('a', 0)), 30)).toBeUndefined();
    expect(rate(watch(NO_TRAFFIC, 0, 5, 5, ['a']), 30)).toBe(4);
  });

  test('the first page of an engine only says where it starts from', () => {
    const before = watch(NO_TRAFFIC, 0, 60, 5, ['a']);
    const after = seen(before, 65, engine('a', 65), engine('new', 65, 86_400));
    expect(rate(after, 30)).toBe(4);
    expect(rate(seen(after, 70, engine('a', 70), engine('new', 70, 86_405)), 5)).toBe(8);
  });

  test('an engine that leaves takes nothing with it', () => {
    const before = watch(NO_TRAFFIC, 0, 60, 5, ['a', 'b']);
    const after = seen(before, 65, engine('a', 65));
    expect(during(after, 30)?.flow.arrivals).toBe(4 * 30 + 4 * 25);
    expect([...after.pages.keys()]).toEqual(['uid-a']);
  });

  test('a page that was seen already adds nothing', () => {
    const before = watch(NO_TRAFFIC, 0, 60, 5, ['a']);
    const { gained } = observeTraffic(before, [engine('a', 60)], PROMISE, NOW + 62_000);
    expect(gained.arrivals).toBe(0);
  });

  test('a silent engine adds nothing, and goes on from where it was', () => {
    const before = watch(NO_TRAFFIC, 0, 60, 5, ['a']);
    const during20s = seen(seen(before, 65, silent('a')), 70, silent('a'));
    const { gained } = observeTraffic(during20s, [engine('a', 75)], PROMISE, NOW + 75_000);
    expect(gained.arrivals).toBeCloseTo(4 * 15, 9);
  });

  test.each([
    ['counts near the largest number', { generationTokens: 1e308, requests: { stop: 1e308, length: 1e308 } }],
    ['more tokens than any engine makes', { generationTokens: 1e12 }],
    ['no end of waiting requests', { running: 1e308, waiting: 1e308 }],
  ])('a broken page with %s adds nothing, and nothing that came is lost', (_, broken) => {
    const before = watch(NO_TRAFFIC, 0, 60, 5, ['a']);
    const page = engineAt('a', NOW + 65_000, { ...pageAt(served(65), WORK), ...broken });
    const { traffic, gained } = observeTraffic(before, [page], PROMISE, NOW + 65_000);
    expect(gained).toEqual(NO_FLOW);
    const after = observeTraffic(traffic, [engine('a', 70)], PROMISE, NOW + 70_000);
    expect(after.gained.arrivals).toBeCloseTo(4 * 10, 6);
  });

  test('a broken first page is not where an engine starts from', () => {
    const broken = engineAt('a', NOW, { ...pageAt(served(86_400), WORK), generationTokens: 1e308 });
    const after = seen(seen(seen(NO_TRAFFIC, 0, broken), 5, engine('a', 86_405)), 10, engine('a', 86_410));
    expect(after.points.at(-1)?.total.arrivals).toBeCloseTo(4 * 5, 6);
  });

  test('the page after a silence of five minutes counts as much as one after 30 seconds', () => {
    const before = watch(NO_TRAFFIC, 0, 60, 5, ['a']);
    const { gained } = observeTraffic(before, [engine('a', 360)], PROMISE, NOW + 360_000);
    expect(gained.arrivals).toBeCloseTo(4 * 30, 9);
    expect(gained.firstTokens).toBeCloseTo(4 * 30, 9);
  });
});

describe('windows', () => {
  test.each([
    [1, 10],
    [1, 30],
    [5, 10],
    [5, 30],
    [5, 120],
    [5, 900],
    [60, 10],
    [60, 30],
    [60, 120],
    [60, 900],
  ])('with a page in %i s the last %i s tell the rate of arrivals', (interval, seconds) => {
    const end = Math.max(10 * interval, 1.2 * seconds);
    const traffic = watch(NO_TRAFFIC, 0, end, interval, ['a', 'b', 'c']);
    expect(rate(traffic, seconds)).toBeCloseTo(12, 6);
    expect(during(traffic, seconds)?.seconds).toBeLessThanOrEqual(Math.max(interval, seconds));
  });

  test('are as short as they say: what was before is forgotten', () => {
    const busy = watch(NO_TRAFFIC, 0, 300, 5, ['a']);
    const idle = (at: number): EngineSnapshot => engineAt('a', NOW + 1000 * at, pageAt(served(300), IDLE));
    const after = [305, 310, 315].reduce((traffic, at) => seen(traffic, at, idle(at)), busy);
    expect(rate(after, 10)).toBe(0);
    expect(rate(after, 30)).toBeCloseTo((4 * 15) / 30, 6);
  });

  test('begin at a pass that came a moment early, too', () => {
    const passes = [0, 4.8, 10, 15, 20].reduce(
      (traffic, at) => seen(traffic, at, engine('a', at)),
      NO_TRAFFIC,
    );
    expect(during(passes, 15)?.seconds).toBe(15.2);
  });

  test('do not mistake seldom pages for bursts, however close together passes are', () => {
    let traffic = NO_TRAFFIC;
    const rates: number[] = [];
    for (let at = 0; at <= 600; at += 1) {
      const read = (phase: number): number => Math.floor((at - phase) / 60) * 60 + phase;
      traffic = seen(traffic, at, engine('a', 60 + read(-7)), engine('b', 60 + read(-9)));
      if (at > 300) rates.push(rate(traffic, 10) ?? -1);
    }
    expect(Math.min(...rates)).toBeCloseTo(8, 6);
    expect(Math.max(...rates)).toBeCloseTo(8, 6);
  });

  test('end at the last page: an outage of the pages is no lull', () => {
    const before = watch(NO_TRAFFIC, 0, 60, 5, ['a']);
    const after = seen(seen(before, 75, silent('a')), 240, silent('a'));
    expect(rate(after, 30)).toBe(4);
  });
});

test('hours of passes each second are kept in a bounded number of points, for a quarter of an hour', () => {
  const traffic = watch(NO_TRAFFIC, 0, 1500, 1, ['a']);
  expect(traffic.points.length).toBeLessThan(200);
  expect(traffic.points[0]?.atMs).toBeGreaterThanOrEqual(NOW + 600_000);
  expect(during(traffic, 900)?.seconds).toBeGreaterThan(860);
});
