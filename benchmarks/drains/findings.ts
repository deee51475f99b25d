import { describeDistribution, type Distribution } from '../../src/loadtest/plan/distribution.ts';
import { streamOutcome, type StreamOutcome } from '../../playground/warden/stream-outcome.ts';
import { type ClientKind, type SentRequest } from './clients.ts';
import type { PlayedAct } from './play.ts';

/** Requests by what became of them; `Unfinished` ones, which their client gave up at the end, are in none. */
export type Tally = Readonly<Record<Exclude<StreamOutcome, 'Unfinished'>, number>>;

export function tallyOf(requests: readonly SentRequest[], kind: ClientKind): Tally {
  const tally = { Ok: 0, Failed: 0, Cut: 0, Hung: 0, Unfinished: 0 };
  for (const { record } of requests.filter((request) => request.kind === kind))
    tally[streamOutcome(record)]++;
  const { Unfinished: _left, ...counted } = tally;
  return counted;
}

/** One line for each stream of this kind of client that did not end well. */
export function losses(requests: readonly SentRequest[], kind: ClientKind): readonly string[] {
  return requests
    .filter((request) => request.kind === kind)
    .flatMap(({ record, sentAtMs }) => {
      const outcome = streamOutcome(record);
      if (outcome === 'Ok' || outcome === 'Unfinished') return [];
      const why = record.outcome.ok ? `finish reason ${record.outcome.finishReason}` : record.outcome.message;
      const at = new Date(sentAtMs).toISOString();
      return [`${outcome} ${record.target ?? 'no engine'}, sent ${at}, ${record.chunks} chunks: ${why}`];
    });
}

/** How long after an engine had left the Service clients of this kind still sent to it; one figure an engine. */
export function sentAfterLeavingMs({ requests, pods }: PlayedAct, kind: ClientKind): readonly number[] {
  return [...pods.leftAtMs].flatMap(([engine, leftAtMs]) => {
    const late = requests
      .filter((request) => request.kind === kind && request.record.target === engine)
      .map(({ sentAtMs }) => sentAtMs - leftAtMs)
      .filter((ms) => ms > 0);
    return late.length === 0 ? [] : [Math.max(...late)];
  });
}

/** From the claim until the engine had gone and as many served as should: one figure a claim that took one. */
export function claimDurationsMs(
  { act, claims, pods }: PlayedAct,
  command: 'Shrink' | 'Replace',
): readonly number[] {
  return claims.flatMap(({ claim, beganAtMs }) => {
    if (claim.command !== command) return [];
    const goneAtMs = pods.goneAtMs(claim.victimUID);
    const fullAtMs = goneAtMs === undefined ? undefined : pods.serving.reachedMs(act.capacity, goneAtMs);
    return fullAtMs === undefined ? [] : [fullAtMs - beganAtMs];
  });
}

/** Milliseconds of an act in which fewer engines served than should. */
export function belowCapacityMs({ act, pods, beganAtMs, endedAtMs }: PlayedAct): number {
  return pods.serving.msBelow(act.capacity, beganAtMs, endedAtMs);
}

/** How many claims ended how, such as `{ Drained: 5 }`. */
export function outcomesOf({ outcomes }: PlayedAct): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { outcome } of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

export function secondsOf(durationsMs: readonly number[]): Distribution {
  return describeDistribution(durationsMs.map((ms) => ms / 1000));
}
