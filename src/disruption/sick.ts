import type { SignatureName } from '../api/v1alpha1/remediation.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';

/**
 * What is to become of an engine by what was seen of it, most urgent first: `Dead` serves nothing any more and goes at
 * once; `Suspected` may be dead, and gets no requests meanwhile; `Leak` is due to be replaced before its limit; `Sick`
 * serves badly, or cannot start again in its pod.
 */
export interface SickEngine {
  readonly cause: 'Dead' | 'Suspected' | 'Leak' | 'Sick';
  readonly signature: SignatureName;
  /** A clause with the numbers. */
  readonly message: string;
}

/** By uid of the engine. */
export type SickEngines = ReadonlyMap<string, SickEngine>;

export const NOBODY_SICK: SickEngines = new Map();

/** Whether nobody should count on the engine: it is dead, or may be. */
export function mayBeDead(sick: SickEngines, uid: string): boolean {
  const cause = sick.get(uid)?.cause;
  return cause === 'Dead' || cause === 'Suspected';
}

/** A suspicion takes up to 75 s of pages (docs/signatures.md); a leader that has read fewer knows nothing better. */
const JUDGED_AFTER_MS = 90_000;

/** Whether this leader has watched the engine for long enough to say that it is well. */
export function isJudged({ history }: EngineSnapshot, nowMs: number): boolean {
  const [oldest] = history?.samples ?? [];
  return oldest !== undefined && nowMs - oldest.atMs >= JUDGED_AFTER_MS;
}
