import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BASE_CELL } from '../cells.ts';
import type { TaskResult } from '../run-task.ts';
import { scenarioOf } from '../scenarios/catalogue.ts';
import { plot } from './plot.ts';
import type { Outcome } from './summary.ts';
import { blameText, markdown, otherCells, outcomeCells, outcomeFacts, overallCells } from './tables.ts';
import { overall, type Finding } from './verdict.ts';

const DOCS = join(import.meta.dirname, '..', '..', '..', 'docs');

const INTRODUCTION = `# Decisions, measured

Written by \`npm run bench:policy\`; do not edit. The command plays requests through fleets of simulated engines
([simulator](../src/simulator/fleet)) in virtual time, once for each policy that sizes the fleet, and prints the same
tables. \`--quick\` takes a minute, \`--all\` runs every load in all circumstances, \`--tuning\` runs the loads that a
policy may be tuned on, \`--json\` ends with all figures as one JSON object.

## What is measured

- **Base**: Llama 3.1 8B on an L40S, 120 s to start an engine, three seeds, no prefix caching; each request goes to the
  less loaded of two random engines; a client without a first token after 30 s leaves. Between 1 and 100 engines.
- **good**: share of the *attainable* requests that met all latency targets: Chat (first token in 500 ms, 50 ms a token
  after it), or Agentic (2 s, 100 ms) for Mooncake's long prompts. Attainable is what a lone idle engine would serve in
  time; nothing that a policy does can save the others. A client that left counts as bad, and its TTFT as 30 s.
- **replica-hours** a run, with engines that start or drain; **× oracle**: against those of the oracle.
- **oracle**: knows every arrival. It orders the seats that requests will hold within the next start-up, times the
  smallest factor that serves 99 % of the attainable in time (or of what six times the seats can), and shrinks at once.
- **no foresight**: the same seats and the same factor, but it orders when seats are needed and not before, and holds what
  was needed in the last five minutes. What it misses is the price of not knowing the future.
- All others begin with a fleet whose seats are used to 75 % at the start. (An engine has as many **seats** as keep a
  step, the prefill of newcomers included, within the target per token.)
- Windows, shapes and seeds here were never used to tune the decider; those of \`--tuning\` are others
  ([scenarios](../benchmarks/policy/scenarios/catalogue.ts), [traces](../benchmarks/policy/traces/README.md)).

The peers are written from descriptions of their sources, one file each, with the defaults named there
([policies](../benchmarks/policy/policies)), and are helped: they read pages as fresh as ours (no Prometheus, no adapter),
the simulator drains the emptiest engine for them, and a bug that hurts one is left out. *KEDA on seats* is nobody's
default: it is told how many requests of this very load an engine can hold, so it shows what a perfectly tuned threshold
is worth.
`;

/** Writes `docs/decisions.md` and one plot a scenario. @returns the paths written, from the root of the project */
export function writeDocument(
  outcomes: readonly Outcome[],
  findings: readonly Finding[],
  results: readonly TaskResult[],
): readonly string[] {
  const base = outcomes.filter(({ cell }) => cell === BASE_CELL.name);
  const others = outcomes.filter(({ cell }) => cell !== BASE_CELL.name);
  const drawn = results.filter(({ task }) => task.withSeries);
  mkdirSync(join(DOCS, 'decisions'), { recursive: true });
  for (const result of drawn) {
    const scenario = scenarioOf(result.task.scenario);
    writeFileSync(join(DOCS, 'decisions', `${scenario.name}.svg`), plot(scenario, result));
  }
  const lines = [
    INTRODUCTION,
    '## Verdict',
    '',
    ...findings.flatMap(findingItems),
    '',
    '## Over all',
    '',
    ...markdown(overallCells(overall(base))),
    '',
    ...base.flatMap(section),
    ...(others.length === 0
      ? []
      : [
          '## In other circumstances',
          '',
          'Good share and replica-hours.',
          '',
          ...markdown(otherCells(others)),
          '',
        ]),
  ];
  writeFileSync(join(DOCS, 'decisions.md'), lines.join('\n'));
  return ['docs/decisions.md', ...drawn.map(({ task }) => `docs/decisions/${task.scenario}.svg`)];
}

function findingItems({ target, reached, evidence }: Finding): readonly string[] {
  return [
    `- **${reached ? 'Reached' : 'Not reached'}**: ${target}.`,
    ...evidence.map((line) => `  - ${line}`),
  ];
}

function section(outcome: Outcome): readonly string[] {
  const { name, title } = scenarioOf(outcome.scenario);
  return [
    `## ${title}`,
    '',
    `\`${name}\`: ${outcomeFacts(outcome)}.`,
    '',
    `![load, engines ordered and TTFT of each policy over time](decisions/${name}.svg)`,
    '',
    ...markdown(outcomeCells(outcome)),
    '',
    `Why: ${blameText(outcome)}.`,
    '',
  ];
}
