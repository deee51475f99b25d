import type { FleetDecision } from '../../src/fleet/decide-fleet.ts';
import { planDisruptions } from '../../src/fleet/plan-disruptions.ts';
import { rolloutState } from '../../src/fleet/rollout-state.ts';
import { carriedOutSize } from '../../src/fleet/sizes.ts';
import type { SizeDecision } from '../../src/scaling/types.ts';
import type { FleetSnapshot } from '../../src/snapshot/fleet-snapshot.ts';
import { NOW } from './engines.ts';
import { NOBODY_SICK } from '../../src/disruption/sick.ts';
import type { Health } from '../../src/fleet/health.ts';

/** A decision from one size to another, for tests of what follows from it. */
export function sizeDecision(
  current: number,
  desired: number,
  overrides: Partial<SizeDecision> = {},
): SizeDecision {
  return {
    action: desired === current ? 'Hold' : desired > current ? 'Grow' : 'Shrink',
    current,
    desired,
    carriedOut: true,
    reason: 'Tested',
    message: 'a test says so',
    inputs: { ready: current, starting: 0, missing: 0 },
    proposals: [],
    limits: [],
    wouldChange: 'another test',
    ...overrides,
  };
}

/** No engine shows a signature. */
export const WELL: Health = {
  verdicts: [],
  ofImage: [],
  unseen: [],
  sick: NOBODY_SICK,
  probes: [],
  bookings: [],
  restarts: [],
};

/** The whole decision that follows from this size. */
export function fleetDecision(
  snapshot: FleetSnapshot,
  size: SizeDecision,
  more: Partial<FleetDecision> = {},
  nowMs = NOW,
): FleetDecision {
  const desired = carriedOutSize(size);
  const rollout = rolloutState(snapshot, { desired, nowMs });
  const disruption = planDisruptions(snapshot, {
    desired,
    rollout,
    watches: new Map(),
    sick: NOBODY_SICK,
    nowMs,
  });
  return { size, rollout, health: WELL, disruption, ...more };
}
