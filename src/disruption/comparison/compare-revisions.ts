import { evidenceOf } from './evidence.ts';
import { judge } from './judge.ts';
import { emptyMemory, remember, type ComparisonMemory } from './memory.ts';
import { observe, type ComparedEngine, type Observation } from './observe.ts';
import type { ComparisonVerdict, Judgement } from './verdict.ts';

export interface ComparisonInput {
  /** The revision that is to serve. */
  readonly revision: string;
  /** All engines that are in the Service now, in any order. */
  readonly engines: readonly ComparedEngine[];
}

export interface Comparison {
  readonly verdict: ComparisonVerdict;
  /** For the next pass. */
  readonly memory: ComparisonMemory;
}

/**
 * Compares a new version with the old ones that serve beside it, over what warm engines of both sides did in the same
 * time. To be called in each pass of a roll-out, with the memory of the pass before (`undefined`: begin anew). A
 * regression that was found stays found until another revision is to serve.
 */
export function compareRevisions(
  { revision, engines }: ComparisonInput,
  before: ComparisonMemory | undefined,
  nowMs: number,
): Comparison {
  const memory = before?.revision === revision ? before : emptyMemory(revision);
  if (memory.regression !== undefined) return { verdict: memory.regression, memory };
  const observation = observe(engines, memory.engines);
  const next = remember(memory, observation, nowMs);
  const judgement = next.sinceMs === undefined ? warmingUp(observation) : judge(next.compared);
  const verdict = { ...judgement, evidence: evidenceOf(next, observation) };
  return { verdict, memory: verdict.kind === 'Regression' ? { ...next, regression: verdict } : next };
}

function warmingUp({ counted }: Observation): Judgement {
  const message =
    counted.Old === 0 && counted.New > 0
      ? 'no old engine is warm, so that there is nothing to compare new ones with'
      : 'no new engine has warmed up yet';
  return { kind: 'NotComparable', reason: 'WarmingUp', message };
}
