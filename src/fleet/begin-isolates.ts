import type { Disruption } from '../api/v1alpha1/status.ts';
import { claimedUids, claimsOf } from '../disruption/claims.ts';
import { isolationBudget, isolationFloor } from '../disruption/floor.ts';
import { isServing, type EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import type { ArbitrationInputs } from './arbitrate.ts';
import { newClaim } from './new-claim.ts';
import { readOutcomes } from './outcomes.ts';
import { dependable } from './promised.ts';

/** For how long an engine that serves again stays in the Service on suspicion; the proof still replaces it. */
const TRUSTED_MS = 30 * 60_000;

/**
 * The engine that is taken out of the Service next because it may be dead, while enough others serve; at most one, so
 * that each is judged by what the one before left. In a fleet of one none is.
 */
export function beginIsolates(
  snapshot: FleetSnapshot,
  { desired, sick, nowMs }: ArbitrationInputs,
): readonly Disruption[] {
  const isolated = claimsOf(snapshot).filter(({ command }) => command === 'Isolate');
  if (isolated.length >= isolationBudget(desired)) return [];
  const claimed = claimedUids(snapshot);
  const suspect = snapshot.engines.find(
    (engine) =>
      sick.get(engine.uid)?.cause === 'Suspected' &&
      isServing(engine) &&
      engine.isMember &&
      !claimed.has(engine.uid) &&
      !wasCleared(engine, snapshot, nowMs),
  );
  const signature = suspect === undefined ? undefined : sick.get(suspect.uid)?.signature;
  if (suspect === undefined || signature === undefined) return [];
  const others = dependable(snapshot, sick).filter(({ uid }) => uid !== suspect.uid);
  if (others.length < isolationFloor(desired, snapshot.fleet.spec.rollout)) return [];
  return [newClaim(suspect, { command: 'Isolate', cause: 'Suspected', signature }, nowMs)];
}

/** A suspicion that comes and goes, or that nothing proves, must not cost the engine again at once. */
function wasCleared({ name }: EngineSnapshot, { fleet }: FleetSnapshot, nowMs: number): boolean {
  const last = readOutcomes(fleet.status?.disruptionHistory).findLast(({ engine }) => engine === name);
  return last?.outcome === 'Cleared' && nowMs - last.atMs < TRUSTED_MS;
}
