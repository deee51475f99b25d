import type { EngineSample } from '../../src/engine/sample.ts';
import type { AcuteContext } from '../../src/rules/acute/context.ts';
import { judgeAcute } from '../../src/rules/acute/judge-acute.ts';
import type { ProbeWish } from '../../src/rules/acute/judgement.ts';
import type { Verdict } from '../../src/rules/verdict.ts';
import { append, EMPTY_HISTORY, withFailure, type EngineHistory } from '../../src/signals/history.ts';
import type { EngineSnapshot } from '../../src/snapshot/engine-snapshot.ts';
import type { ProbeOutcome, ProbeRecord } from '../../src/snapshot/probe-record.ts';
import { NOW, ready } from './engines.ts';
import { pageOf } from './pages.ts';

export const INTERVAL_SECONDS = 5;
const PROBE_SECONDS = 30;

export const CONTEXT: AcuteContext = {
  intervalMs: INTERVAL_SECONDS * 1000,
  probe: { isPossible: true },
  hasProfiler: false,
  canBePaused: false,
  offloadsKv: false,
  maxModelLen: 8192,
};

export const UNASKABLE: AcuteContext = {
  ...CONTEXT,
  probe: { isPossible: false, why: 'its API key is not known' },
};

/** Its page at a second of its life, or why it brought none. */
export type Life = (second: number) => EngineSample | string;

/** An engine that was ready an hour before its first second here. */
export interface Trial {
  readonly life: Life;
  /** How it answers when it is asked for a token; not at all unless said. */
  readonly answer?: (second: number) => Exclude<ProbeOutcome, 'Pending'>;
  readonly context?: AcuteContext;
  /** What the kubelet says of it. */
  readonly told?: (second: number) => Partial<EngineSnapshot>;
  readonly seconds: number;
  /** What our clock shows at a second; the true time unless said. */
  readonly clock?: (second: number) => number;
  readonly intervalSeconds?: number;
}

/** What was said of it at a second. */
export interface Sighting {
  readonly second: number;
  readonly verdicts: readonly Verdict[];
  readonly probes: readonly ProbeWish[];
}

/** Judges an engine with each of its pages; a token is asked for when that is wished, and the answer heard. */
export function watch({ life, seconds, answer, context = CONTEXT, ...trial }: Trial): readonly Sighting[] {
  const sightings: Sighting[] = [];
  const every = trial.intervalSeconds ?? INTERVAL_SECONDS;
  const clock = trial.clock ?? ((second: number): number => NOW + second * 1000);
  let history: EngineHistory = EMPTY_HISTORY;
  let probe: ProbeRecord | undefined;
  let sentAt = 0;
  for (let second = 0; second <= seconds; second += every) {
    const nowMs = clock(second);
    const page = life(second);
    history =
      typeof page === 'string'
        ? withFailure(history, { atMs: nowMs, reason: 'Timeout', message: page })
        : append(history, { atMs: nowMs, sample: page });
    const outcome = answer?.(sentAt) ?? 'Silent';
    const takes = outcome === 'Silent' ? PROBE_SECONDS : 0;
    if (probe?.outcome === 'Pending' && second - sentAt >= takes)
      probe = { ...probe, outcome, endedAtMs: nowMs, message: ANSWERS[outcome] };
    const engine = engineWith(history, probe, trial.told?.(second));
    const { verdicts, probes } = judgeAcute([engine], context, nowMs);
    if (probes.length > 0) {
      sentAt = second;
      probe = { sentAtMs: nowMs, outcome: 'Pending', message: 'a token was asked for' };
    }
    sightings.push({ second, verdicts, probes });
  }
  return sightings;
}

const ANSWERS: Readonly<Record<Exclude<ProbeOutcome, 'Pending'>, string>> = {
  Answered: 'it generated a token',
  Silent: 'no answer within 30 s',
  Refused: 'connection refused',
  Paused: 'it says that it is paused',
  Inconclusive: 'HTTP 404',
};

/** An engine with these pages, whose container started an hour ago. */
export function engineWith(
  history: EngineHistory,
  probe?: ProbeRecord,
  told: Partial<EngineSnapshot> = {},
): EngineSnapshot {
  return ready(
    'engine-0',
    {},
    {
      history,
      container: { isRunning: true, hasStarted: true, startedAtMs: NOW - 3_600_000 },
      ...(probe !== undefined && { probe }),
      ...told,
    },
  );
}

/** The second at which a state was first said, with the signature's name: `{ 'Suspected Wedged': 50 }`. */
export function firstSaid(sightings: readonly Sighting[]): Readonly<Record<string, number>> {
  const first: Record<string, number> = {};
  for (const { second, verdicts } of sightings)
    for (const { state, signature } of verdicts) first[`${state} ${signature}`] ??= second;
  return first;
}

/** Seconds at which a token was asked for. */
export function askedAt(sightings: readonly Sighting[]): readonly number[] {
  return sightings.filter(({ probes }) => probes.length > 0).map(({ second }) => second);
}

/** What is said at the end. */
export function lastSaid(sightings: readonly Sighting[]): readonly Verdict[] {
  return sightings.at(-1)?.verdicts ?? [];
}

/** What an engine has counted after so many seconds of work: 20 steps, 400 tokens and 2 requests in each. */
export function worked(seconds: number, told: Partial<EngineSample> = {}): EngineSample {
  return pageOf({
    running: 7,
    waiting: 5,
    waitingByReason: { capacity: 5, deferred: 0 },
    isAsleep: false,
    kvCacheUsage: 0.5 + 0.3 * Math.sin(seconds),
    steps: 20_000 + 20 * seconds,
    promptTokens: 500_000 + 500 * seconds,
    generationTokens: 400_000 + 400 * seconds,
    preemptions: 0,
    requests: { stop: 2000 + Math.floor(2 * seconds) },
    processStartTimeSeconds: NOW / 1000 - 3600,
    ...told,
  });
}

/** Works until `stopsAt` and then no more; its gauges stay as they are told. */
export function stopped(stopsAt: number, told: Partial<EngineSample> = {}): Life {
  return (second) => worked(Math.min(second, stopsAt), second > stopsAt ? told : {});
}
