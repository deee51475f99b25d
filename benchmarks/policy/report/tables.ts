import { table } from '../../support/table.ts';
import { SHIPPED } from '../policies/catalogue.ts';
import { ORACLE } from '../run-task.ts';
import type { Quantiles } from '../score.ts';
import { summaryNamed, type Outcome } from './summary.ts';
import { percent, type Finding, type Overall } from './verdict.ts';

/** Rows of text, the first of them the header. */
export type Cells = readonly (readonly string[])[];

const HEADER = [
  'policy',
  'good',
  'replica-hours',
  '× oracle',
  'peak',
  'changes/h',
  'abandoned',
  'TTFT p50/p95/p99 ms',
  'TPOT p50/p95/p99 ms',
];

export function outcomeCells(outcome: Outcome): Cells {
  const oracleHours = summaryNamed(outcome, ORACLE)?.replicaHours;
  const rows = outcome.summaries.map((summary) => [
    summary.policy,
    percent(summary.goodShare),
    summary.replicaHours.toFixed(2),
    oracleHours === undefined ? '?' : (summary.replicaHours / oracleHours).toFixed(2),
    String(summary.peakReplicas),
    summary.sizeChangesPerHour.toFixed(1),
    percent(summary.abandonedShare),
    quantileText(summary.ttft, 0),
    quantileText(summary.tpot, 1),
  ]);
  return [HEADER, ...rows];
}

export function outcomeFacts(outcome: Outcome): string {
  const { requests, seeds, attainableShare, seatsPerEngine, oracleFactor } = outcome;
  return (
    `${Math.round(requests)} requests a run, ${seeds} seed${seeds === 1 ? '' : 's'}, ${percent(attainableShare)} attainable; ` +
    `${seatsPerEngine.toFixed(0)} seats an engine, oracle × ${oracleFactor.toFixed(2)}`
  );
}

/** Why the shipped decider missed targets, in one sentence. */
export function blameText(outcome: Outcome): string {
  const ours = summaryNamed(outcome, SHIPPED.name);
  if (ours === undefined || ours.bad === 0) return `${SHIPPED.name} missed no attainable request`;
  const share = (count: number): string => percent(count / ours.bad);
  const { tooFew, starting, enough } = ours.blame;
  return (
    `of the attainable requests that ${SHIPPED.name} missed, ${share(tooFew)} came while fewer engines were ordered than ` +
    `the oracle had ready, ${share(starting)} while as many were ordered but not ready, ${share(enough)} with as many ready`
  );
}

export function overallCells(all: readonly Overall[]): Cells {
  const rows = all.map(({ policy, goodShare, bad, replicaHours }) => [
    policy,
    percent(goodShare),
    bad.toFixed(0),
    replicaHours.toFixed(1),
  ]);
  return [['policy', 'good, mean of scenarios', 'bad requests', 'replica-hours'], ...rows];
}

/** A scenario in other circumstances: goodput and replica-hours of each policy. */
export function otherCells(outcomes: readonly Outcome[]): Cells {
  const policies = outcomes[0]?.summaries.map(({ policy }) => policy) ?? [];
  const rows = outcomes.map((outcome) => [
    `${outcome.scenario}, ${outcome.cell}`,
    ...policies.map((policy) => {
      const summary = summaryNamed(outcome, policy);
      return summary === undefined
        ? '?'
        : `${percent(summary.goodShare)}, ${summary.replicaHours.toFixed(1)} h`;
    }),
  ]);
  return [['circumstances', ...policies], ...rows];
}

export function findingLines({ target, reached, evidence }: Finding): readonly string[] {
  return [`${reached ? 'reached' : 'not reached'}: ${target}`, ...evidence.map((line) => `  ${line}`)];
}

export function terminal([header = [], ...rows]: Cells): readonly string[] {
  return table(header, rows);
}

export function markdown([header = [], ...rows]: Cells): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map((_, column) => (column === 0 ? '---' : '---:'))), ...rows.map(line)];
}

function quantileText({ p50, p95, p99 }: Quantiles, digits: number): string {
  return [p50, p95, p99].map((value) => value.toFixed(digits)).join(' / ');
}
