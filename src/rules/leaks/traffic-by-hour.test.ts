import { expect, test } from 'vitest';
import { ready } from '../../../test/builders/engines.ts';
import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';
import { NO_TRAFFIC, rememberTraffic, trafficByHour, type Traffic } from './traffic-by-hour.ts';

const MINUTE = 60_000;
const MIDNIGHT = Date.parse('2026-03-02T00:00:00.000Z');

function engineWith(finished: number): EngineSnapshot {
  const sample = {
    requests: { stop: finished },
    histograms: {},
    ranks: [],
    dialect: 'v1-0.32',
    models: [],
    notObservable: {},
  };
  return ready('a', { sample });
}

/** The traffic after passes from one minute to another, of an engine whose counter is as given. */
function after(
  fromMinute: number,
  toMinute: number,
  finished: (minute: number) => number,
  before: Traffic = NO_TRAFFIC,
): Traffic {
  let traffic = before;
  for (let minute = fromMinute; minute <= toMinute; minute++)
    traffic = rememberTraffic(traffic, [engineWith(finished(minute))], MIDNIGHT + minute * MINUTE);
  return traffic;
}

test('a day’s traffic is known by hour, the last day’s only', () => {
  // Ten requests a minute, and a hundred from the sixth hour to the seventh.
  const daily = (minute: number) => 10 * minute + 90 * Math.min(60, Math.max(0, minute - 360));
  const traffic = after(0, 24 * 60, daily);
  const hours = trafficByHour(traffic);
  expect(hours).toHaveLength(24);
  expect(hours[5]).toBe(600);
  expect(hours[6]).toBeCloseTo(6000, -3);
  const nextDay = after(24 * 60 + 1, 48 * 60, daily, traffic);
  expect(nextDay.hours.length).toBeLessThanOrEqual(25);
  expect(trafficByHour(nextDay)[6]).toBeCloseTo(600, -1);
});

test('hours that nobody watched are not known, and what finished meanwhile is in none', () => {
  const traffic = after(
    120,
    180,
    (minute) => 10 * minute,
    after(0, 40, (minute) => 10 * minute),
  );
  const hours = trafficByHour(traffic);
  expect(hours.slice(0, 4)).toEqual([600, undefined, 600, undefined]);
});

test('a counter that was reset counts from nothing', () => {
  const reset = (minute: number) => (minute < 30 ? 1000 + 10 * minute : 10 * (minute - 30));
  expect(trafficByHour(after(0, 59, reset))[0]).toBeCloseTo(600, -2);
});

test('passes within a minute cost nothing', () => {
  const traffic = after(0, 1, (minute) => minute);
  expect(rememberTraffic(traffic, [engineWith(9)], MIDNIGHT + 1.5 * MINUTE)).toBe(traffic);
});
