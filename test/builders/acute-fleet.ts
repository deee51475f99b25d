import type { EngineSample, Histogram } from '../../src/engine/sample.ts';
import { append, EMPTY_HISTORY } from '../../src/signals/history.ts';
import type { EngineSnapshot } from '../../src/snapshot/engine-snapshot.ts';
import { INTERVAL_SECONDS, worked } from './acute.ts';
import { NOW, ready } from './engines.ts';

/** How an engine fares that has worked for a quarter of an hour. */
export interface Fare {
  readonly msBetweenTokens: number;
  readonly tokensPerSecond?: number;
  readonly running?: number;
  readonly kvCacheUsage?: number;
  readonly promptTokensPerSecond?: number;
  /** Milliseconds between tokens in the first five of the last ten minutes, where it was other then. */
  readonly earlierMs?: number;
  readonly told?: Partial<EngineSnapshot>;
}

/** The engine at NOW, with all its pages. */
export function engineThatFares(name: string, fare: Fare): EngineSnapshot {
  let history = EMPTY_HISTORY;
  let gaps = { count: 0, sum: 0 };
  for (let second = -900; second <= 0; second += INTERVAL_SECONDS) {
    const isEarlier = second <= -300;
    const ms = isEarlier ? (fare.earlierMs ?? fare.msBetweenTokens) : fare.msBetweenTokens;
    const count = (fare.tokensPerSecond ?? 300) * INTERVAL_SECONDS;
    gaps = { count: gaps.count + count, sum: gaps.sum + (count * ms) / 1000 };
    history = append(history, { atMs: NOW + second * 1000, sample: pageWith(second, gaps, fare) });
  }
  return ready(name, {}, { history, nodeName: `node-of-${name}`, ...fare.told });
}

function pageWith(second: number, gaps: Pick<Histogram, 'count' | 'sum'>, fare: Fare): EngineSample {
  return worked(second, {
    running: fare.running ?? 20,
    kvCacheUsage: fare.kvCacheUsage ?? 0.5,
    promptTokens: 10_000_000 + (fare.promptTokensPerSecond ?? 500) * second,
    histograms: { interTokenLatency: { ...gaps, bounds: [Infinity], cumulative: [gaps.count] } },
  });
}
