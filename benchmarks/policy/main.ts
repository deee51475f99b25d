import { parseArgs } from 'node:util';
import { BASE_CELL } from './cells.ts';
import { tasksOf, type Extent } from './grid.ts';
import { writeDocument } from './report/document.ts';
import { keyOf, summarise, type Outcome } from './report/summary.ts';
import {
  blameText,
  findingLines,
  otherCells,
  outcomeCells,
  outcomeFacts,
  overallCells,
  terminal,
} from './report/tables.ts';
import { judge, overall, type Finding } from './report/verdict.ts';
import type { TaskResult } from './run-task.ts';
import { runTasks } from './run-tasks.ts';
import { SCENARIOS, scenarioOf } from './scenarios/catalogue.ts';

/**
 * The shipped decider beside those that a cluster would use without it, on the same requests, in virtual time.
 * Run: `npm run bench:policy -- [--quick | --all] [--tuning] [--json]`. The default run takes up to a quarter of an hour
 * on two cores and writes docs/decisions.md with its plots; so does `--all`.
 */
const WORKERS = 2;

interface Flags {
  readonly extent: Extent;
  readonly tuning: boolean;
  readonly json: boolean;
}

/** @throws Error naming a flag that there is not, or two that exclude each other */
function readFlags(): Flags {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    options: { quick: flag, all: flag, tuning: flag, json: flag },
    strict: true,
  });
  const { quick, all, tuning, json } = values;
  if (quick && all) throw new Error('--quick and --all exclude each other; give one of them');
  return { extent: quick ? 'Quick' : all ? 'All' : 'Default', tuning, json };
}

function print(outcomes: readonly Outcome[], findings: readonly Finding[]): void {
  const base = outcomes.filter(({ cell }) => cell === BASE_CELL.name);
  const others = outcomes.filter(({ cell }) => cell !== BASE_CELL.name);
  const lines = base.flatMap((outcome) => [
    '',
    `== ${scenarioOf(outcome.scenario).title} (${outcome.scenario})`,
    outcomeFacts(outcome),
    ...terminal(outcomeCells(outcome)),
    blameText(outcome),
  ]);
  if (others.length > 0) lines.push('', '== in other circumstances', ...terminal(otherCells(others)));
  lines.push('', '== over all', ...terminal(overallCells(overall(base))), '');
  console.log([...lines, ...findings.flatMap(findingLines)].join('\n'));
}

function inCatalogueOrder(outcomes: readonly Outcome[]): readonly Outcome[] {
  const place = new Map(SCENARIOS.map(({ name }, index) => [name, index]));
  return outcomes.toSorted((a, b) => (place.get(a.scenario) ?? 0) - (place.get(b.scenario) ?? 0));
}

async function main(): Promise<void> {
  const { extent, tuning, json } = readFlags();
  const startMs = performance.now();
  const tasks = tasksOf(extent, tuning ? 'Tuning' : 'Reporting');
  console.log(`${tasks.length} sets of runs in ${WORKERS} processes`);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const tell = ({ task }: TaskResult, left: number): void => {
    const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
    console.log(`${seconds} s: ${keyOf(task)}, seed ${task.seed}; ${left} left`);
  };
  const results = await runTasks(tasks, WORKERS, tell, stop.signal);
  const outcomes = inCatalogueOrder(summarise(results));
  const base = outcomes.filter(({ cell }) => cell === BASE_CELL.name);
  const findings = judge(base, (scenario) => scenarioOf(scenario).steady);
  print(outcomes, findings);
  if (extent !== 'Quick' && !tuning)
    console.log(`\nwritten: ${writeDocument(outcomes, findings, results).join(', ')}`);
  if (json) console.log(JSON.stringify({ benchmark: 'policy', extent, tuning, findings, outcomes }));
}

try {
  await main();
} catch (error) {
  console.error(`bench:policy: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
