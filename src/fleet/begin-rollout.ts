import type { Disruption } from '../api/v1alpha1/status.ts';
import { claimedUids, claimsOf } from '../disruption/claims.ts';
import { servingFloor } from '../disruption/floor.ts';
import { membersOf } from '../disruption/members.ts';
import { pickVictim } from '../disruption/pick-victim.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import type { ArbitrationInputs } from './arbitrate.ts';
import type { ReplaceNeed } from './needs.ts';
import { newClaim } from './new-claim.ts';
import { dependable } from './promised.ts';
import { stayingReplicas } from './sizes.ts';

/**
 * The old engines that a roll-out takes next. SurgeFirst takes only what the fleet has too many of; DrainFirst goes
 * up to `maxUnavailable` below its size. An engine that is ready goes only while enough others serve; one that is not
 * goes first and need not wait, so that a roll-out can end a bad revision, and finds room on a full cluster.
 */
export function beginRollout(
  snapshot: FleetSnapshot,
  { desired, rollout, sick, nowMs }: ArbitrationInputs,
  needs: readonly ReplaceNeed[],
): readonly Disruption[] {
  const { spec } = snapshot.fleet;
  const claims = claimsOf(snapshot);
  const claimed = claimedUids(snapshot);
  const unwanted = new Set(needs.map(({ engine }) => engine.uid));
  const { strategy, budget, phase } = rollout;
  // A pause ends the step that is under way: what is surplus goes, nothing more is begun.
  const isWhole = strategy === 'SurgeFirst' || phase === 'Paused';
  const least = isWhole ? desired : Math.max(0, desired - spec.rollout.maxUnavailable);
  const floor = servingFloor(desired, spec.rollout, strategy);
  let candidates = rollout.old
    .flatMap((set) => membersOf(snapshot, set))
    .filter(({ uid }) => !claimed.has(uid));
  let room = budget - claims.filter(({ cause }) => cause === 'RollOut').length;
  let staying = stayingReplicas(snapshot);
  let serving = dependable(snapshot, sick).length;
  const begun: Disruption[] = [];
  while (room > 0 && staying > least) {
    const victim = pickVictim(candidates, ({ uid }) => unwanted.has(uid));
    if (victim === undefined) break;
    const isReady = victim.lifecycle === 'Ready';
    if (isReady && serving - 1 < floor) break;
    begun.push(newClaim(victim, { command: 'Shrink', cause: 'RollOut', strategy }, nowMs));
    candidates = candidates.filter(({ uid }) => uid !== victim.uid);
    room -= 1;
    staying -= 1;
    if (isReady) serving -= 1;
  }
  return begun;
}
