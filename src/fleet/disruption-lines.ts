import type { Disruption } from '../api/v1alpha1/status.ts';
import { claimsOf } from '../disruption/claims.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import type { FleetDecision } from './decide-fleet.ts';
import { duration } from './text.ts';
import { whyClaimed } from './why-claimed.ts';

const CLAIMS_TOLD = 3;

const DOING: Readonly<Record<Disruption['step'], string>> = {
  Claimed: 'Taking away',
  Surging: 'Replacing',
  Draining: 'Draining',
  Removing: 'Removing',
  Returning: 'Putting back',
  Isolated: 'Isolating',
};

/** What becomes of the engines that leave, a sentence each; `nowMs` is milliseconds since the epoch. */
export function disruptionSentences(
  { fleet }: FleetSnapshot,
  decision: FleetDecision,
  nowMs: number,
): string[] {
  const claims = claimsOf({ fleet });
  const told = claims.slice(0, CLAIMS_TOLD).map((claim) => {
    const { engine, step, claimedAt, deadline, message } = claim;
    const progress = decision.disruption.progress.get(claim.victimUID);
    const parts = [
      ...(message === undefined ? [] : [message]),
      ...(progress === undefined ? [] : [progress]),
      ...(step === 'Draining' ? [`at most ${duration(Math.max(0, Date.parse(deadline) - nowMs))} more`] : []),
    ];
    const now = parts.length === 0 ? '' : `; ${parts.join(', ')}`;
    const since = duration(Math.max(0, nowMs - Date.parse(claimedAt)));
    return `${DOING[step]} ${engine} (${since}): ${whyClaimed(claim, fleet, decision)}${now}.`;
  });
  const rest = claims.length - told.length;
  const others = rest === 1 ? '1 more engine is' : `${rest} more engines are`;
  return rest > 0 ? [...told, `${others} leaving, see status.disruptions.`] : told;
}

/** Why an engine that should be replaced is not. */
export function blockedSentence({ disruption: { blocked } }: FleetDecision): string[] {
  return blocked === undefined ? [] : [`Restart blocked (${blocked.reason}): ${blocked.message}.`];
}

/** How far the roll-out is, or why it stopped. */
export function rolloutSentence({ rollout }: FleetDecision): string[] {
  const { phase, message, target, old } = rollout;
  if (phase === 'Complete') return [];
  const names = old.map(({ revision }) => revision).join(', ');
  const what = old.length === 0 ? `revision ${target}` : `revision ${target} in place of ${names}`;
  return [`Roll-out of ${what}: ${phase}; ${message}.`];
}
