import type { VLLMDeployment } from '../../api/v1alpha1/vllm-deployment.ts';
import type { ReplicaSetProjection } from './projections.ts';

/**
 * When the sizes of ReplicaSets were last written, as far as this process saw it. A write through `/scale` (that of
 * `kubectl scale` and of every autoscaler) leaves its manager in managedFields, but no time: Kubernetes' ScaleHandler
 * (apimachinery, managedfields/scalehandler.go) keeps only the times of managers that were there before.
 */
export class SizeDates {
  readonly #seen = new Map<string, { readonly generation: number; readonly atMs: number }>();

  /**
   * To be called in each pass for each ReplicaSet of a fleet: a new generation is a new size, since nothing else of a
   * ReplicaSet's spec changes. `size` is that of all its sets. A set that is seen for the first time has a size
   * that the leader before has known, if its last status says the same size: then it is as old as what it made of it.
   */
  dateOf(
    { metadata }: ReplicaSetProjection,
    { status }: VLLMDeployment,
    size: number,
    nowMs: number,
  ): number {
    const { uid, generation = 0 } = metadata;
    const seen = this.#seen.get(uid);
    if (seen?.generation === generation) return seen.atMs;
    const isKnown = seen === undefined && status?.replicas === size;
    const atMs = isKnown ? Date.parse(status.scaling?.manualFloor?.since ?? LONG_AGO) : nowMs;
    this.#seen.set(uid, { generation, atMs });
    return atMs;
  }

  /** Forgets all ReplicaSets but those with these uids. */
  keep(uids: ReadonlySet<string>): void {
    for (const uid of this.#seen.keys()) if (!uids.has(uid)) this.#seen.delete(uid);
  }
}

const LONG_AGO = new Date(0).toISOString();
