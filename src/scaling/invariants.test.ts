import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  inSeconds,
  loading,
  NOW,
  ready,
  silent,
  unready,
  unschedulable,
} from '../../test/builders/engines.ts';
import { scalingInput, watchedForAnHour } from '../../test/builders/scaling.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import { decideSize, freshMemory, rememberChange } from './decide-size.ts';
import type { ScalingInput, ScalingMemory } from './types.ts';

const RUNS = { numRuns: 100 };

const share = fc.double({ min: 0, max: 1, noNaN: true });
const load = fc.record(
  { running: fc.nat(64), waiting: fc.nat(30), kvCacheUsage: share },
  { requiredKeys: [] },
);
const engine: fc.Arbitrary<EngineSnapshot> = fc.oneof(
  { weight: 6, arbitrary: load.map((told) => ready('ready', told)) },
  { weight: 1, arbitrary: fc.option(load, { nil: undefined }).map((last) => silent('silent', last)) },
  { weight: 1, arbitrary: fc.nat(4000).map((age) => loading('loading', age)) },
  { weight: 1, arbitrary: fc.constant(unready('unready')) },
  { weight: 1, arbitrary: fc.constant(unschedulable('homeless')) },
);
const engines = fc.array(engine, { minLength: 1, maxLength: 12 });

/** A fleet within its bounds, with or without a floor. */
const input: fc.Arbitrary<ScalingInput> = fc
  .record({
    engines,
    below: fc.nat(5),
    above: fc.nat(20),
    mode: fc.constantFrom('Auto', 'Advisory', 'Paused'),
  })
  .map(({ engines: all, below, above, mode }) =>
    scalingInput(all, {
      minReplicas: Math.max(1, all.length - below),
      maxReplicas: all.length + above,
      mode,
    }),
  );

const memory: fc.Arbitrary<ScalingMemory> = fc
  .array(fc.record({ ageSeconds: fc.nat(200), by: fc.integer({ min: -3, max: 3 }) }), { maxLength: 4 })
  .map((changes) =>
    changes.reduce(
      (last, { ageSeconds, by }) =>
        rememberChange(last, { atMs: inSeconds(-ageSeconds), from: 5, to: 5 + by }),
      watchedForAnHour(),
    ),
  );

const desired = (one: ScalingInput, from: ScalingMemory): number =>
  decideSize(one, from, NOW).decision.desired;

test('a fleet within its bounds stays within them', () => {
  fc.assert(
    fc.property(input, memory, (one, from) => {
      const size = desired(one, from);
      expect(size).toBeGreaterThanOrEqual(one.settings.minReplicas);
      expect(size).toBeLessThanOrEqual(one.settings.maxReplicas);
    }),
    RUNS,
  );
});

test('one missing page is enough to shrink nothing', () => {
  fc.assert(
    fc.property(input, memory, load, (one, from, last) => {
      const blind = { ...one, current: one.current + 1, engines: [...one.engines, silent('mute', last)] };
      const settings = { ...one.settings, maxReplicas: one.settings.maxReplicas + 1 };
      expect(desired({ ...blind, settings }, from)).toBeGreaterThanOrEqual(blind.current);
    }),
    RUNS,
  );
});

test('a leader that has not watched for a window shrinks nothing', () => {
  fc.assert(
    fc.property(input, fc.nat(299), (one, seconds) => {
      expect(desired(one, freshMemory(inSeconds(-seconds)))).toBeGreaterThanOrEqual(one.current);
    }),
    RUNS,
  );
});

test('the same input, memory and time give the same decision, and none of them is changed', () => {
  fc.assert(
    fc.property(input, memory, (one, from) => {
      const before = structuredClone({ one, from });
      const first = decideSize(one, from, NOW);
      expect(decideSize(one, from, NOW)).toEqual(first);
      expect({ one, from }).toEqual(before);
    }),
    RUNS,
  );
});

test('more requests waiting never make a smaller fleet', () => {
  const known = fc.array(fc.record({ running: fc.nat(64), waiting: fc.nat(30), kvCacheUsage: share }), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(known, fc.nat(7), fc.integer({ min: 1, max: 20 }), (loads, which, more) => {
      const heavier = loads.map((told, index) =>
        index === which % loads.length ? { ...told, waiting: told.waiting + more } : told,
      );
      const sizeOf = (all: typeof loads): number =>
        desired(scalingInput(all.map((told, index) => ready(`e-${index}`, told))), watchedForAnHour());
      expect(sizeOf(heavier)).toBeGreaterThanOrEqual(sizeOf(loads));
    }),
    RUNS,
  );
});

test('the order of the engines is of no account', () => {
  fc.assert(
    fc.property(input, memory, (one, from) => {
      const turned = { ...one, engines: one.engines.toReversed() };
      expect(desired(turned, from)).toBe(desired(one, from));
    }),
    RUNS,
  );
});
