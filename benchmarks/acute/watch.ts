import type { EngineSample } from '../../src/engine/sample.ts';
import type { AcuteContext } from '../../src/rules/acute/context.ts';
import { judgeAcute } from '../../src/rules/acute/judge-acute.ts';
import type { Verdict } from '../../src/rules/verdict.ts';
import { append, EMPTY_HISTORY, withFailure, type EngineHistory } from '../../src/signals/history.ts';
import type { EngineSnapshot } from '../../src/snapshot/engine-snapshot.ts';
import type { ProbeOutcome, ProbeRecord } from '../../src/snapshot/probe-record.ts';

export const INTERVAL_SECONDS = 5;
const PROBE_SECONDS = 30;
/** Not the epoch: a bug there would be hidden. */
const START_MS = Date.UTC(2026, 2, 3, 4, 5, 6);

/** What the operator gets of an engine at a second. */
export interface Tick {
  /** Absent: no answer. */
  readonly page?: EngineSample | undefined;
  /** Since when it fails its readiness probe. */
  readonly unreadySince?: number | undefined;
  /** When its container started. */
  readonly containerSince?: number | undefined;
  /** By how much the operator's clock is off, in seconds. */
  readonly clockOff?: number | undefined;
}

/** An engine's life, asked once every five seconds, in order. */
export interface Life {
  readonly tick: (second: number) => Tick;
  /** What comes of a token that is asked for now; the second is when its answer, or the end of its time, is there. */
  readonly answer: (second: number) => Exclude<ProbeOutcome, 'Pending'>;
  readonly told?: Partial<AcuteContext>;
  /** When its fault begins; absent: it has none, or not yet. */
  readonly faultAt?: () => number | undefined;
}

export interface Watched {
  /** The second at which each signature first said `Proved`. */
  readonly proved: Readonly<Record<string, number>>;
  /** Suspicions that began. */
  readonly suspicions: number;
  readonly said: string | undefined;
}

const CONTEXT: AcuteContext = {
  intervalMs: INTERVAL_SECONDS * 1000,
  probe: { isPossible: true },
  hasProfiler: false,
  canBePaused: false,
  offloadsKv: false,
  maxModelLen: 8192,
};

/** Judges one engine with each of its pages, as the operator does; tokens are asked for when that is wished. */
export function watch(life: Life, seconds: number): Watched {
  const context = { ...CONTEXT, ...life.told };
  const proved: Record<string, number> = {};
  let said: string | undefined;
  let suspicions = 0;
  let wasSuspected = false;
  let history: EngineHistory = EMPTY_HISTORY;
  let probe: ProbeRecord | undefined;
  let askedAt = 0;
  for (let second = 0; second <= seconds; second += INTERVAL_SECONDS) {
    const tick = life.tick(second);
    const nowMs = START_MS + (second + (tick.clockOff ?? 0)) * 1000;
    history =
      tick.page === undefined
        ? withFailure(history, { atMs: nowMs, reason: 'Timeout', message: 'no answer' })
        : append(history, { atMs: nowMs, sample: tick.page });
    if (probe?.outcome === 'Pending') {
      const outcome = life.answer(second);
      if (outcome !== 'Silent' || second - askedAt >= PROBE_SECONDS)
        probe = { ...probe, outcome, endedAtMs: nowMs, message: outcome };
    }
    const { verdicts, probes } = judgeAcute([snapshotOf(tick, history, probe)], context, nowMs);
    if (probes.length > 0) {
      askedAt = second;
      probe = { sentAtMs: nowMs, outcome: 'Pending', message: 'a token was asked for' };
    }
    for (const { signature, message } of verdicts.filter(isProved)) {
      proved[signature] ??= second;
      said ??= message;
    }
    const isSuspected = verdicts.some(({ state }) => state === 'Suspected');
    suspicions += isSuspected && !wasSuspected ? 1 : 0;
    wasSuspected = isSuspected;
  }
  return { proved, suspicions, said };
}

function isProved({ state }: Verdict): boolean {
  return state === 'Proved';
}

function snapshotOf(tick: Tick, history: EngineHistory, probe: ProbeRecord | undefined): EngineSnapshot {
  const { unreadySince, containerSince = -3600 } = tick;
  const startedAtMs = START_MS + containerSince * 1000;
  return {
    uid: 'uid',
    name: 'engine',
    revision: '1',
    replicaSet: 'engines',
    resourceVersion: '1',
    nodeName: 'node',
    lifecycle: unreadySince === undefined ? 'Ready' : 'Unready',
    createdAtMs: START_MS - 3_600_000,
    ...(unreadySince === undefined
      ? { readyAtMs: startedAtMs }
      : { unreadySinceMs: START_MS + unreadySince * 1000 }),
    restarts: 0,
    isMember: true,
    isListed: unreadySince === undefined,
    page: { state: 'Missing', reason: 'NoPageYet', message: 'judged by its history' },
    history,
    container: { isRunning: true, hasStarted: true, startedAtMs },
    ...(probe !== undefined && { probe }),
  };
}
