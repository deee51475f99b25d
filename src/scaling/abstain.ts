import type { Proposal } from './types.ts';

/** The proposal of a signal that has nothing to say. */
export function abstain(signal: string, reason: string, message: string): Proposal {
  return { signal, kind: 'Abstain', reason, message };
}
