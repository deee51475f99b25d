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

/** Of several ranks of an engine the worst speaks for it; before a verdict, one of which a token should be asked. */
export function worstOf(judged: readonly Judged[]): Judged {
  return judged.reduce((worst, one) => (weight(one) > weight(worst) ? one : worst), NOTHING);
}

const STATES: readonly Verdict['state'][] = ['Noted', 'Suspected', 'Proved'];

function weight({ verdict, probe }: Judged): number {
  const state = verdict === undefined ? 0 : 1 + STATES.indexOf(verdict.state);
  return 2 * state + (probe === undefined ? 0 : 1);
}
