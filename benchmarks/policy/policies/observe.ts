import type { EngineSample } from '../../../src/engine/sample.ts';
import type { FleetView } from '../../../src/simulator/fleet/types.ts';

/** What an autoscaler that is not ours reads: pods that are being deleted are not in its list. */
export interface Observation {
  /** Pages of the ready engines. */
  readonly pages: readonly EngineSample[];
  /** Engines that exist and have no page yet. */
  readonly starting: number;
}

export function observe(view: FleetView): Observation {
  const members = view.engines.filter(({ draining }) => !draining);
  const pages = members.flatMap(({ sample }) => sample ?? []);
  return { pages, starting: members.length - pages.length };
}

export function sumOf(pages: readonly EngineSample[], read: (page: EngineSample) => number): number {
  return pages.reduce((sum, page) => sum + read(page), 0);
}

export const running = ({ running: count = 0 }: EngineSample): number => count;
export const waiting = ({ waiting: count = 0 }: EngineSample): number => count;
export const kvCacheUsage = ({ kvCacheUsage: share = 0 }: EngineSample): number => share;
