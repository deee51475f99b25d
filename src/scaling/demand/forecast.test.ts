import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NOW } from '../../../test/builders/engines.ts';
import { createRandom } from '../../simulator/model/random.ts';
import { forecast, recordRate, type Forecast, type Horizon, type RatePoint } from './forecast.ts';

/** With the default window of the way down: a rise is remembered for 20 minutes, rises that come back for an hour. */
const horizon = (aheadSeconds = 120): Horizon => ({ aheadSeconds, windowSeconds: 300 });

/** The rates at every 15 seconds of the last `minutes`, the latest of them now. */
function history(minutes: number, rateAt: (secondsAgo: number) => number): readonly RatePoint[] {
  return Array.from({ length: 4 * minutes + 1 }, (_, index) => {
    const ago = 60 * minutes - 15 * index;
    return { atMs: NOW - 1000 * ago, rate: rateAt(ago) };
  });
}

function ahead(points: readonly RatePoint[], aheadSeconds = 120): Forecast {
  return forecast(points, points.at(-1)?.rate ?? 0, horizon(aheadSeconds), NOW);
}

describe('the history of rates', () => {
  test('has at most a point in 15 s, and forgets what is older than it shall keep', () => {
    let points: readonly RatePoint[] = [];
    for (let at = 0; at <= 7200; at += 5) points = recordRate(points, at, horizon(), NOW + 1000 * at);
    expect(points).toHaveLength(240);
    expect(points[0]).toEqual({ atMs: NOW + 3_615_000, rate: 3615 });
    expect(points.at(-1)).toEqual({ atMs: NOW + 7_200_000, rate: 7200 });
  });
});

describe('a rate is expected to stay as it is', () => {
  const cases: readonly (readonly [string, readonly RatePoint[]])[] = [
    ['without a history', []],
    ['when it has always been so', history(60, () => 20)],
    ['after a step up: one growth is no trend', history(60, (ago) => (ago < 90 ? 36 : 12))],
    ['after a step up a while ago', history(60, (ago) => (ago < 200 ? 36 : 12))],
    ['when it falls', history(60, (ago) => 20 + ago / 20)],
    ['when it grew before and does no more', history(10, (ago) => 30 - Math.max(0, ago - 120) / 30)],
  ];

  test.each(cases)('%s', (_, points) => {
    const rate = points.at(-1)?.rate ?? 7;
    expect(forecast(points, rate, horizon(), NOW)).toEqual({ rate, because: 'Now' });
  });

  test('when it is steady but for the chance of arrivals (Poisson)', () => {
    for (const [rate, seed] of [
      [1, 1],
      [10, 2],
      [40, 3],
    ] as const) {
      const random = createRandom(seed);
      const arrivals = Array.from({ length: 5400 }, () => 0);
      for (let at = 0; at < arrivals.length; at -= Math.log(1 - random()) / rate)
        arrivals[Math.floor(at)] = (arrivals[Math.floor(at)] ?? 0) + 1;
      let points: readonly RatePoint[] = [];
      let surprises = 0;
      for (let at = 30; at <= arrivals.length; at += 15) {
        const now = arrivals.slice(at - 30, at).reduce((sum, count) => sum + count, 0) / 30;
        points = recordRate(points, now, horizon(), NOW + 1000 * at);
        if (at % 60 === 0 && forecast(points, now, horizon(), NOW + 1000 * at).because !== 'Now')
          surprises += 1;
      }
      expect(surprises, `of 90, ${rate} requests/s`).toBeLessThan(5);
    }
  });
});

describe('a trend', () => {
  /** One more request per second in each ten seconds. */
  const ramp = (minutes: number): readonly RatePoint[] => history(minutes, (ago) => 100 - ago / 10);

  test('goes on for the time that a new engine takes', () => {
    const { rate, because } = ahead(ramp(5), 90);
    expect(because).toBe('Trend');
    expect(rate).toBeGreaterThan(104);
    expect(rate).toBeLessThan(100 + 9 + 1);
    expect(ahead(ramp(8), 180).rate).toBeGreaterThan(rate);
  });

  test('is the smaller of two growths', () => {
    const steep = history(10, (ago) => 200 - ago / 5);
    const steepNow = history(10, (ago) => 200 - ago / 5 + Math.max(0, ago - 120) / 10);
    const expected = ahead(steepNow);
    expect(expected.because).toBe('Trend');
    expect(expected.rate).toBeGreaterThan(200);
    expect(ahead(steep).rate).toBeGreaterThan(expected.rate + 10);
  });

  test('needs a history twice as long as the start of an engine', () => {
    expect(ahead(ramp(3)).because).toBe('Now');
    expect(ahead(ramp(6)).because).not.toBe('Now');
  });
});

describe('bursts', () => {
  const QUIET = 4;
  const BURST = 40;
  /** A minute of many requests in each `minutes`; quiet for the last two. */
  const bursts = (minutes: number): readonly RatePoint[] =>
    history(60, (ago) => (ago >= 120 && (ago - 120) % (60 * minutes) < 60 ? BURST : QUIET));

  test('that came again and again are expected once more', () => {
    expect(ahead(bursts(5))).toEqual({ rate: BURST, because: 'Rises' });
  });

  test('that came in less than a tenth of the moments are not', () => {
    const seldom = history(60, (ago) => (ago % 1500 >= 1440 ? BURST : QUIET));
    expect(ahead(seldom).because).toBe('Now');
  });

  test('that came once are expected for as long as a single rise is remembered', () => {
    const once = (minutesAgo: number): readonly RatePoint[] =>
      history(60, (ago) => (ago >= 60 * minutesAgo && ago < 60 * (minutesAgo + 2) ? BURST : QUIET));
    expect([5, 15, 19, 30, 50].map((minutes) => ahead(once(minutes)).because)).toEqual([
      'Rises',
      'Rises',
      'Now',
      'Now',
      'Now',
    ]);
  });

  test('are forgotten as fast as a fleet may shrink', () => {
    const window = (windowSeconds: number): Forecast =>
      forecast(bursts(5), QUIET, { aheadSeconds: 120, windowSeconds }, NOW);
    expect(window(300).rate).toBe(BURST);
    expect(window(0).rate).toBe(QUIET);
  });

  test('are expected no higher than the highest that was seen', () => {
    const rising = history(60, (ago) => (ago >= 120 && (ago - 120) % 300 < 60 ? BURST : 30));
    expect(forecast(rising, 35, horizon(), NOW)).toEqual({ rate: BURST, because: 'Rises' });
    expect(forecast(rising, BURST, horizon(), NOW)).toEqual({ rate: BURST, because: 'Now' });
  });

  test('are nothing that a few minutes of history tell of', () => {
    expect(ahead(bursts(5).slice(-11)).because).toBe('Now');
  });

  test('count by time, not by points: pages a minute apart reach no farther ahead', () => {
    const seldom = history(60, (ago) => (ago % 1500 >= 1440 ? BURST : QUIET));
    const sparse = seldom.filter((_, index) => index % 4 === 0);
    expect(sparse.some(({ rate }) => rate === BURST)).toBe(true);
    expect(ahead(sparse).because).toBe('Now');
  });
});

test('whatever came, no less than now is expected, and no more than the highest seen or a steep growth', () => {
  const rates = fc.array(fc.double({ min: 0, max: 1000, noNaN: true }), { maxLength: 60 });
  fc.assert(
    fc.property(rates, fc.double({ min: 0, max: 1000, noNaN: true }), fc.nat(600), (seen, rate, seconds) => {
      const points = seen.map((one, index) => ({ atMs: NOW - 15_000 * (seen.length - index), rate: one }));
      const { rate: expected } = forecast(points, rate, horizon(seconds), NOW);
      expect(expected).toBeGreaterThanOrEqual(rate);
      expect(expected).toBeLessThanOrEqual(3 * Math.max(rate, ...seen));
    }),
  );
});
