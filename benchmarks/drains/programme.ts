import type { NodeOptions } from '../../playground/node/node-object.ts';
import { nodeDrain, replaces, rollOut, scaleDowns, type Act } from './acts.ts';
import { stockRollout } from './stock.ts';
import { NODE_POOL, SIM_FLAGS, type DrainedFleet } from './drained-fleet.ts';

/** What is played: once in a test, at length in the benchmark. */
export interface Programme {
  readonly nodes: readonly NodeOptions[];
  readonly simulator: { readonly flags: readonly string[] };
  readonly acts: readonly Act[];
  /** The same without the operator. */
  readonly baseline: readonly Act[];
}

/** Counts of what takes engines away, besides one `kubectl drain`. */
export interface Extent {
  /** Rounds of five scale-downs each. */
  readonly scaleDownRounds: number;
  /** For each fleet that has engines replaced on request: how many. */
  readonly replaces: readonly number[];
  readonly rollOutEngines: number;
}

const SHRINKING: DrainedFleet = { name: 'shrinking', engines: 7, pool: 'common' };
const SCALE_DOWNS_A_ROUND = 5;
const REPLACED_ENGINES = 3;
const EVICTED: DrainedFleet = { name: 'evicted', engines: 3, pool: 'evicted' };

export function programmeOf({ scaleDownRounds, replaces: counts, rollOutEngines }: Extent): Programme {
  const pool = (name: string): { labels: Record<string, string> } => ({ labels: { [NODE_POOL]: name } });
  return {
    nodes: [
      { name: 'common', gpus: 64, ...pool('common') },
      { name: 'evicted-a', gpus: 4, ...pool('evicted') },
      { name: 'evicted-b', gpus: 4, ...pool('evicted') },
    ],
    simulator: { flags: SIM_FLAGS },
    acts: [
      scaleDowns(SHRINKING, scaleDownRounds, SCALE_DOWNS_A_ROUND),
      ...counts.map((count, index) =>
        replaces({ name: `replaced-${index + 1}`, engines: REPLACED_ENGINES, pool: 'common' }, count),
      ),
      rollOut({ name: 'rolled', engines: rollOutEngines, pool: 'common' }),
      nodeDrain(EVICTED),
    ],
    baseline: [stockRollout({ name: 'stock', engines: rollOutEngines, pool: 'common' })],
  };
}

/** Of each fleet: a few streams in each engine at a time. */
export const TRAFFIC = { requestsPerSecond: 1.5, connections: 2 };
