import { KEDA_ON_SEATS } from '../policies/keda.ts';
import { PEERS, SHIPPED } from '../policies/catalogue.ts';
import { HINDSIGHT, ORACLE } from '../run-task.ts';
import { summaryNamed, total, type Outcome, type Summary } from './summary.ts';

/** One target, and whether it was met. */
export interface Finding {
  readonly target: string;
  readonly reached: boolean;
  readonly evidence: readonly string[];
}

/** Its target is told by somebody who knows the load: an opponent, but nobody's default. */
const WELL_INFORMED = KEDA_ON_SEATS.name;
const PEER_NAMES = PEERS.map(({ name }) => name).filter((name) => name !== WELL_INFORMED);
const MOST_BAD_OF_BEST_PEER = 0.5;
const MOST_HOURS_OF_ORACLE = 1.2;
const LEAST_GOOD_OF_ORACLE = 0.95;
const MOST_CHANGES_AN_HOUR_WHEN_STEADY = 6;

/** What a policy cost over all scenarios. */
export interface Overall {
  readonly policy: string;
  readonly bad: number;
  readonly replicaHours: number;
  /** Mean over the scenarios, each with equal weight. */
  readonly goodShare: number;
}

export function overall(outcomes: readonly Outcome[]): readonly Overall[] {
  return (outcomes[0]?.summaries ?? []).map(({ policy }) => {
    const mine = outcomes.flatMap((outcome) => summaryNamed(outcome, policy) ?? []);
    return {
      policy,
      bad: total(mine, ({ bad }) => bad),
      replicaHours: total(mine, ({ replicaHours }) => replicaHours),
      goodShare: total(mine, ({ goodShare }) => goodShare) / Math.max(1, mine.length),
    };
  });
}

/** The targets of the decider. @param outcomes of the base cell */
export function judge(
  outcomes: readonly Outcome[],
  isSteady: (scenario: string) => boolean,
): readonly Finding[] {
  return [
    judgeDominance(outcomes),
    judgeOverall(overall(outcomes)),
    judgeAgainstOracle(outcomes),
    judgeSteadiness(outcomes.filter(({ scenario }) => isSteady(scenario))),
  ];
}

/** The peers that served more in time with fewer replica-hours. */
export function dominatedBy(outcome: Outcome, names: readonly string[]): readonly Summary[] {
  const ours = summaryNamed(outcome, SHIPPED.name);
  if (ours === undefined) return [];
  return outcome.summaries.filter(
    ({ policy, goodShare, replicaHours }) =>
      names.includes(policy) && goodShare > ours.goodShare && replicaHours < ours.replicaHours,
  );
}

function judgeDominance(outcomes: readonly Outcome[]): Finding {
  const evidence = outcomes.flatMap((outcome) => {
    const ours = summaryNamed(outcome, SHIPPED.name);
    return dominatedBy(outcome, PEER_NAMES).map(
      (peer) => `${outcome.scenario}: ${tell(peer)} against ${ours === undefined ? '?' : tell(ours)}`,
    );
  });
  const informed = outcomes.filter((outcome) => dominatedBy(outcome, [WELL_INFORMED]).length > 0);
  const note = `beside the target: ${WELL_INFORMED}, which is told the seats, has both on ${informed.length} of ${outcomes.length} scenarios`;
  return {
    target: 'on every scenario, no peer has both more goodput and fewer replica-hours',
    reached: evidence.length === 0,
    evidence: [...evidence, note],
  };
}

function judgeOverall(all: readonly Overall[]): Finding {
  const target =
    'over all, bad requests at most half of those of the best peer at equal or fewer replica-hours';
  const ours = all.find(({ policy }) => policy === SHIPPED.name);
  const best = all
    .filter(({ policy }) => PEER_NAMES.includes(policy))
    .reduce<Overall | undefined>(
      (least, next) => (least === undefined || next.bad < least.bad ? next : least),
      undefined,
    );
  if (ours === undefined || best === undefined) return { target, reached: false, evidence: ['no runs'] };
  return {
    target,
    reached: ours.bad <= MOST_BAD_OF_BEST_PEER * best.bad && ours.replicaHours <= best.replicaHours,
    evidence: [
      `${ours.policy} ${ours.bad.toFixed(0)} bad in ${ours.replicaHours.toFixed(1)} replica-hours, ` +
        `${best.policy} ${best.bad.toFixed(0)} in ${best.replicaHours.toFixed(1)}`,
      ...all
        .filter(({ policy }) => policy === HINDSIGHT)
        .map(
          ({ policy, bad, replicaHours }) =>
            `${policy}: ${bad.toFixed(0)} bad in ${replicaHours.toFixed(1)}, with the seats and the factor of each load known`,
        ),
    ],
  };
}

function judgeAgainstOracle(outcomes: readonly Outcome[]): Finding {
  const evidence = outcomes.flatMap((outcome) => {
    const ours = summaryNamed(outcome, SHIPPED.name);
    const oracle = summaryNamed(outcome, ORACLE);
    if (ours === undefined || oracle === undefined) return [`${outcome.scenario}: no run`];
    const hours = ours.replicaHours / oracle.replicaHours;
    const goodput = ours.goodShare / oracle.goodShare;
    if (hours <= MOST_HOURS_OF_ORACLE && goodput >= LEAST_GOOD_OF_ORACLE) return [];
    const blind = summaryNamed(outcome, HINDSIGHT);
    const possible =
      blind === undefined
        ? ''
        : ` (without foresight ${percent(blind.goodShare / oracle.goodShare)} at ${percent(blind.replicaHours / oracle.replicaHours)})`;
    return [
      `${outcome.scenario}: ${percent(goodput)} of the oracle's goodput at ${percent(hours)} of its replica-hours${possible}`,
    ];
  });
  return {
    target: "within 20 % of the oracle's replica-hours at 95 % or more of its goodput",
    reached: evidence.length === 0,
    evidence,
  };
}

function judgeSteadiness(outcomes: readonly Outcome[]): Finding {
  const changes = outcomes.flatMap((outcome) => {
    const ours = summaryNamed(outcome, SHIPPED.name);
    return ours === undefined ? [] : [{ scenario: outcome.scenario, perHour: ours.sizeChangesPerHour }];
  });
  return {
    target: `at most ${MOST_CHANGES_AN_HOUR_WHEN_STEADY} size changes an hour on steady load`,
    reached:
      changes.length > 0 && changes.every(({ perHour }) => perHour <= MOST_CHANGES_AN_HOUR_WHEN_STEADY),
    evidence:
      changes.length === 0
        ? ['no steady load in this run']
        : changes.map(({ scenario, perHour }) => `${scenario}: ${perHour.toFixed(1)} an hour`),
  };
}

function tell({ policy, goodShare, replicaHours }: Summary): string {
  return `${policy} ${percent(goodShare)} good in ${replicaHours.toFixed(2)} h`;
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
