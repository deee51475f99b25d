import { climbOf, type Climb, type ClimbPoint } from './climb.ts';
import { evidenceOf, objectionTo, type Demands } from './judge-climb.ts';
import type { LeakHistory, LeakPoint } from './leak-history.ts';
import { kvGrowthText, kvLeakText } from './leak-text.ts';
import { percent, span } from './text.ts';
import type { LeakVerdict } from './verdict.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** The whole cache; usage is a share of it. */
const FULL = 1;
/** Idle engines before 0.10.2 show their null block, and a share below this is not worth a restart. */
const LEAST_FLOOR = 0.05;
const LEAST_WINDOWS = 8;
const LEAST_SPAN_MS = 2 * HOUR_MS;
/**
 * Less of the way than for memory: an idle engine holds no block at all, but for those kept for a transfer. These grow with the
 * traffic, which a few idle times measure badly: by request they climb ever slower.
 */
const DEMANDS: Demands = {
  significance: 2.5,
  growthShare: 0.3,
  scatter: 0.1,
  netOfLoad: 0.5,
  otherPace: 0.55,
};

/**
 * Whether KV blocks are lost (signature KVBlockLeak; docs/signatures.md): whether the usage that is left when no request
 * is in flight rises from one idle time to the next, by more than what the traffic before it explains (blocks held for a
 * transfer grow with it). Idle times between which the engine took no step are one: its gauges are pushed by steps, and
 * stand still without.
 */
export function judgeKvBlocks(history: LeakHistory, startedAtMs: number, nowMs: number): LeakVerdict {
  const fine = idleTimes(history.fiveMinutes, startedAtMs);
  const coarse = idleTimes(history.halfHours, startedAtMs);
  if (fine.length === 0 && coarse.length === 0) return neverIdle(history, startedAtMs, nowMs);
  const verdicts = [judgeWindow(fine, coarse), judgeWindow(coarse, [])].flatMap((verdict) => verdict ?? []);
  const worst =
    verdicts.find(({ state }) => state === 'Leaking') ??
    verdicts.find(({ state }) => state === 'Suspected') ??
    verdicts[0];
  if (worst !== undefined) return worst;
  const floor = (fine.at(-1) ?? coarse.at(-1))?.value ?? 0;
  const message = `KV usage in idle is ${percent(floor)} and does not rise over ${fine.length} idle times`;
  return { state: 'Quiet', reason: 'NoGrowth', message };
}

/** Undefined where there is nothing to judge: too few idle times, or a floor that is low or flat. */
function judgeWindow(points: readonly ClimbPoint[], all: readonly ClimbPoint[]): LeakVerdict | undefined {
  const fromMs = points[0]?.atMs ?? 0;
  const spanMs = (points.at(-1)?.atMs ?? 0) - fromMs;
  if (points.length < LEAST_WINDOWS || spanMs < LEAST_SPAN_MS) return undefined;
  const climb = climbOf(points, FULL);
  if (climb === undefined || climb.level < LEAST_FLOOR) return undefined;
  return judged(
    climb,
    all.filter(({ atMs }) => atMs < fromMs),
  );
}

function judged(climb: Climb, earlier: readonly ClimbPoint[]): LeakVerdict {
  const objection = objectionTo(climb, earlier, DEMANDS);
  const evidence = evidenceOf(climb);
  const reason = objection?.reason ?? 'FloorRises';
  if (objection === undefined) {
    return { state: 'Leaking', reason, message: kvLeakText(evidence), evidence, confidence: 'Medium' };
  }
  const message = `${kvGrowthText(evidence)}, but ${objection.because}`;
  return objection.kind === 'Open'
    ? { state: 'Suspected', reason, message, evidence, confidence: 'Low' }
    : { state: 'Quiet', reason, message, evidence };
}

function neverIdle(history: LeakHistory, startedAtMs: number, nowMs: number): LeakVerdict {
  const told = history.fiveMinutes.filter(({ atMs }) => atMs >= startedAtMs);
  const isYoung = nowMs - startedAtMs < LEAST_SPAN_MS;
  if (isYoung) return { state: 'WarmingUp', reason: 'WindowTooShort', message: 'no idle time yet' };
  const message = `no idle time in the last ${span(nowMs - (told[0]?.atMs ?? startedAtMs))}: what KV blocks are lost cannot be told from those in use`;
  return { state: 'NotObservable', reason: 'NeverIdle', message };
}

/** The idle floors, each after steps that came after the one before; their load is the traffic since then. */
function idleTimes(points: readonly LeakPoint[], fromMs: number): readonly ClimbPoint[] {
  const idle: ClimbPoint[] = [];
  let before: LeakPoint | undefined;
  for (const point of points) {
    const { atMs, idleKvCacheUsage: value, steps, requests } = point;
    if (atMs < fromMs || value === undefined || steps === undefined) continue;
    if (before?.steps !== undefined && steps <= before.steps) continue;
    if (before !== undefined) idle.push({ atMs, value, load: perMinute(before, point), requests });
    before = point;
  }
  return idle;
}

function perMinute(before: LeakPoint, now: LeakPoint): number | undefined {
  if (before.requests === undefined || now.requests === undefined) return undefined;
  return ((now.requests - before.requests) * MINUTE_MS) / (now.atMs - before.atMs);
}
