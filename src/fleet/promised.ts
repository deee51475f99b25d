import type { Disruption } from '../api/v1alpha1/status.ts';
import { claimsOf } from '../disruption/claims.ts';
import { mayBeDead, type SickEngines } from '../disruption/sick.ts';
import { isServing, type EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';

/** Whether the engine of this claim leaves the Service before another one is ready in its place. */
function takesService({ command, strategy, step }: Disruption): boolean {
  return command !== 'Replace' || strategy === 'DrainFirst' || (step !== 'Claimed' && step !== 'Surging');
}

/**
 * Engines that serve, whose pages are read, that nobody suspects and that no claim takes away: what a new claim may count
 * on. Missing pages are not good news.
 */
export function dependable(snapshot: FleetSnapshot, sick: SickEngines): readonly EngineSnapshot[] {
  const leaving = new Set(
    claimsOf(snapshot)
      .filter(takesService)
      .map(({ victimUID }) => victimUID),
  );
  return snapshot.engines.filter(
    (engine) =>
      isServing(engine) &&
      engine.page.state === 'Fresh' &&
      !leaving.has(engine.uid) &&
      !mayBeDead(sick, engine.uid),
  );
}
