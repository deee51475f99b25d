import { expect, test } from 'vitest';
import { createDice } from '../leaks/dice.ts';
import { FAULT_SECONDS, FAULTS } from './faults.ts';
import { LOOK_ALIKES } from './look-alikes.ts';
import { watch } from './watch.ts';

test('an engine that stops is proved so after its fault, by that signature alone, and a seed decides all', () => {
  const trial = () => {
    const life = FAULTS[0]?.life(createDice(900_001));
    const proved = life && watch(life, FAULT_SECONDS).proved;
    return { proved, faultAt: life?.faultAt?.() ?? Infinity };
  };
  const { proved = {}, faultAt } = trial();
  expect(Object.keys(proved)).toEqual(['Wedged']);
  expect(proved['Wedged']).toBeGreaterThan(faultAt + 120);
  expect(trial()).toEqual({ proved, faultAt });
});

test('an engine that nobody hears of any more is dead, one that is only unread is not', () => {
  const dead = FAULTS.find(({ signature }) => signature === 'EngineDead')?.life(createDice(900_002));
  expect(Object.keys((dead && watch(dead, FAULT_SECONDS).proved) ?? {})).toEqual(['EngineDead']);
  const unread = LOOK_ALIKES.find(({ name }) => name.includes('missing'))?.life(createDice(900_003));
  expect(unread && watch(unread, FAULT_SECONDS).proved).toEqual({});
});

test('a profile looks sick while it is written, and its engine is not proved so', () => {
  const profiled = LOOK_ALIKES.find(({ name }) => name.includes('profiles'))?.life(createDice(900_004));
  const watched = profiled && watch(profiled, 6 * 3600);
  expect(watched?.suspicions).toBeGreaterThan(0);
  expect(watched?.proved).toEqual({});
});
