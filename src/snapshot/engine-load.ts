import { SIGNALS, type SignalId } from '../signals/catalogue.ts';
import type { TimedSample } from '../signals/history.ts';
import type { EngineLoad } from './engine-snapshot.ts';

/** The load that a page tells. */
export function loadOf(page: TimedSample): EngineLoad {
  const figure = (id: SignalId): number | undefined => SIGNALS[id].compute([[page]]);
  const running = figure('running');
  const waiting = figure('queueDepth');
  const deferred = figure('deferred');
  const kvCacheUsage = figure('kvCacheUsage');
  return {
    atMs: page.atMs,
    sample: page.sample,
    ...(running !== undefined && { running }),
    ...(waiting !== undefined && { waiting }),
    ...(deferred !== undefined && { deferred }),
    ...(kvCacheUsage !== undefined && { kvCacheUsage }),
  };
}
