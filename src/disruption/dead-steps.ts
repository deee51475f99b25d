import type { Disruption } from '../api/v1alpha1/status.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import { giveBack, wholeAgainByMs } from './draining.ts';
import { requests } from './empty.ts';
import { otherServing } from './members.ts';
import { inFlight } from './pick-victim.ts';
import { isJudged } from './sick.ts';
import { act, end, update, wait, type ClaimStep, type DisruptionView } from './steps.ts';

/** Its clients hang: they get a reset now instead of at the end of the usual grace. */
const GRACE_SECONDS = 5;
/** For how long a new leader that cannot read the engine goes by what the one before has claimed. */
const PROVED_FOR_MS = 10 * 60_000;

/**
 * The next step of a Replace of an engine that serves nothing any more: it is deleted at once, without a surge and
 * without a drain, while the proof holds; its ReplicaSet makes another one. The claim stands until the fleet is whole
 * again, so that no second one goes before.
 */
export function nextDeadStep(
  claim: Disruption,
  engine: EngineSnapshot | undefined,
  view: DisruptionView,
): ClaimStep {
  const { sick, desired, nowMs } = view;
  if (engine !== undefined && engine.lifecycle !== 'Terminating') {
    if (sick.get(engine.uid)?.cause !== 'Dead') {
      const isOld = nowMs - Date.parse(claim.claimedAt) >= PROVED_FOR_MS;
      if (!isOld && !isJudged(engine, nowMs))
        return wait('this leader has yet to see for itself that it is dead');
      return giveBack(claim, engine, 'Cleared', 'it is proved dead no longer');
    }
    if (claim.step !== 'Removing') {
      return update(claim, 'Removing', wholeAgainByMs(view), { cut: inFlight(engine) ?? 0 });
    }
    const deletion = { kind: 'DeleteEngine', engine, graceSeconds: GRACE_SECONDS } as const;
    return act(deletion, 'it is deleted at once');
  }
  if (claim.step !== 'Removing') return end('Gone', 'somebody else removed it');
  const serving = otherServing(view, claim.victimUID);
  if (serving + otherDead(claim, view) < desired && nowMs < Date.parse(claim.deadline)) {
    return wait(`it is deleted; ${serving} of ${desired} engines serve until the one in its place is ready`);
  }
  const seconds = Math.round((nowMs - Date.parse(claim.claimedAt)) / 1000);
  const held =
    claim.cut === undefined || claim.cut === 0 ? '' : `; it had not answered ${requests(claim.cut)}`;
  const then =
    serving < desired
      ? `it is deleted; ${serving} of ${desired} engines serve ${seconds} s after`
      : `another engine is in its place after ${seconds} s`;
  return end('Cut', `${then}${held}`);
}

/** Those that are proved dead as well serve no more: each would wait for the other. */
function otherDead({ victimUID }: Disruption, { snapshot, sick }: DisruptionView): number {
  return snapshot.engines.filter(
    ({ uid, lifecycle }) =>
      uid !== victimUID && lifecycle !== 'Terminating' && sick.get(uid)?.cause === 'Dead',
  ).length;
}
