import type { ManualFloor, ScalingSettings } from './types.ts';

export interface Bounds {
  readonly lowest: number;
  readonly highest: number;
  /** What sets the lower bound, for the decision's text. */
  readonly lowestBy: 'minReplicas' | 'manual floor';
}

/** The sizes that the user allows now: `minReplicas`, raised by a manual floor while it holds, to `maxReplicas`. */
export function boundsAt(settings: ScalingSettings, floor: ManualFloor | undefined, nowMs: number): Bounds {
  const highest = settings.maxReplicas;
  if (floor === undefined || nowMs >= floor.untilMs || floor.replicas <= settings.minReplicas) {
    return { lowest: Math.min(settings.minReplicas, highest), highest, lowestBy: 'minReplicas' };
  }
  return { lowest: Math.min(floor.replicas, highest), highest, lowestBy: 'manual floor' };
}
