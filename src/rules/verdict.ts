import type { Finding } from '../api/v1alpha1/status.ts';
import type { SignatureName } from '../api/v1alpha1/remediation.ts';

/** When something runs into its limit; milliseconds since the epoch, the ends of a 95 % interval beside it. */
export interface ProjectedLimit {
  readonly expectedMs: number;
  readonly earliestMs: number;
  readonly latestMs: number;
}

/** What a signature says of one engine now; one that has nothing to say gives none. */
export interface Verdict {
  readonly signature: SignatureName;
  /** UID of the engine's pod. */
  readonly uid: string;
  readonly engine: string;
  /**
   * `Suspected`: the label `serving` may go, nothing more. `Proved`: a ground for a restart. `Noted`: for people.
   */
  readonly state: Finding['state'];
  readonly confidence: Finding['confidence'];
  /** Since when what it rests on has held; milliseconds since the epoch. */
  readonly sinceMs: number;
  /** CamelCase. */
  readonly reason: string;
  /** A sentence with the numbers. */
  readonly message: string;
  /** Of leaks: when the limit is reached. */
  readonly limit?: ProjectedLimit;
}
