import { expect, test } from 'vitest';
import { CHAT_SHAPE, poisson, through, type RateAt } from '../../benchmarks/policy/scenarios/synthetic.ts';
import type { FleetArrival, FleetResult } from '../../src/simulator/fleet/types.ts';
import { createRandom } from '../../src/simulator/model/random.ts';
import { fleetOnL40S, playDecider, shippedSettings } from '../builders/simulated-decider.ts';
import { Story } from '../builders/story.ts';

const MINUTE_MS = 60_000;
const MAX_REPLICAS = 12;

function chats(rateAt: RateAt, highest: number, minutes: number): readonly FleetArrival[] {
  return poisson(rateAt, highest, minutes * MINUTE_MS, CHAT_SHAPE, createRandom(1));
}

function tell(initialSize: number, arrivals: readonly FleetArrival[], minutes: number) {
  const cameBy = (nowMs: number): number =>
    arrivals.filter(({ atMs }) => atMs > nowMs - MINUTE_MS && atMs <= nowMs).length;
  const story = new Story((nowMs) => `${cameBy(nowMs)} requests came in the last minute`);
  const fleet = fleetOnL40S(initialSize, minutes * MINUTE_MS);
  const result = playDecider(fleet, arrivals, shippedSettings(MAX_REPLICAS), story.see);
  return { story, result };
}

/** A calm start, a ramp to the plateau of the morning, and the evening after it. */
const base = through([
  [0, 3],
  [7, 3],
  [17, 8],
  [42, 8],
  [46, 4],
  [60, 1.5],
]);
const BURST = 15;
const BURST_MINUTES = [22, 28, 34] as const;
const BURST_LASTS = 1.5;
const FLOOD = 75;
const FLOOD_MINUTE = 40;

/** On the plateau a burst comes three times, then for two minutes more than the largest fleet can carry. */
function dayAt(ms: number): number {
  const minute = ms / MINUTE_MS;
  if (BURST_MINUTES.some((start) => minute >= start && minute < start + BURST_LASTS)) return BURST;
  return minute >= FLOOD_MINUTE && minute < FLOOD_MINUTE + 2 ? FLOOD : base(ms);
}

/** The share of the requests that came between two minutes and got what was promised. */
function keptBetween({ records }: FleetResult, from: number, to: number): number {
  const came = records.filter(({ arrival: { atMs } }) => atMs >= from * MINUTE_MS && atMs < to * MINUTE_MS);
  const kept = came.filter(
    (one) => one.outcome === 'Finished' && one.ttftMs <= 500 && (one.tpotMs ?? 0) <= 50,
  );
  return kept.length / came.length;
}

test('an hour of a fleet: calm, a ramp, a burst that comes back, a flood beyond the largest size, an evening', async () => {
  const { story, result } = tell(1, chats(dayAt, FLOOD, 60), 60);
  const [first, , third] = BURST_MINUTES.map((start) => keptBetween(result, start, start + BURST_LASTS));
  // Nobody could know of the first burst; the third finds its engines ready.
  expect(first).toBeLessThan(0.5);
  expect(third).toBeGreaterThan(0.98);
  expect(keptBetween(result, FLOOD_MINUTE + 5, 60)).toBe(1);
  await expect(story.text).toMatchFileSnapshot('simulated-hour.txt');
});

test('ten minutes of a fleet that starts from nothing under load: nets, then seats, then what was learned', async () => {
  const { story } = tell(0, chats(() => 14, 14, 10), 10);
  await expect(story.text).toMatchFileSnapshot('simulated-start.txt');
});
