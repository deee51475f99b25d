import { compareRevisions } from '../disruption/comparison/compare-revisions.ts';
import type { ComparisonMemory } from '../disruption/comparison/memory.ts';
import type { TimedSample } from '../signals/history.ts';
import { isServing, type EngineLoad } from '../snapshot/engine-snapshot.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { oldRevisions } from './sizes.ts';

/** How the new revision does beside the old ones. */
export interface SideBySide {
  /** For people: both sides' figures. */
  readonly evidence: readonly string[];
  /** Why the new revision is worse, if it is. */
  readonly regression?: string;
}

/**
 * Compares the engines of the target with the others while both serve. What an earlier leader found stays found until
 * another revision is to serve: its evidence stands in the status.
 */
export function compareSides(
  snapshot: FleetSnapshot,
  memory: ComparisonMemory | undefined,
  nowMs: number,
): { readonly sides?: SideBySide; readonly memory: ComparisonMemory | undefined } {
  const { revision, fleet, engines } = snapshot;
  if (oldRevisions(snapshot).length === 0) return { memory: undefined };
  const before = fleet.status?.rollout;
  if (before?.reason === 'RolloutRegression' && before.blockedRevision === revision) {
    const { message, comparison: evidence = [] } = before;
    return { sides: { evidence, regression: message }, memory };
  }
  const compared = engines.filter(isServing).map(({ uid, revision: own, readyAtMs = nowMs, page }) => ({
    uid,
    side: own === revision ? ('New' as const) : ('Old' as const),
    readyAtMs,
    page: page.state === 'Fresh' ? pageOf(page.load) : undefined,
  }));
  const { verdict, memory: next } = compareRevisions({ revision, engines: compared }, memory, nowMs);
  const { evidence, kind, message } = verdict;
  return { sides: { evidence, ...(kind === 'Regression' && { regression: message }) }, memory: next };
}

function pageOf({ atMs, sample }: EngineLoad): TimedSample | undefined {
  return sample === undefined ? undefined : { atMs, sample };
}
