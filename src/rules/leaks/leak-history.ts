import type { MinuteSample } from './minute-sample.ts';
import { median } from './statistics.ts';

const MINUTE_MS = 60_000;

/** One minute, or several as their medians. Counters are growth since the history began, resets allowed for. */
export interface LeakPoint {
  readonly atMs: number;
  readonly workingSetBytes?: number | undefined;
  readonly apiServerResidentBytes?: number | undefined;
  readonly requests?: number | undefined;
  readonly steps?: number | undefined;
  readonly inFlight?: number | undefined;
  /** The lowest of its idle minutes. */
  readonly idleKvCacheUsage?: number | undefined;
}

/**
 * What the leak signatures keep of one engine: at most 222 points, however long it lives (some 25 KB). A value:
 * remembering makes a new one. Oldest first everywhere. It begins when a container has passed its readiness probe for the
 * first time, and afresh with the next container: what loading took is no growth.
 */
export interface LeakHistory {
  /** The last half hour. */
  readonly minutes: readonly LeakPoint[];
  /** Five minutes each: the last eight hours. */
  readonly fiveMinutes: readonly LeakPoint[];
  /** Half an hour each: the last two days. */
  readonly halfHours: readonly LeakPoint[];
  /** The first minute: bins begin there, so that nothing depends on where in an hour it was. */
  readonly originMs?: number;
  /** The first minute with a request. */
  readonly busySinceMs?: number;
  /** The lowest working set of five minutes since its warm-up: the ground on which its caches grow. */
  readonly lowestBytes?: number;
  /** The newest sample's counters, as read. */
  readonly counters: Pick<MinuteSample, 'finishedRequests' | 'steps'>;
}

export const NO_LEAK_HISTORY: LeakHistory = { minutes: [], fiveMinutes: [], halfHours: [], counters: {} };

/** First requests compile kernels, capture graphs and fill pools: 15 to 30 minutes with vLLM. */
export const WARM_UP_MS = 20 * MINUTE_MS;

const KEPT = { minutes: 30, fiveMinutes: 96, halfHours: 96 } as const;
const FIVE_MINUTES_MS = 5 * MINUTE_MS;
const HALF_HOUR_MS = 30 * MINUTE_MS;

/** The history with one more minute. Points from after it mean that the clock was set back: they are dropped. */
export function rememberMinute(history: LeakHistory, sample: MinuteSample): LeakHistory {
  const before = upTo(history, sample.atMs);
  const last = before.minutes.at(-1);
  const originMs = before.originMs ?? sample.atMs;
  const point: LeakPoint = {
    atMs: sample.atMs,
    workingSetBytes: sample.workingSetBytes,
    apiServerResidentBytes: sample.apiServerResidentBytes,
    requests: grown(lastOf(before, 'requests'), before.counters.finishedRequests, sample.finishedRequests),
    steps: grown(lastOf(before, 'steps'), before.counters.steps, sample.steps),
    inFlight: sample.inFlight,
    idleKvCacheUsage: sample.idleKvCacheUsage,
  };
  const bin = (atMs: number, lengthMs: number): number => Math.floor((atMs - originMs) / lengthMs);
  const ends = (lengthMs: number): boolean =>
    last !== undefined && bin(last.atMs, lengthMs) !== bin(sample.atMs, lengthMs);
  const ofBin = (points: readonly LeakPoint[], lengthMs: number): readonly LeakPoint[] =>
    last === undefined ? [] : points.filter(({ atMs }) => bin(atMs, lengthMs) === bin(last.atMs, lengthMs));
  const fiveMinutes = ends(FIVE_MINUTES_MS)
    ? keep(before.fiveMinutes, merged(ofBin(before.minutes, FIVE_MINUTES_MS)), KEPT.fiveMinutes)
    : before.fiveMinutes;
  const halfHours = ends(HALF_HOUR_MS)
    ? keep(before.halfHours, merged(ofBin(fiveMinutes, HALF_HOUR_MS)), KEPT.halfHours)
    : before.halfHours;
  const busySinceMs = before.busySinceMs ?? (isBusy(point) ? point.atMs : undefined);
  const newest = fiveMinutes.at(-1);
  const isWarm = busySinceMs !== undefined && newest !== undefined && newest.atMs >= busySinceMs + WARM_UP_MS;
  const lowestBytes = isWarm ? lower(before.lowestBytes, newest.workingSetBytes) : before.lowestBytes;
  return {
    minutes: keep(before.minutes, point, KEPT.minutes),
    fiveMinutes,
    halfHours,
    originMs,
    ...(busySinceMs !== undefined && { busySinceMs }),
    ...(lowestBytes !== undefined && { lowestBytes }),
    counters: {
      finishedRequests: sample.finishedRequests ?? before.counters.finishedRequests,
      steps: sample.steps ?? before.counters.steps,
    },
  };
}

/** A counter that falls was reset (DESIGN: the server restarted), so what it shows is all growth. */
function grown(
  total: number | undefined,
  before: number | undefined,
  now: number | undefined,
): number | undefined {
  if (now === undefined) return undefined;
  if (total === undefined || before === undefined) return 0;
  return total + (now >= before ? now - before : now);
}

function isBusy({ inFlight, requests }: LeakPoint): boolean {
  return (inFlight ?? 0) > 0 || (requests ?? 0) > 0;
}

function lower(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

/** The newest figure that is known: a page may miss a minute. */
function lastOf({ minutes, fiveMinutes }: LeakHistory, field: 'requests' | 'steps'): number | undefined {
  return (
    minutes.findLast((point) => point[field] !== undefined)?.[field] ??
    fiveMinutes.findLast((point) => point[field] !== undefined)?.[field]
  );
}

function upTo(history: LeakHistory, atMs: number): LeakHistory {
  const newest = history.minutes.at(-1);
  if (newest === undefined || newest.atMs < atMs) return history;
  const earlier = (points: readonly LeakPoint[]): readonly LeakPoint[] =>
    points.filter((point) => point.atMs < atMs);
  return {
    ...history,
    minutes: earlier(history.minutes),
    fiveMinutes: earlier(history.fiveMinutes),
    halfHours: earlier(history.halfHours),
  };
}

function keep(points: readonly LeakPoint[], next: LeakPoint, most: number): readonly LeakPoint[] {
  return [...(points.length < most ? points : points.slice(points.length - most + 1)), next];
}

function merged(points: readonly LeakPoint[]): LeakPoint {
  const middle = (field: keyof LeakPoint): number | undefined =>
    median(points.flatMap((point) => point[field] ?? []));
  const idle = points.flatMap(({ idleKvCacheUsage }) => idleKvCacheUsage ?? []);
  return {
    atMs: middle('atMs') ?? 0,
    workingSetBytes: middle('workingSetBytes'),
    apiServerResidentBytes: middle('apiServerResidentBytes'),
    requests: middle('requests'),
    steps: middle('steps'),
    inFlight: middle('inFlight'),
    idleKvCacheUsage: idle.length > 0 ? Math.min(...idle) : undefined,
  };
}
