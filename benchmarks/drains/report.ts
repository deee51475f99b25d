import type { Report } from '../support/benchmark.ts';
import { figure, rounded, table } from '../support/table.ts';
import { CLIENT_KINDS, type ClientKind } from './clients.ts';
import {
  belowCapacityMs,
  claimDurationsMs,
  losses,
  outcomesOf,
  secondsOf,
  sentAfterLeavingMs,
  tallyOf,
} from './findings.ts';
import type { Played, PlayedAct } from './play.ts';

const CLIENTS: Readonly<Record<ClientKind, string>> = {
  AtOnce: '(a) follows at once',
  Lagging: '(b) lags by 5 s',
  KeepAlive: '(c) keeps connections',
};

const SHOWN_LOSSES = 10;

/** What people and programs read of a run, beside the same without the operator. */
export function reportOf({ acts, kills }: Played, baseline: readonly PlayedAct[], seed: number): Report {
  const clients = CLIENT_KINDS.map((kind) => clientRow(acts, kind));
  const without = CLIENT_KINDS.map((kind) => clientRow(baseline, kind));
  const played = acts.map(actRow);
  const durations = {
    shrink: secondsOf(acts.flatMap((act) => claimDurationsMs(act, 'Shrink'))),
    replace: secondsOf(acts.flatMap((act) => claimDurationsMs(act, 'Replace'))),
  };
  const steps = kills.map(({ step }) => step ?? 'no step');
  return {
    lines: [
      `seed ${seed}; the leader was killed ${kills.length} times: ${[...new Set(steps)].map((step) => `${steps.filter((other) => other === step).length} at ${step}`).join(', ')}`,
      '',
      ...clientTable('streams', clients),
      ...(baseline.length === 0
        ? []
        : ['', ...clientTable(baseline.map(({ act }) => act.title).join(', '), without)]),
      '',
      ...table(
        ['act', 's', 'engines gone', 's below capacity', '(c) lost', 'claims ended'],
        played.map((row) => [
          row.act,
          figure(row.seconds, 0),
          String(row.enginesGone),
          figure(row.belowCapacitySeconds, 1),
          String(row.keepAliveLost),
          Object.entries(row.outcomes)
            .map(([outcome, count]) => `${count} ${outcome}`)
            .join(', '),
        ]),
      ),
      '',
      ...table(
        ['from claim until gone and at full size, s', 'claims', 'p50', 'max'],
        Object.entries(durations).map(([command, { samples, percentiles, max }]) => [
          command,
          String(samples),
          figure(percentiles.p50, 1),
          figure(max, 1),
        ]),
      ),
      ...lossLines(acts),
    ],
    figures: {
      seed,
      kills: steps,
      clients,
      ...(baseline.length > 0 && { withoutOperator: without }),
      acts: played,
      seconds: Object.fromEntries(
        Object.entries(durations).map(([command, { samples, percentiles, max }]) => [
          command,
          { claims: samples, p50: rounded(percentiles.p50, 1), max: rounded(max, 1) },
        ]),
      ),
    },
  };
}

function clientRow(acts: readonly PlayedAct[], kind: ClientKind) {
  const late = acts.flatMap((act) => sentAfterLeavingMs(act, kind));
  return {
    kind,
    ...tallyOf(
      acts.flatMap(({ requests }) => requests),
      kind,
    ),
    sentAfterLeavingSeconds: rounded(late.length === 0 ? undefined : Math.max(...late) / 1000, 1),
  };
}

function clientTable(title: string, rows: readonly ReturnType<typeof clientRow>[]): readonly string[] {
  return table(
    [title, 'ok', 'failed', 'cut', 'hung', 'sent up to s after the engine left the Service'],
    rows.map(({ kind, Ok, Failed, Cut, Hung, sentAfterLeavingSeconds: late }) => [
      CLIENTS[kind],
      ...[Ok, Failed, Cut, Hung].map(String),
      figure(late, 1),
    ]),
  );
}

function actRow(played: PlayedAct) {
  const { Failed, Cut, Hung } = tallyOf(played.requests, 'KeepAlive');
  return {
    act: `${played.act.title} (${played.act.fleet.name})`,
    seconds: rounded((played.endedAtMs - played.beganAtMs) / 1000, 1),
    enginesGone: played.pods.removed.length,
    belowCapacitySeconds: rounded(belowCapacityMs(played) / 1000, 1),
    keepAliveLost: Failed + Cut + Hung,
    outcomes: outcomesOf(played),
  };
}

function lossLines(acts: readonly PlayedAct[]): readonly string[] {
  return CLIENT_KINDS.flatMap((kind) => {
    const lines = acts.flatMap((act) => losses(act.requests, kind));
    if (lines.length === 0) return [];
    return [
      '',
      `lost by ${CLIENTS[kind]}, ${Math.min(lines.length, SHOWN_LOSSES)} of ${lines.length}:`,
      ...lines.slice(0, SHOWN_LOSSES).map((line) => `  ${line}`),
    ];
  });
}
