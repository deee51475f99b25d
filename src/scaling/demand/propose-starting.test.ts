import { describe, expect, test } from 'vitest';
import { loading, NOW, ready, secondsAgo } from '../../../test/builders/engines.ts';
import { scalingInput } from '../../../test/builders/scaling.ts';
import type { EngineSample, Histogram } from '../../engine/sample.ts';
import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';
import { fleetLoad } from '../fleet-load.ts';
import { FRESH_DEMAND } from './memory.ts';
import { proposeByDemand } from './propose.ts';

const STARTUP_SECONDS = 600;

/** So many requests of 50 prompt and 100 generated tokens, all answered in time, 20 ms a token. */
function pageAfter(requests: number): EngineSample {
  const all = (seconds: number, count: number): Histogram => ({
    count,
    sum: seconds * count,
    bounds: [seconds, Infinity],
    cumulative: [count, count],
  });
  return {
    running: 4,
    waiting: 0,
    requests: { stop: requests },
    promptTokens: 50 * requests,
    generationTokens: 100 * requests,
    histograms: { ttft: all(0.1, requests), interTokenLatency: all(0.02, 99 * requests) },
    ranks: [],
    dialect: 'v1-0.32',
    models: ['m'],
    notObservable: {},
  };
}

const serving = (name: string, atMs: number, requests: number): EngineSnapshot =>
  ready(name, {}, { page: { state: 'Fresh', load: { atMs, running: 4, sample: pageAfter(requests) } } });

/** Two engines that got three requests a second each for half a minute, with others: too few to learn a capacity. */
function propose(others: readonly EngineSnapshot[]): string {
  const look = (atMs: number, requests: number) => {
    const engines = [serving('a', atMs, requests), serving('b', atMs, requests), ...others];
    const settings = { maxNumSeqs: 4, startupTimeoutSeconds: STARTUP_SECONDS };
    return { input: scalingInput(engines, settings), load: fleetLoad(engines, STARTUP_SECONDS, atMs) };
  };
  const before = look(secondsAgo(30), 1000);
  const now = look(NOW, 1090);
  const { memory } = proposeByDemand(FRESH_DEMAND, before.input, before.load, secondsAgo(30));
  const { proposal } = proposeByDemand(memory, now.input, now.load, NOW);
  return `${proposal.reason}: ${proposal.message.split(' make ').at(-1) ?? ''}`;
}

describe('demand for more engines than are ready', () => {
  const needed = Number(/\d+$/.exec(propose([]))?.[0]);
  const starting = (count: number): EngineSnapshot[] =>
    Array.from({ length: count }, (_, index) => loading(`starting-${index}`));
  const lacking = needed - 2;
  const late = loading('late', STARTUP_SECONDS + 1);

  test.each<[what: string, others: readonly EngineSnapshot[], told: string]>([
    ['orders them', [], `DemandOverCapacity: ${needed}`],
    [
      'orders those that are not starting',
      starting(1),
      `DemandOverCapacity: ${needed}, of which 1 is starting`,
    ],
    [
      'waits for them once all are starting',
      starting(lacking),
      `CapacityStarting: ${needed}, of which ${lacking} are starting`,
    ],
    [
      'does not wait for one that is past its credit',
      [...starting(lacking - 1), late],
      `DemandMet: ${needed}, of which ${lacking - 1} are starting`,
    ],
    [
      'is met by those that are ready',
      starting(lacking).map(({ name }) => ready(name)),
      `DemandMet: ${needed}`,
    ],
  ])('%s', (_what, others, told) => {
    expect(propose(others)).toBe(told);
  });
});
