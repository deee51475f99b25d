import { climbOf, timeToLimit, type Climb, type ClimbPoint } from './climb.ts';
import { evidenceOf, objectionTo, type Demands, type Objection } from './judge-climb.ts';
import { WARM_UP_MS, type LeakHistory, type LeakPoint } from './leak-history.ts';
import { memoryGrowthText, memoryLeakText, type LimitOf } from './leak-text.ts';
import { robustLine } from './statistics.ts';
import { bytes, span } from './text.ts';
import type { Confidence, LeakEvidence, LeakVerdict } from './verdict.ts';

/** What is known of an engine beside its samples. Times in milliseconds since the epoch. */
export interface MemoryContext {
  /** Where its memory ends: its container's limit, else what its node can give. */
  readonly limit?: { readonly bytes: number; readonly of: LimitOf } | undefined;
  /** What it may grow by rights: `--kv-offloading-size`, the multimodal cache. */
  readonly allowedGrowthBytes: number;
  /** When the container that runs now first passed its readiness probe: loading is over, older samples are not its own. */
  readonly startedAtMs: number;
  /** The end of the last time in which nobody looked: growth since is judged, what was before is only where it has been. */
  readonly unbrokenSinceMs?: number | undefined;
  /** When it first had a request; absent while it has had none. */
  readonly firstTrafficAtMs?: number | undefined;
}

const MINUTE_MS = 60_000;
const HALF_HOUR_MS = 30 * MINUTE_MS;
const HOUR_MS = 60 * MINUTE_MS;
/** Without a working set for so long there is nothing to judge. */
const STALE_MS = 15 * MINUTE_MS;
/** A configured cache takes a little more than its contents. */
const ALLOWANCE_MARGIN = 1.1;

/** Growth of 0.45 of what is left: 0.31 of the way is gone. */
const STEADY: Demands = {
  significance: 2.5,
  growthShare: 0.45,
  scatter: 0.1,
  netOfLoad: 0.5,
  // A leak by time under traffic that triples climbs by request at a third of its pace.
  otherPace: 0,
};
const STEADY_WINDOWS_MS = [1, 2, 4, 8, 16, 24, 48].map((hours) => hours * HOUR_MS);
/** The windows that five-minute points cover. */
const FINE_WINDOW_MS = 8 * HOUR_MS;
const LEAST_STEADY_POINTS = 10;

/**
 * Near the limit a quarter to half an hour must do. A quarter of what is left within fifteen minutes means an hour to go,
 * within thirty minutes two hours. Shorter windows take files that are read anew for a leak.
 */
const FAST: Demands = { ...STEADY, significance: 2, growthShare: 0.25, scatter: 0.05 };
/** While first requests still take memory: six tenths of the way gone. */
const FAST_AT_WARM_UP: Demands = { ...FAST, growthShare: 1.5 };
const FAST_WINDOWS_MS = [15, 20, 25, 30].map((minutes) => minutes * MINUTE_MS);
const FAST_HORIZON_MS = 2 * HOUR_MS;
/** One sample in ten may be missing. */
const FAST_DENSITY = 0.9;

/** Agreement of the API server's resident memory that confirms a leak: its slope over the working set's. */
const CONFIRMING_SHARE = 0.5;

/**
 * Whether the memory of an engine's host climbs to its limit (signature HostMemoryLeak; docs/signatures.md).
 * Costs a tenth of a millisecond for an engine that does not grow, and five at worst.
 */
export function judgeHostMemory(history: LeakHistory, context: MemoryContext, nowMs: number): LeakVerdict {
  const { limit } = context;
  if (limit === undefined)
    return neither('NotObservable', 'NoLimit', 'neither a memory limit nor the memory of its node is known');
  const minutes = since(history.minutes, context.startedAtMs);
  const newest = minutes.findLast(({ value }) => value !== undefined);
  if (newest === undefined || nowMs - newest.atMs > STALE_MS) return unseen(newest, nowMs);
  const judge: Judge = { history, context, limitBytes: limit.bytes, nowMs };
  return fastLeak(judge) ?? steadyLeak(judge);
}

interface Judge {
  readonly history: LeakHistory;
  readonly context: MemoryContext;
  readonly limitBytes: number;
  readonly nowMs: number;
}

/** The limit is near: no hour of samples, warm-up or not. */
function fastLeak(judge: Judge): LeakVerdict | undefined {
  const { history, context, limitBytes, nowMs } = judge;
  const all = beyondAllowance(since(history.minutes, context.startedAtMs), judge);
  const before = since(history.fiveMinutes, context.startedAtMs);
  const warmAtMs = Math.max(context.startedAtMs, context.firstTrafficAtMs ?? nowMs) + WARM_UP_MS;
  for (const lengthMs of FAST_WINDOWS_MS) {
    const fromMs = nowMs - lengthMs;
    const window = watchedSince(all, fromMs, context);
    if (window.length * MINUTE_MS < FAST_DENSITY * lengthMs) return undefined;
    const demands = fromMs < warmAtMs ? FAST_AT_WARM_UP : FAST;
    const climb = climbOf(window, limitBytes);
    if (climb === undefined || climb.growth < demands.growthShare * climb.remaining) continue;
    if (timeToLimit(climb).expectedMs > FAST_HORIZON_MS) continue;
    const earlier = earlierThan([...before, ...all], window);
    if (objectionTo(climb, earlier, demands) === undefined) return leaking(judge, climb, 'FastLeak');
  }
  return undefined;
}

function steadyLeak(judge: Judge): LeakVerdict {
  const { context, nowMs } = judge;
  const { firstTrafficAtMs } = context;
  if (firstTrafficAtMs === undefined)
    return neither(
      'WarmingUp',
      'NoTrafficYet',
      'it has had no request yet: what it takes at the first ones is still to come',
    );
  const warmAtMs = Math.max(context.startedAtMs, firstTrafficAtMs) + WARM_UP_MS;
  const fine = warm(judge.history.fiveMinutes, warmAtMs, judge);
  if (nowMs < warmAtMs || fine.seen < LEAST_STEADY_POINTS)
    return neither(
      'WarmingUp',
      'WindowTooShort',
      `${span(Math.max(0, nowMs - warmAtMs))} since its warm-up, an hour of samples is needed`,
    );
  if (fine.points.length < LEAST_STEADY_POINTS)
    return neither(
      'Quiet',
      'WithinAllowance',
      `its growth is within the ${bytes(context.allowedGrowthBytes)} of its caches`,
    );
  const coarse = warm(judge.history.halfHours, warmAtMs, judge);
  return overWindows(judge, fine.points, coarse.points);
}

/**
 * A leak in one window, unless a longer one shows that it levels off; else the objection of the longest window that has
 * something to object to, the open ones first.
 */
function overWindows(judge: Judge, fine: readonly ClimbPoint[], coarse: readonly ClimbPoint[]): LeakVerdict {
  const judged = climbsOf(judge, fine, coarse).map(({ climb, window }) => ({
    climb,
    objection: objectionTo(climb, earlierThan(coarse, window), STEADY),
  }));
  const longestFirst = judged.toReversed();
  const decisive = longestFirst.find(
    ({ objection }) => objection === undefined || objection.reason === 'Plateau',
  );
  if (decisive !== undefined && decisive.objection === undefined)
    return leaking(judge, decisive.climb, 'SteadyLeak');
  const overruled = longestFirst.flatMap(({ climb, objection }) =>
    objection === undefined ? [] : [{ climb, objection }],
  );
  const open = overruled.find(({ objection }) => objection.kind === 'Open');
  if (open !== undefined) return { ...described(open), state: 'Suspected', confidence: 'Low' };
  const [innocent] = overruled;
  return innocent === undefined
    ? neither('Quiet', 'NoGrowth', 'its memory does not grow')
    : { ...described(innocent), state: 'Quiet' };
}

/** The climbs of all windows that tell apart, shortest first. */
function climbsOf(
  { context, nowMs, limitBytes }: Judge,
  fine: readonly ClimbPoint[],
  coarse: readonly ClimbPoint[],
): readonly { readonly climb: Climb; readonly window: readonly ClimbPoint[] }[] {
  let covered = 0;
  return STEADY_WINDOWS_MS.flatMap((lengthMs) => {
    const points = lengthMs <= FINE_WINDOW_MS ? fine : coarse;
    const window = watchedSince(points, nowMs - lengthMs, context);
    const length = nowMs - (window[0]?.atMs ?? nowMs);
    // A window that holds hardly more than the last one has nothing new to say.
    if (window.length < LEAST_STEADY_POINTS || length < 1.2 * covered) return [];
    covered = length;
    const climb = climbOf(window, limitBytes);
    return climb === undefined ? [] : [{ climb, window }];
  });
}

interface Overruled {
  readonly climb: Climb;
  readonly objection: Objection;
}

function described({ climb, objection }: Overruled): {
  readonly reason: string;
  readonly message: string;
  readonly evidence: LeakEvidence;
} {
  const evidence = evidenceOf(climb);
  return {
    reason: objection.reason,
    message: `${memoryGrowthText(evidence)}, but ${objection.because}`,
    evidence,
  };
}

function leaking(judge: Judge, climb: Climb, reason: 'FastLeak' | 'SteadyLeak'): LeakVerdict {
  const evidence = evidenceOf(climb);
  const message = memoryLeakText(evidence, judge.context.limit?.of ?? 'Container');
  return {
    state: 'Leaking',
    reason,
    message,
    evidence,
    confidence: confidenceOf(judge.history, climb, evidence),
  };
}

/** High where the API server's own memory climbs too. Other processes hold the rest, so that it stays flat says nothing. */
function confidenceOf(history: LeakHistory, { line }: Climb, { fromMs, toMs }: LeakEvidence): Confidence {
  const points = (toMs - fromMs < HALF_HOUR_MS ? history.minutes : history.fiveMinutes).flatMap(
    ({ atMs, apiServerResidentBytes: value }) =>
      value === undefined || atMs < fromMs ? [] : [{ atMs, value }],
  );
  const own = robustLine(
    points.map(({ atMs }) => atMs - fromMs),
    points.map(({ value }) => value),
  );
  return own !== undefined && own.low > 0 && own.slope >= CONFIRMING_SHARE * line.slope ? 'High' : 'Medium';
}

/** Points with a working set since the warm-up, and those of them that no cache explains. */
function warm(
  points: readonly LeakPoint[],
  fromMs: number,
  judge: Judge,
): { seen: number; points: readonly ClimbPoint[] } {
  const seen = since(points, fromMs);
  return { seen: seen.length, points: beyondAllowance(seen, judge) };
}

/** What came after the last time that the growth was within what its caches may take. */
function beyondAllowance(points: readonly ClimbPoint[], { context, history }: Judge): readonly ClimbPoint[] {
  if (context.allowedGrowthBytes === 0) return points;
  const floor = points.reduce((least, { value }) => Math.min(least, value), history.lowestBytes ?? Infinity);
  const allowed = floor + ALLOWANCE_MARGIN * context.allowedGrowthBytes;
  return points.slice(points.findLastIndex(({ value }) => value <= allowed) + 1);
}

function since(points: readonly LeakPoint[], fromMs: number): readonly ClimbPoint[] {
  return points.flatMap(({ atMs, workingSetBytes: value, inFlight: load, requests }) =>
    atMs < fromMs || value === undefined ? [] : [{ atMs, value, load, requests }],
  );
}

/** The points after an instant, none from before a gap. */
function watchedSince(
  points: readonly ClimbPoint[],
  fromMs: number,
  { unbrokenSinceMs = -Infinity }: MemoryContext,
): readonly ClimbPoint[] {
  return points.filter(({ atMs }) => atMs > fromMs && atMs >= unbrokenSinceMs);
}

function earlierThan(points: readonly ClimbPoint[], window: readonly ClimbPoint[]): readonly ClimbPoint[] {
  const fromMs = window[0]?.atMs ?? Infinity;
  return points.filter(({ atMs }) => atMs < fromMs);
}

function unseen(newest: ClimbPoint | undefined, nowMs: number): LeakVerdict {
  const since = newest === undefined ? 'has never been told' : `was told ${span(nowMs - newest.atMs)} ago`;
  return neither(
    'NotObservable',
    'NoWorkingSet',
    `its working set ${since}: is the metrics API (metrics-server) there?`,
  );
}

function neither(
  state: 'NotObservable' | 'WarmingUp' | 'Quiet',
  reason: string,
  message: string,
): LeakVerdict {
  return { state, reason, message };
}
