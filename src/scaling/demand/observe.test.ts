import { describe, expect, test } from 'vitest';
import { NOW } from '../../../test/builders/engines.ts';
import { engineAt, NOTHING_SERVED, pageAt, serve, type Work } from '../../../test/builders/pages.ts';
import { scalingInput } from '../../../test/builders/scaling.ts';
import { fleetLoad } from '../fleet-load.ts';
import { FRESH_DEMAND, workOf } from './memory.ts';
import { observeDemand, type DemandView } from './observe.ts';

const WORK: Work = { perSecond: 10, promptTokens: 100, generatedTokens: 20, gapMs: 20 };

type Phase = readonly [seconds: number, work: Partial<Work>];

/** What is seen in the end of two engines that went through the phases, looked at every five seconds. */
function seenAfter(...phases: readonly Phase[]): DemandView {
  let [served, atSeconds] = [NOTHING_SERVED, 0];
  let view: DemandView = { memory: FRESH_DEMAND };
  for (const [seconds, change] of phases) {
    const work = { ...WORK, ...change };
    for (let passed = 0; passed < seconds; passed += 5) {
      atSeconds += 5;
      served = serve(served, work, 5);
      const nowMs = NOW + 1000 * atSeconds;
      const engines = ['a', 'b'].map((name) => engineAt(name, nowMs, pageAt(served, work)));
      view = observeDemand(view.memory, scalingInput(engines), fleetLoad(engines, 1800, nowMs), nowMs);
    }
  }
  return view;
}

describe('arrivals', () => {
  test('of a steady fleet are the same now and lately, and expected to stay', () => {
    const { seen } = seenAfter([600, {}]);
    expect(seen?.arrivals.now).toBeCloseTo(20, 6);
    expect(seen?.arrivals.lately).toBeCloseTo(20, 6);
    expect(seen?.arrivals.expected.because).toBe('Now');
    expect(seen?.request).toEqual({
      promptTokens: expect.closeTo(100, 6),
      generatedTokens: expect.closeTo(20, 6),
    });
  });

  test('that jump are believed after ten seconds, as far as chance does not explain them', () => {
    const { seen } = seenAfter([600, {}], [10, { perSecond: 50 }]);
    // The last half minute has (20 · 20 + 10 · 100) / 30, the requests that came to run besides; ten seconds more than 80.
    expect(seen?.arrivals.now).toBeGreaterThan(65);
    expect(seen?.arrivals.now).toBeLessThan(100);
  });

  test('that fall are held for two minutes against a shrink', () => {
    const { seen } = seenAfter([600, {}], [60, { perSecond: 2 }]);
    expect(seen?.arrivals.now).toBeCloseTo(4, 0);
    expect(seen?.arrivals.lately).toBeGreaterThan(11);
    expect(seenAfter([600, {}], [150, { perSecond: 2 }]).seen?.arrivals.lately).toBeCloseTo(4, 0);
  });
});

test('what is late is owed to the highest load under which it may have come', () => {
  const { memory } = seenAfter([600, { perSecond: 50 }], [60, { perSecond: 5 }]);
  const [step] = [...memory.record].toSorted(([, a], [, b]) => b.firstTokens - a.firstTokens)[0] ?? [];
  expect(memory.record.size).toBeLessThanOrEqual(2);
  expect(1.25 ** (step ?? 0) / (50 * workOf(WORK))).toBeCloseTo(1, 0);
  expect([...memory.record.keys()].every((one) => 1.25 ** one > 25 * workOf(WORK))).toBe(true);
});
