import { abstain } from './abstain.ts';
import { figures, type FleetLoad } from './fleet-load.ts';
import type { Proposal } from './types.ts';

const SIGNAL = 'QueueDepth';
const STEP = 0.25;

/**
 * Grows the fleet by max(1, 25 %) when more than half of the ready engines have more than `target` requests
 * waiting and nothing is starting. The step is never sized by the sum of the backlog: a backlog is not demand
 * (it is what a past lack of capacity left behind). An engine whose page is missing counts as empty, unless it
 * fell silent while loaded.
 */
export function proposeByQueueDepth(current: number, load: FleetLoad, target: number): Proposal {
  const waiting = figures([...load.known, ...load.remembered], 'waiting');
  if (waiting.length === 0) {
    return abstain(SIGNAL, 'NoData', 'no ready engine tells how many requests wait');
  }
  const over = waiting.filter((value) => value > target).length;
  const share = `${over} of ${load.ready.length} ready engines have more than ${target} waiting`;
  if (over * 2 <= load.ready.length) {
    return abstain(SIGNAL, 'WithinTarget', `${share} (more than half must)`);
  }
  if (load.starting.length > 0) {
    return abstain(SIGNAL, 'CapacityStarting', `${share}, but ${load.starting.length} still starting`);
  }
  const size = current + Math.max(1, Math.ceil(current * STEP));
  return {
    signal: SIGNAL,
    kind: 'Size',
    size,
    reason: 'QueueOverTarget',
    message: `${share}: ${current} + max(1, 25 %) = ${size}`,
  };
}
