import type { Disruption } from '../api/v1alpha1/status.ts';
import { SERVING } from '../api/v1alpha1/constants.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';

/** The deletion cost of an engine that drains: lower than any that a person would set, above the least that fits. */
export const DRAINING_DELETION_COST = -1_073_741_824;
/** The deletion cost of the engine that is removed now; the least that a ReplicaSet reads (int32). */
export const REMOVING_DELETION_COST = -2_147_483_648;

const RELEASED = 'released ';

/** What the claim annotation of an engine says while this claim marks it. */
export function markOf({ claimedAt }: Pick<Disruption, 'claimedAt'>): string {
  return claimedAt;
}

/**
 * What the annotation says once the claim is given up. Giving up always writes the pod, marked or not: a leader that
 * was paused before its mark then runs into a conflict instead of marking an engine that nobody claims any more.
 */
export function releasedMarkOf({ claimedAt }: Pick<Disruption, 'claimedAt'>): string {
  return `${RELEASED}${claimedAt}`;
}

/**
 * What the claim annotation of a ReplicaSet says once the removal that this claim stood for is taken back. The size is
 * one of two objects then, and a leader that was paused before it wrote the size must not find it as it was. A claim
 * that removes anew has another deadline.
 */
export function revokedMarkOf({ claimedAt, deadline }: Pick<Disruption, 'claimedAt' | 'deadline'>): string {
  return `${RELEASED}${claimedAt} ${deadline}`;
}

/** Whether the engine is out of the Service by this claim. */
export function isMarkedBy(engine: EngineSnapshot, claim: Disruption): boolean {
  return engine.serving === SERVING.draining && engine.claim === markOf(claim) && hasOurCost(engine);
}

/** Whether the engine is out of the Service by this claim, on a suspicion. */
export function isSuspectBy(engine: EngineSnapshot, claim: Disruption): boolean {
  return engine.serving === SERVING.suspect && engine.claim === markOf(claim);
}

/** Whether the engine carries nothing of this claim any more, and a late mark of it would conflict. */
export function isReleasedFrom(engine: EngineSnapshot, claim: Disruption): boolean {
  return engine.serving === SERVING.true && engine.claim === releasedMarkOf(claim) && !hasOurCost(engine);
}

/** Whether the engine carries a mark that only a claim may put on it. */
export function isMarked(engine: EngineSnapshot): boolean {
  return engine.serving !== SERVING.true || hasOurCost(engine);
}

export function hasOurCost({ deletionCost }: EngineSnapshot): boolean {
  return deletionCost === DRAINING_DELETION_COST || deletionCost === REMOVING_DELETION_COST;
}
