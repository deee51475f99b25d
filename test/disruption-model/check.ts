import fc from 'fast-check';
import { History } from './history.ts';
import { histories, settings, type Step } from './steps.ts';
import type { Setting } from './world.ts';

/** Plays a history on a fleet that has settled, until it has settled again. @throws Error naming the broken invariant */
export async function playHistory(setting: Setting, steps: readonly Step[]): Promise<void> {
  const history = new History(setting);
  await history.settle();
  await history.play(steps);
  await history.settle();
}

/** Plays random histories; rejects with the shrunk one, its seed and its path when one breaks an invariant. */
export function checkRandomHistories(runs: number, seed?: number): Promise<void> {
  const keepsPromises = fc.asyncProperty(settings, histories, playHistory);
  return fc.assert(keepsPromises, { numRuns: runs, ...(seed !== undefined && { seed }) });
}
