/** How long an expectation holds that nothing fulfils (controller_utils.go `ExpectationsTimeout`). */
const TIMEOUT_MS = 5 * 60_000;

interface Expectation {
  creations: number;
  readonly deletions: Set<string>;
  readonly sinceMs: number;
}

/**
 * What a ReplicaSet has done and not yet seen in its cache: until then it neither creates nor deletes again
 * (controller_utils.go `UIDTrackingControllerExpectations`). Pods are known by their names.
 */
export class Expectations {
  readonly #bySet = new Map<string, Expectation>();

  /** Whether the set `uid` may act: all that it did has arrived in its cache, or is long ago. */
  areSatisfied(uid: string, nowMs: number): boolean {
    const open = this.#bySet.get(uid);
    if (open === undefined || nowMs - open.sinceMs > TIMEOUT_MS) return true;
    return open.creations <= 0 && open.deletions.size === 0;
  }

  expectCreations(uid: string, creations: number, nowMs: number): void {
    this.#bySet.set(uid, { creations, deletions: new Set(), sinceMs: nowMs });
  }

  expectDeletions(uid: string, pods: readonly string[], nowMs: number): void {
    this.#bySet.set(uid, { creations: 0, deletions: new Set(pods), sinceMs: nowMs });
  }

  creationObserved(uid: string): void {
    const open = this.#bySet.get(uid);
    if (open !== undefined) open.creations -= 1;
  }

  deletionObserved(uid: string, pod: string): void {
    this.#bySet.get(uid)?.deletions.delete(pod);
  }

  forget(uid: string): void {
    this.#bySet.delete(uid);
  }
}
