import type { Blame } from '../blame.ts';
import type { PolicyRun, Task, TaskResult } from '../run-task.ts';
import type { Quantiles, Score } from '../score.ts';

/** One policy over the seeds of one scenario in one cell. */
export interface Summary {
  readonly policy: string;
  /** Of the attainable requests, served in time. */
  readonly goodShare: number;
  /** Attainable requests a run that were not. */
  readonly bad: number;
  /** When those came. */
  readonly blame: Blame;
  readonly abandonedShare: number;
  /** A run. */
  readonly replicaHours: number;
  readonly peakReplicas: number;
  readonly sizeChangesPerHour: number;
  /** Means over the seeds, ms. */
  readonly ttft: Quantiles;
  readonly tpot: Quantiles;
}

/** All policies on one scenario in one cell. */
export interface Outcome {
  readonly scenario: string;
  readonly cell: string;
  readonly seeds: number;
  readonly requests: number;
  readonly attainableShare: number;
  readonly seatsPerEngine: number;
  readonly oracleFactor: number;
  readonly summaries: readonly Summary[];
}

/** Gathers the runs of one scenario in one cell over the seeds, in the order of the tasks. */
export function summarise(results: readonly TaskResult[]): readonly Outcome[] {
  const groups = Map.groupBy(results, ({ task }) => keyOf(task));
  return [...groups.values()].map((group) => {
    const first = group[0]?.task;
    const runs = Map.groupBy(
      group.flatMap((result) => result.runs),
      ({ policy }) => policy,
    );
    const scores = group.flatMap((result) => result.runs[0]?.score ?? []);
    const attainable = total(scores, (score) => score.attainable);
    return {
      scenario: first?.scenario ?? '',
      cell: first?.cell.name ?? '',
      seeds: group.length,
      requests: total(scores, ({ requests }) => requests) / group.length,
      attainableShare:
        attainable /
        Math.max(
          1,
          total(scores, ({ requests }) => requests),
        ),
      seatsPerEngine: mean(group, (result) => result.seatsPerEngine),
      oracleFactor: mean(group, (result) => result.oracleFactor),
      summaries: [...runs].map(([policy, ofPolicy]) => summaryOf(policy, ofPolicy)),
    };
  });
}

export function keyOf({ scenario, cell }: Pick<Task, 'scenario' | 'cell'>): string {
  return `${scenario} · ${cell.name}`;
}

export function summaryNamed({ summaries }: Outcome, policy: string): Summary | undefined {
  return summaries.find((summary) => summary.policy === policy);
}

function summaryOf(policy: string, runs: readonly PolicyRun[]): Summary {
  const scores = runs.map(({ score }) => score);
  const attainable = total(scores, (score) => score.attainable);
  const good = total(scores, (score) => score.good);
  return {
    policy,
    goodShare: good / Math.max(1, attainable),
    bad: (attainable - good) / scores.length,
    blame: {
      tooFew: mean(runs, (run) => run.blame.tooFew),
      starting: mean(runs, (run) => run.blame.starting),
      enough: mean(runs, (run) => run.blame.enough),
    },
    abandonedShare:
      total(scores, ({ abandoned }) => abandoned) /
      Math.max(
        1,
        total(scores, ({ requests }) => requests),
      ),
    replicaHours: mean(scores, ({ replicaHours }) => replicaHours),
    peakReplicas: Math.max(...scores.map(({ peakReplicas }) => peakReplicas)),
    sizeChangesPerHour: mean(scores, ({ sizeChangesPerHour }) => sizeChangesPerHour),
    ttft: meanQuantiles(scores, ({ ttft }) => ttft),
    tpot: meanQuantiles(scores, ({ tpot }) => tpot),
  };
}

function meanQuantiles(scores: readonly Score[], read: (score: Score) => Quantiles): Quantiles {
  return {
    p50: mean(scores, (score) => read(score).p50),
    p95: mean(scores, (score) => read(score).p95),
    p99: mean(scores, (score) => read(score).p99),
  };
}

export function total<T>(items: readonly T[], read: (item: T) => number): number {
  return items.reduce((sum, item) => sum + read(item), 0);
}

function mean<T>(items: readonly T[], read: (item: T) => number): number {
  return total(items, read) / Math.max(1, items.length);
}
