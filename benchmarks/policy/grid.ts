import { BASE_CELL, OTHER_CELLS, PREFIX_CACHING_CELL, type Cell } from './cells.ts';
import type { Task } from './run-task.ts';
import { SCENARIOS, scenarioOf } from './scenarios/catalogue.ts';
import type { Scenario } from './scenarios/types.ts';

/** `Quick`: a minute, to see that it works; `All`: every load in all circumstances with all seeds. */
export type Extent = 'Quick' | 'Default' | 'All';

const SEEDS = [1, 2, 3] as const;
const QUICK = ['azure', 'step', 'prefill-on-off'];
/** The loads in all circumstances of the default run: a recording, and a step that every policy can be seen to follow. */
const VARIED = ['azure-x6', 'step'];
const WITH_PREFIXES = /mooncake$/;

/** The runs to make, long ones first, so that no worker is left with one at the end. */
export function tasksOf(extent: Extent, set: Scenario['set']): readonly Task[] {
  const scenarios = SCENARIOS.filter((scenario) => scenario.set === set);
  if (extent === 'Quick')
    return scenarios
      .filter(({ name }) => QUICK.includes(name.replace('tuning-', '')))
      .flatMap(({ name }) => seeded(name, BASE_CELL, 1));
  const seeds = extent === 'All' ? SEEDS.length : 1;
  const varied = scenarios.filter(({ name }) => extent === 'All' || VARIED.includes(name));
  return [
    ...scenarios.flatMap(({ name }) => seeded(name, BASE_CELL, SEEDS.length)),
    ...varied.flatMap(({ name }) => OTHER_CELLS.flatMap((cell) => seeded(name, cell, seeds))),
    ...scenarios
      .filter(({ name }) => WITH_PREFIXES.test(name))
      .flatMap(({ name }) => seeded(name, PREFIX_CACHING_CELL, seeds)),
  ].toSorted((a, b) => scenarioOf(b.scenario).durationMs - scenarioOf(a.scenario).durationMs);
}

function seeded(scenario: string, cell: Cell, count: number): readonly Task[] {
  return SEEDS.slice(0, count).map((seed) => ({
    scenario,
    cell,
    seed,
    withSeries: cell === BASE_CELL && seed === 1,
  }));
}
