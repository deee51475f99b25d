import type { VLLMDeployment } from '../api/v1alpha1/vllm-deployment.ts';
import type { ReplicaSetSnapshot } from '../snapshot/fleet-snapshot.ts';

type Sets = readonly Pick<ReplicaSetSnapshot, 'revision' | 'replicas' | 'createdAtMs'>[];

/**
 * The revision that is to serve: `rollout.rollbackTo` if there is such a revision, else the spec's. A rollbackTo that
 * names no revision moves nothing: what serves goes on serving. With `autoRollback`, a revision that was stopped is
 * left for the one that had most engines.
 */
export function targetRevision({ spec, status }: VLLMDeployment, revision: string, sets: Sets): string {
  const { rollbackTo, autoRollback } = spec.rollout;
  if (rollbackTo !== undefined) {
    const known = sets.some((set) => set.revision === rollbackTo);
    return known ? rollbackTo : (mostUsed(sets) ?? revision);
  }
  if (autoRollback && status?.rollout?.blockedRevision === revision) {
    return mostUsed(sets.filter((set) => set.revision !== revision)) ?? revision;
  }
  return revision;
}

function mostUsed(sets: Sets): string | undefined {
  return sets.toSorted((a, b) => b.replicas - a.replicas || b.createdAtMs - a.createdAtMs)[0]?.revision;
}
