import type { Dice } from './dice.ts';

/** Requests a second at a minute since the engine began to serve. */
export type Traffic = (minute: number) => number;

const DAY = 1440;

/** The same all the time, after a first quiet while. */
export function steady(rate: number, firstMinute: number): Traffic {
  return (minute) => (minute < firstMinute ? 0 : rate);
}

/** A day's wave of the given mean: the peak is three times the trough, at any hour. */
export function dailyWave(mean: number, dice: Dice): Traffic {
  const phase = dice.between(0, 2 * Math.PI);
  return (minute) => mean * (1 + 0.5 * Math.sin((2 * Math.PI * minute) / DAY + phase));
}

/** A wave whose days grow: from 0.3 to 1.7 of the mean in two days. */
export function growing(mean: number, dice: Dice): Traffic {
  const wave = dailyWave(mean, dice);
  return (minute) => wave(minute) * (0.3 + (1.4 * Math.min(minute, 2 * DAY)) / (2 * DAY));
}

/** The longest engine life that a schedule is drawn for. */
const MOST_MINUTES = 12_000;

/** Work and idle times in turn, as long as the dice say, in minutes. */
export function bursts(
  rate: number,
  dice: Dice,
  work: readonly [number, number],
  idle: readonly [number, number],
): Traffic {
  const works = new Uint8Array(MOST_MINUTES);
  for (let minute = 0; minute < MOST_MINUTES; minute += dice.between(...idle)) {
    const from = minute;
    minute += dice.between(...work);
    works.fill(1, from, minute);
  }
  return (minute) => rate * (works[minute] ?? 0);
}

/** Mostly a wave or steady, as engines have it. */
export function anyTraffic(dice: Dice): Traffic {
  const mean = dice.scale(0.1, 150);
  if (dice.chance(0.6)) return dailyWave(mean, dice);
  if (dice.chance(0.7)) return steady(mean, Math.floor(dice.between(0, 90)));
  return bursts(mean, dice, [20, 240], [10, 300]);
}
