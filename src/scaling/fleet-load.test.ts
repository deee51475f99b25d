import { describe, expect, test } from 'vitest';
import {
  loading,
  NOW,
  ready,
  readyEngines,
  readyWith,
  secondsAgo,
  silent,
  terminating,
  unready,
  unschedulable,
} from '../../test/builders/engines.ts';
import { fleetLoad, sizeInputs, startingCredit } from './fleet-load.ts';

const names = (engines: readonly { readonly name: string }[]): readonly string[] =>
  engines.map(({ name }) => name);

test('engines are sorted by what they can do for the load', () => {
  const engines = [
    ready('serves', { waiting: 1 }),
    silent('silent', { waiting: 7 }),
    loading('starts'),
    unschedulable('homeless'),
    loading('late', 1801),
    unready('sick'),
    terminating('leaves'),
  ];
  const load = fleetLoad(engines, 1800, NOW);
  expect({
    ready: names(load.ready),
    missing: names(load.missing),
    starting: names(load.starting),
    unschedulable: names(load.unschedulable),
    overdue: names(load.overdue),
    known: load.known.map(({ waiting }) => waiting),
    remembered: load.remembered.map(({ waiting }) => waiting),
  }).toEqual({
    ready: ['serves', 'silent'],
    missing: ['silent'],
    starting: ['starts'],
    unschedulable: ['homeless'],
    overdue: ['late'],
    known: [1],
    remembered: [7],
  });
});

describe('a starting engine has credit', () => {
  const startedIn = (seconds: number, index: number) =>
    ready(`e-${index}`, {}, { createdAtMs: secondsAgo(7200), readyAtMs: secondsAgo(7200 - seconds) });
  const timeout = 'engine.startupTimeoutSeconds';
  const twice = (starts: number): string => `twice the 90th percentile of ${starts} starts`;
  const nine = [60, 60, 60, 60, 60, 60, 60, 60, 60];
  const cases: readonly (readonly [
    what: string,
    starts: readonly number[],
    seconds: number,
    because: string,
  ])[] = [
    ['until the start-up time-out while no start was seen', [], 1800, timeout],
    ['until the start-up time-out while fewer than three were seen', [60, 60], 1800, timeout],
    ['of twice the 90th percentile of the starts seen', [60, 70, 80], 160, twice(3)],
    ['that one slow start of ten does not stretch', [...nine, 900], 120, twice(10)],
    ['never beyond the start-up time-out', [1200, 1200, 1200], 1800, timeout],
    ['that is never shorter than half a minute', [1, 2, 3], 30, `${twice(3)}, at least 30 s`],
  ];
  test.each(cases)('%s', (_what, starts, seconds, because) => {
    expect(startingCredit(starts.map(startedIn), 1800)).toEqual({ ms: seconds * 1000, because });
  });

  test('that a restarted engine does not stretch', () => {
    const restarted = ready(
      'old',
      {},
      { createdAtMs: secondsAgo(90_000), readyAtMs: secondsAgo(10), restarts: 1 },
    );
    expect(startingCredit([...[60, 70, 80].map(startedIn), restarted], 1800).ms).toBe(160_000);
  });

  test('that the wait for a node does not use up', () => {
    const late = loading('a', 3600, { scheduledAtMs: secondsAgo(10) });
    expect(names(fleetLoad([late], 600, NOW).starting)).toEqual(['a']);
  });

  test('up to its last second, and none after it', () => {
    const state = (age: number): string =>
      fleetLoad([loading('a', age)], 600, NOW).starting.length === 1 ? 'starting' : 'overdue';
    expect([600, 601].map(state)).toEqual(['starting', 'overdue']);
  });
});

describe('the inputs of a decision', () => {
  test('are sums and a mean over the engines that tell', () => {
    const engines = [
      ...readyWith(
        { running: 4, waiting: 2, deferred: 3, kvCacheUsage: 0.5 },
        { running: 8, waiting: 0, kvCacheUsage: 0.75 },
      ),
      silent('mute', { running: 99, waiting: 99, kvCacheUsage: 1 }),
      loading('late'),
    ];
    expect(sizeInputs(fleetLoad(engines, 1800, NOW))).toEqual({
      ready: 3,
      starting: 1,
      missing: 1,
      running: 12,
      waiting: 2,
      deferred: 3,
      kvCacheUsage: 0.625,
    });
  });

  test('leave out what no page tells: missing is not zero', () => {
    expect(sizeInputs(fleetLoad(readyEngines(2), 1800, NOW))).toEqual({ ready: 2, starting: 0, missing: 0 });
  });
});
