import { describe, expect, test } from 'vitest';
import {
  inSeconds,
  NOW,
  ready,
  readyEngines,
  secondsAgo,
  silent,
  unready,
  unschedulable,
} from '../../test/builders/engines.ts';
import { FAST_UP, scalingInput, SLOW_DOWN, watchedForAnHour } from '../../test/builders/scaling.ts';
import { decideSize, freshMemory, rememberChange } from './decide-size.ts';
import type { ScalingInput, ScalingMemory, SizeDecision } from './types.ts';

const quiet = { kvCacheUsage: 0.1, waiting: 0 };
const queued = { kvCacheUsage: 0.5, waiting: 9 };
const decide = (input: ScalingInput, memory = watchedForAnHour()): SizeDecision =>
  decideSize(input, memory, NOW).decision;

/** The memory after passes at the given seconds, each over what the fleet was then. */
function after(
  memory: ScalingMemory,
  ...passes: readonly (readonly [seconds: number, input: ScalingInput])[]
) {
  return passes.reduce(
    (last, [seconds, input]) => decideSize(input, last, inSeconds(seconds)).memory,
    memory,
  );
}

describe('missing pages', () => {
  test('hold a fleet that would shrink, and are named', () => {
    const decision = decide(scalingInput([...readyEngines(3, quiet), silent('mute')]));
    expect(decision).toMatchObject({
      action: 'Hold',
      desired: 4,
      reason: 'MetricsMissing',
      limits: [{ name: 'MissingData', from: 2, to: 4 }],
    });
    expect(decision.message).toContain('the metrics page of mute is missing');
  });

  test('do not hold a fleet that grows', () => {
    const engines = [...readyEngines(3, queued), silent('mute')];
    expect(decide(scalingInput(engines))).toMatchObject({ action: 'Grow', desired: 5, limits: [] });
  });
});

describe('an engine that finds no node', () => {
  test('stops further orders, in the scheduler’s words', () => {
    const decision = decide(scalingInput([...readyEngines(3, queued), unschedulable('homeless')]));
    expect(decision).toMatchObject({ action: 'Hold', desired: 4, reason: 'Unschedulable' });
    expect(decision.message).toContain('homeless finds no node: 0/3 nodes are available');
  });

  test('does not stop a shrink', () => {
    const engines = [...readyEngines(3, quiet), unschedulable('homeless')];
    expect(decide(scalingInput(engines))).toMatchObject({ action: 'Shrink', desired: 3 });
  });
});

describe('a fresh leader', () => {
  const input = scalingInput(readyEngines(4, quiet));

  test('shrinks nothing until it has watched for a whole window', () => {
    expect(decide(input, freshMemory(secondsAgo(299)))).toMatchObject({
      desired: 4,
      reason: 'FreshLeader',
      limits: [
        { message: 'this operator has watched the fleet for 299 s of the 300 s window that a shrink needs' },
      ],
    });
    expect(decide(input, freshMemory(secondsAgo(300)))).toMatchObject({ desired: 3 });
  });

  test('grows at once', () => {
    expect(decide(scalingInput(readyEngines(4, queued)), freshMemory(NOW))).toMatchObject({ desired: 5 });
  });
});

describe('the down window', () => {
  const calm = scalingInput(readyEngines(4, quiet));
  const loaded = scalingInput(readyEngines(4, { kvCacheUsage: 0.79, waiting: 0 }));

  test('one dip does not shrink the fleet: the largest wish of the last 300 s counts', () => {
    const memory = after(watchedForAnHour(), [-299, loaded], [-5, calm]);
    expect(decide(calm, memory)).toMatchObject({
      desired: 4,
      reason: 'ScaleDownStabilized',
      limits: [
        { name: 'StabilizationWindow', from: 1, to: 4, message: '4 were asked for within the last 300 s' },
      ],
    });
  });

  test('a dip that lasts for the window does', () => {
    const memory = after(watchedForAnHour(), [-300, loaded], [-295, calm], [-5, calm]);
    expect(decide(calm, memory)).toMatchObject({ desired: 3, reason: 'ScaleDownLimit' });
  });

  test('leaves as much as the largest wish needs, and no more', () => {
    const half = scalingInput(readyEngines(4, { kvCacheUsage: 0.55, waiting: 0 }));
    const free = {
      behavior: {
        scaleUp: FAST_UP,
        scaleDown: { ...SLOW_DOWN, policies: [{ type: 'Percent', value: 100, periodSeconds: 15 } as const] },
      },
    };
    const memory = after(watchedForAnHour(), [-100, half]);
    expect(decide(scalingInput(readyEngines(4, quiet), free), memory)).toMatchObject({ desired: 3 });
  });

  test('of no length shrinks at once', () => {
    const scaleDown = { ...SLOW_DOWN, stabilizationWindowSeconds: 0 };
    const input = scalingInput(readyEngines(4, quiet), { behavior: { scaleUp: FAST_UP, scaleDown } });
    const memory = after(freshMemory(NOW), [-5, loaded]);
    expect(decide(input, memory)).toMatchObject({ desired: 3 });
  });
});

describe('the up window', () => {
  const scaleUp = { ...FAST_UP, stabilizationWindowSeconds: 60 };
  const behavior = { scaleUp, scaleDown: SLOW_DOWN };
  const peak = scalingInput(readyEngines(4, queued), { behavior });
  const calm = scalingInput(readyEngines(4, { kvCacheUsage: 0.8, waiting: 0 }), { behavior });

  test('one peak does not grow the fleet: the smallest wish of the window counts', () => {
    const memory = after(watchedForAnHour(), [-59, calm], [-5, peak]);
    expect(decide(peak, memory)).toMatchObject({ desired: 4, reason: 'ScaleUpStabilized' });
  });

  test('a peak that lasts does', () => {
    const memory = after(watchedForAnHour(), [-60, calm], [-55, peak]);
    expect(decide(peak, memory)).toMatchObject({ desired: 5 });
  });
});

describe('the policies', () => {
  test('growth beyond them waits for the next period', () => {
    const input = scalingInput([...readyEngines(2, { kvCacheUsage: 1, waiting: 0 })], {
      targets: { queueDepth: 5, kvCacheUsage: 0.1 },
    });
    expect(decide(input)).toMatchObject({
      desired: 6,
      reason: 'ScaleUpLimit',
      limits: [{ name: 'Policies', from: 20, to: 6, message: 'behavior.scaleUp allows 6 now' }],
    });
    const memory = rememberChange(watchedForAnHour(), { atMs: secondsAgo(5), from: 0, to: 2 });
    expect(decide(input, memory)).toMatchObject({ desired: 4 });
  });

  test('a second shrink waits for the next period', () => {
    const memory = rememberChange(watchedForAnHour(), { atMs: secondsAgo(59), from: 5, to: 4 });
    expect(decide(scalingInput(readyEngines(4, quiet)), memory)).toMatchObject({
      action: 'Hold',
      reason: 'ScaleDownLimit',
    });
  });
});

test('limits apply one after the other, and each says from what to what it moved the size', () => {
  const input = scalingInput(
    [...readyEngines(4, { kvCacheUsage: 1, waiting: 0 }), ready('e', { kvCacheUsage: 1 })],
    {
      maxReplicas: 20,
      targets: { queueDepth: 5, kvCacheUsage: 0.1 },
    },
  );
  expect(decide(input).limits.map(({ name, from, to }) => [name, from, to])).toEqual([
    ['Bounds', 50, 20],
    ['Policies', 20, 10],
  ]);
});

test('an unready engine alone never keeps a quiet fleet large', () => {
  expect(decide(scalingInput([...readyEngines(3, quiet), unready('sick')]))).toMatchObject({ desired: 3 });
});
