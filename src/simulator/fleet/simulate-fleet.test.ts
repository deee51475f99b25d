import { describe, expect, test } from 'vitest';
import { engineConfigOf } from '../model/engine-config.ts';
import { ENGINE_PROFILES } from '../model/profiles.ts';
import { createRandom, geometric } from '../model/random.ts';
import { simulateFleet } from './simulate-fleet.ts';
import type { EngineView, FleetArrival, FleetConfig, FleetPolicy, FleetView } from './types.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Ten milliseconds a step, whatever is in it: times can be told by heart. */
const CONFIG: FleetConfig = {
  engine: {
    ...engineConfigOf(ENGINE_PROFILES['llama3.1-8b/L40Sx1']),
    stepCost: { a: 10, b: 0, c: 0, d: 0 },
    requestOverheadMs: 0,
    maxNumSeqs: 4,
  },
  dataParallelSize: 1,
  startupMs: MINUTE,
  initialSize: 1,
  routing: 'LessLoadedOfTwo',
  intervalMs: 5 * SECOND,
  abandonAfterMs: 30 * SECOND,
  durationMs: 10 * MINUTE,
  seed: 1,
};

const hold: FleetPolicy = ({ size }) => size;

/** Asks for each size from its time on. */
function schedule(sizes: readonly (readonly [fromMs: number, size: number])[]): FleetPolicy {
  return ({ nowMs, size }) => sizes.findLast(([fromMs]) => nowMs >= fromMs)?.[1] ?? size;
}

function arrival(atMs: number, outputTokens = 100, promptTokens = 16): FleetArrival {
  return { atMs, promptTokens, outputTokens };
}

function poisson(ratePerSecond: number, durationMs: number, seed: number): readonly FleetArrival[] {
  const random = createRandom(seed);
  const list: FleetArrival[] = [];
  for (let atMs = 0; atMs < durationMs; atMs += (-Math.log(1 - random()) * SECOND) / ratePerSecond)
    list.push(arrival(atMs, geometric(100, random), geometric(200, random)));
  return list;
}

describe('what a client gets', () => {
  test('is told in times from its arrival', () => {
    const { records } = simulateFleet(CONFIG, [arrival(7, 3), arrival(20_000, 1)], hold);
    expect(records).toMatchObject([
      { outcome: 'Finished', ttftMs: 10, tpotMs: 10, e2eMs: 30 },
      { outcome: 'Finished', ttftMs: 10, e2eMs: 10 },
    ]);
    expect(records[1]).not.toHaveProperty('tpotMs');
  });

  test('is nothing once it has waited for the first token for 30 seconds, and its seat goes to another', () => {
    // Four seats of 40 s each; the fifth leaves at 30 s, so that the sixth starts when a seat is free at 40 s.
    const seats = Array.from({ length: 4 }, () => arrival(0, 4000));
    const { records } = simulateFleet(CONFIG, [...seats, arrival(0, 10), arrival(15_000, 10)], hold);
    expect(records[4]?.outcome).toBe('Abandoned');
    expect(records[5]).toMatchObject({ outcome: 'Finished', ttftMs: 25_010 });
  });

  test('is a refusal when the queue of its engine is full', () => {
    const engine = { ...CONFIG.engine, maxNumQueuedReqs: 1 };
    const { records } = simulateFleet(
      { ...CONFIG, engine },
      [0, 0, 0].map((at) => arrival(at)),
      hold,
    );
    expect(records.map(({ outcome }) => outcome)).toEqual(['Finished', 'Refused', 'Refused']);
  });

  test('waits at the door while no engine serves', () => {
    const config = { ...CONFIG, initialSize: 0, startupMs: 20_000 };
    const policy = schedule([[5_000, 1]]);
    const { records } = simulateFleet(config, [arrival(0, 2), arrival(10_000, 2)], policy);
    expect(records).toMatchObject([
      { outcome: 'Finished', ttftMs: 25_010 },
      { outcome: 'Finished', ttftMs: 15_010 },
    ]);
  });
});

describe('the size', () => {
  test('grows by engines that are paid from their order and serve after the start-up delay', () => {
    const views: FleetView[] = [];
    const grow = schedule([[100 * SECOND, 3]]);
    const result = simulateFleet(CONFIG, [], (view) => {
      views.push(view);
      return grow(view);
    });
    const lifecycles = (atSeconds: number): readonly string[] =>
      views
        .filter(({ nowMs }) => nowMs === atSeconds * SECOND)
        .flatMap(({ engines }) => engines.map(({ snapshot }) => snapshot.lifecycle));
    expect(lifecycles(100)).toEqual(['Ready']);
    expect(lifecycles(155)).toEqual(['Ready', 'Loading', 'Loading']);
    expect(lifecycles(160)).toEqual(['Ready', 'Ready', 'Ready']);
    expect(result.replicaHours).toBeCloseTo((600 + 2 * 500) / 3600);
    expect(result).toMatchObject({ peakReplicas: 3, sizeChanges: 1 });
  });

  test('shrinks by the emptiest engine, which finishes what it has', () => {
    const config = { ...CONFIG, initialSize: 2, engine: { ...CONFIG.engine, maxNumSeqs: 1 } };
    // One engine gets 100 s of work, the other 1 s; the shrink takes the latter, and the busy one goes on.
    const list = [arrival(0, 10_000), arrival(1, 100), arrival(20_000, 10)];
    const { records, replicaHours } = simulateFleet(config, list, schedule([[10 * SECOND, 1]]));
    expect(records.map(({ outcome }) => outcome)).toEqual(['Finished', 'Finished', 'Abandoned']);
    expect(replicaHours).toBeCloseTo((600 + 10) / 3600);
  });

  test('drops an engine that is still starting first, and takes a draining one back before it starts another', () => {
    const busy = Array.from({ length: 8 }, (_, index) => arrival(index, 6000));
    const sizes = schedule([
      [5 * SECOND, 3],
      [10 * SECOND, 2],
      [20 * SECOND, 1],
      [30 * SECOND, 2],
    ]);
    const { ticks, replicaHours } = simulateFleet({ ...CONFIG, initialSize: 2 }, busy, sizes);
    const at = (seconds: number) => ticks.find(({ atMs }) => atMs === seconds * SECOND);
    expect(at(5)).toMatchObject({ size: 3, ready: 2 });
    expect(at(10)).toMatchObject({ size: 2, ready: 2 });
    expect(at(20)).toMatchObject({ size: 1, ready: 1, draining: 1, inFlight: 8 });
    expect(at(30)).toMatchObject({ size: 2, ready: 2, draining: 0 });
    expect(replicaHours).toBeCloseTo((2 * 600 + 5) / 3600);
  });

  test.each([-1, 1.5, NaN])('of %s is refused by name', (size) => {
    expect(() => simulateFleet(CONFIG, [], () => size)).toThrow(`a size of ${size}`);
  });
});

describe('a fleet under load', () => {
  const L40S = engineConfigOf(ENGINE_PROFILES['llama3.1-8b/L40Sx1']);
  const config = { ...CONFIG, engine: L40S, initialSize: 3, durationMs: 2 * MINUTE };
  const load = poisson(6, 2 * MINUTE, 5);

  test('tells the same story when told again, and another with another seed', () => {
    const first = simulateFleet(config, load, hold);
    expect(simulateFleet(config, load, hold)).toEqual(first);
    expect(simulateFleet({ ...config, seed: 2 }, load, hold).records).not.toEqual(first.records);
  });

  test('spreads it better by the less loaded of two than at random', () => {
    const crowded = { ...config, engine: { ...L40S, maxNumSeqs: 8 } };
    const meanTtft = (routing: FleetConfig['routing']): number => {
      const { records } = simulateFleet({ ...crowded, routing }, load, hold);
      const times = records.flatMap((record) => (record.outcome === 'Finished' ? [record.ttftMs] : []));
      return times.reduce((sum, ms) => sum + ms, 0) / times.length;
    };
    expect(meanTtft('LessLoadedOfTwo')).toBeLessThan(0.9 * meanTtft('Random'));
  });

  test('is seen on its pages: counters over all engines are those of all requests', () => {
    let last: FleetView | undefined;
    const { records } = simulateFleet({ ...config, durationMs: 10 * MINUTE }, load, (view) => {
      last = view;
      return view.size;
    });
    const pages = last?.engines.flatMap(({ sample }) => (sample === undefined ? [] : [sample])) ?? [];
    const sum = (read: (page: (typeof pages)[number]) => number | undefined): number =>
      pages.reduce((total, page) => total + (read(page) ?? NaN), 0);
    const tokens = load.reduce((total, { outputTokens }) => total + outputTokens, 0);
    expect(records.every(({ outcome }) => outcome === 'Finished')).toBe(true);
    expect(sum((page) => page.requests?.['length'])).toBe(load.length);
    expect(sum((page) => page.generationTokens)).toBe(tokens);
    expect(sum((page) => page.histograms.ttft?.count)).toBe(load.length);
    expect(sum((page) => page.histograms.interTokenLatency?.cumulative.at(-1))).toBe(tokens - load.length);
    expect(sum((page) => page.histograms.requestPromptTokens?.sum)).toBe(
      load.reduce((total, { promptTokens }) => total + promptTokens, 0),
    );
    expect(sum((page) => page.httpFailed)).toBe(0);
    expect(sum((page) => page.running)).toBe(0);
  });

  test('accounts on its pages for every request at any time: answered, abandoned, refused, or in an engine', () => {
    // Four run for 40 s, two wait until they leave at 30 s, the rest is refused; two more come later.
    const list = [
      ...Array.from({ length: 9 }, () => arrival(0, 4000)),
      arrival(42_000, 10),
      arrival(51_000, 10),
    ];
    const engine = { ...CONFIG.engine, maxNumQueuedReqs: 6 };
    const seen: { readonly come: number; readonly told: number; readonly out: number }[] = [];
    simulateFleet({ ...CONFIG, engine, durationMs: MINUTE }, list, ({ nowMs, engines, size }) => {
      for (const { sample } of engines) {
        const { httpAnswered = NaN, httpFailed: refused = NaN, running = NaN, waiting = NaN } = sample ?? {};
        expect(sample?.admissionRejections?.['max_num_queued_reqs']).toBe(refused);
        const come = list.filter(({ atMs }) => atMs <= nowMs).length;
        seen.push({ come, told: httpAnswered + running + waiting + refused, out: httpAnswered });
      }
      return size;
    });
    expect(seen.map(({ told }) => told)).toEqual(seen.map(({ come }) => come));
    expect([...new Set(seen.map(({ out }) => out))]).toEqual([0, 2, 6, 7, 8]);
  });

  test('tells on its pages which requests wait for an adapter only', () => {
    const engine = { ...CONFIG.engine, maxLoras: 1 };
    const list = ['x', 'y', 'y'].map((adapter) => ({ ...arrival(0, 1000), adapter }));
    const pages: EngineView[] = [];
    simulateFleet({ ...CONFIG, engine }, list, ({ engines, size }) => {
      pages.push(...engines);
      return size;
    });
    expect(pages[0]?.sample).toMatchObject({
      running: 1,
      waiting: 2,
      waitingByReason: { capacity: 0, deferred: 2 },
    });
    expect(pages[0]?.snapshot.page).toMatchObject({ load: { waiting: 0, deferred: 2 } });
  });

  test('of data-parallel engines serves with the seats of all ranks', () => {
    const small = { ...config, initialSize: 1, engine: { ...CONFIG.engine, maxNumSeqs: 1 } };
    const two = [arrival(0, 500), arrival(1, 500)];
    const ends = (dataParallelSize: number): readonly number[] =>
      simulateFleet({ ...small, dataParallelSize }, two, hold).records.flatMap((record) =>
        record.outcome === 'Finished' ? [Math.round(record.ttftMs / 1000)] : [],
      );
    expect(ends(1)).toEqual([0, 5]);
    expect(ends(2)).toEqual([0, 0]);
  });
});

test('arrivals out of order are refused by name', () => {
  expect(() => simulateFleet(CONFIG, [arrival(5), arrival(4)], hold)).toThrow('arrival 1 is at 4 ms');
});
