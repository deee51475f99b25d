import type { Disruption } from '../api/v1alpha1/status.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';

/** A claim that begins: nothing is touched before it stands in the status. */
export function newClaim(
  { uid, name, revision }: EngineSnapshot,
  how: Pick<Disruption, 'command' | 'cause' | 'strategy' | 'signature'>,
  nowMs: number,
  step: Disruption['step'] = 'Claimed',
): Disruption {
  const at = new Date(nowMs).toISOString();
  return { victimUID: uid, engine: name, revision, ...how, step, claimedAt: at, deadline: at };
}
