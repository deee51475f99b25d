import type { Disruption } from '../api/v1alpha1/status.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';

/** The claims that stand, in the order in which they were made. */
export function claimsOf({ fleet }: Pick<FleetSnapshot, 'fleet'>): readonly Disruption[] {
  return fleet.status?.disruptions ?? [];
}

/** UIDs of the engines that a claim stands on. */
export function claimedUids(snapshot: Pick<FleetSnapshot, 'fleet'>): ReadonlySet<string> {
  return new Set(claimsOf(snapshot).map(({ victimUID }) => victimUID));
}
