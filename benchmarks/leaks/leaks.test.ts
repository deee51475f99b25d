import { describe, expect, test } from 'vitest';
import { createDice } from './dice.ts';
import { countInterval, shareInterval } from './intervals.ts';
import { LEAK_CASES } from './leak-cases.ts';
import { healthyEngine, LOOK_ALIKES } from './look-alikes.ts';
import { linearFit, threshold, type Alarm } from './peers.ts';
import { minutesOf } from './engine.ts';
import { OURS, runEngine } from './run-engine.ts';

test('no event in the Poisson interval is up to 3.69, ten are 4.8 to 18.4; no hit of ten is up to 31 %', () => {
  const rounded = (values: readonly number[]): readonly number[] =>
    values.map((value) => Number(value.toFixed(2)));
  expect(rounded(countInterval(0))).toEqual([0, 3.69]);
  expect(rounded(countInterval(10))).toEqual([4.8, 18.39]);
  expect(rounded(countInterval(1678))).toEqual([1598.66, 1760.25]);
  expect(rounded(shareInterval(0, 10))).toEqual([0, 0.31]);
  expect(rounded(shareInterval(5, 10))).toEqual([0.19, 0.81]);
  expect(rounded(shareInterval(60, 60))).toEqual([0.94, 1]);
});

test('the published leaks take the time that their numbers say', () => {
  const hours = LEAK_CASES.slice(1, 5).map(({ engine, minutes }, index) => {
    const dice = createDice(900_000 + index);
    return [...minutesOf(engine(dice), minutes, dice)].length / 60;
  });
  // 44 GiB at 400 MB a minute, 48 GiB at 30 MB and 0.1/s, 34 GiB at 1.94 GiB/h, 44 GiB at 0.72 MB/s, less what else is held.
  const expected = [2.0, 4.8, 17.5, 18.2];
  for (const [index, hour] of hours.entries()) {
    expect(hour).toBeGreaterThan(0.8 * (expected[index] ?? 0));
    expect(hour).toBeLessThan(1.2 * (expected[index] ?? 0));
  }
});

test('a fast leak is found before half of its time, a healthy engine is left alone, and a seed decides all', () => {
  const [, nixl] = LEAK_CASES;
  const leak = () => {
    const dice = createDice(900_010);
    return nixl && runEngine(nixl.engine(dice), nixl.minutes, dice);
  };
  const run = leak();
  expect(run?.isFull).toBe(true);
  expect((run?.firedAt[OURS] ?? Infinity) / (run?.minutes ?? 0)).toBeLessThan(0.5);
  expect(leak()).toEqual(run);
  const dice = createDice(900_020);
  const healthy = runEngine(healthyEngine(dice), 600, dice);
  expect(healthy).toMatchObject({ isFull: false, minutes: 600 });
  expect(healthy.firedAt[OURS]).toBeUndefined();
});

describe('each look-alike is another engine than the plain one', () => {
  const trace = (name: string): readonly unknown[] => {
    const dice = createDice(900_030);
    const engine = LOOK_ALIKES.find((one) => one.name === name)?.bend(healthyEngine(dice), dice);
    if (engine === undefined) return [];
    return [...minutesOf(engine, 700, dice)].map(({ sample }) => sample);
  };
  const plain = trace('nothing special');
  test.each(LOOK_ALIKES.slice(1).map(({ name }) => name))('%s', (name) => {
    expect(trace(name)).not.toEqual(plain);
  });
});

describe('the peers', () => {
  const firedAt = (alarm: Alarm, value: (minute: number) => number): number =>
    Array.from({ length: 600 }, (_, minute) => alarm.feed(value(minute), 100)).indexOf(true);

  test('the threshold waits until 90 % have been exceeded for ten minutes', () => {
    expect(firedAt(threshold(), (minute) => minute / 2)).toBe(190);
    expect(firedAt(threshold(), (minute) => (minute % 9 === 0 ? 0 : 95))).toBe(-1);
  });

  test('the fit fires half an hour after its line reaches the limit within a day, and not for a flat one', () => {
    expect(firedAt(linearFit(), (minute) => 10 + minute / 10)).toBe(84);
    expect(firedAt(linearFit(), () => 50)).toBe(-1);
  });
});
