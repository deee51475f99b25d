import type { SizeDecision } from '../../src/scaling/types.ts';

/** A decision from one size to another, for tests of what follows from it. */
export function sizeDecision(
  current: number,
  desired: number,
  overrides: Partial<SizeDecision> = {},
): SizeDecision {
  return {
    action: desired === current ? 'Hold' : desired > current ? 'Grow' : 'Shrink',
    current,
    desired,
    carriedOut: true,
    reason: 'Tested',
    message: 'a test says so',
    inputs: { ready: current, starting: 0, missing: 0 },
    proposals: [],
    limits: [],
    wouldChange: 'another test',
    ...overrides,
  };
}
