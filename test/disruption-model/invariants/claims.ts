import { FIELD_MANAGERS } from '../../../src/api/v1alpha1/constants.ts';
import type { Disruption } from '../../../src/api/v1alpha1/status.ts';
import { RESOURCE_TYPES } from '../../../src/controllers/vllm-deployment/resource-types.ts';
import { claimId, isMarked, isSuspect, readFleet, type Invariant, type Judged } from '../judged.ts';

/** The claims before this change, if the operator wrote claims. */
function claimsBefore({ type, change }: Judged): readonly Disruption[] | undefined {
  if (type.plural !== RESOURCE_TYPES.fleet.plural || change.by !== FIELD_MANAGERS.claims) return undefined;
  return change.previous === undefined ? undefined : (readFleet(change.previous).status?.disruptions ?? []);
}

/** A claim is given up only when its engine is on its way out, or carries no mark any more. */
export const releasedClean: Invariant = (judged) => {
  const now = new Set(judged.claims.map(claimId));
  const ended = claimsBefore(judged)?.filter((claim) => !now.has(claimId(claim))) ?? [];
  for (const { victimUID, engine } of ended) {
    const pod = judged.world.activePods.find(({ metadata }) => metadata.uid === victimUID);
    if (pod !== undefined && (isMarked(pod) || isSuspect(pod)) && !judged.ledger.takenAway.has(victimUID)) {
      return `the claim on ${engine} was given up, and ${engine} is still marked`;
    }
  }
  return undefined;
};

/** No engine is claimed twice. */
export const claimedOnce: Invariant = (judged) => {
  const uids = judged.claims.map(({ victimUID }) => victimUID);
  const twice = uids.find((uid, index) => uids.indexOf(uid) !== index);
  return twice === undefined ? undefined : `${twice} is claimed twice`;
};

/** Requests are cut only by a claim that drained until its deadline, or of an engine that would never answer them. */
export const cutOnlyAtDeadline: Invariant = (judged) => {
  const before = new Map(claimsBefore(judged)?.map((claim) => [claimId(claim), claim]));
  const cutting = judged.claims.filter((claim) => claim.cut !== undefined && claim.cause !== 'Dead');
  for (const claim of cutting) {
    const was = before.get(claimId(claim));
    if (was === undefined || was.cut !== undefined) continue;
    if (Date.parse(was.deadline) > judged.world.cluster.nowMs)
      return `${claim.engine} is cut before ${was.deadline}`;
  }
  return undefined;
};
