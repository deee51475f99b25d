import type { Verdict } from '../verdict.ts';
import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';

/** An engine that a token should be asked of now. */
export interface ProbeWish {
  readonly uid: string;
  readonly why: string;
  /** The data-parallel rank that is to answer, by its `engine` label; any where absent. */
  readonly rank?: string;
}

/** What is said of one engine by one signature. */
export interface Judged {
  readonly verdict?: Verdict;
  readonly probe?: ProbeWish;
}

export const NOTHING: Judged = {};

/** A verdict on this engine. */
export function verdictOn({ uid, name }: EngineSnapshot, verdict: Omit<Verdict, 'uid' | 'engine'>): Verdict {
  return { uid, engine: name, ...verdict };
}
