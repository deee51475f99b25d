import { figures, sum, type FleetLoad } from '../fleet-load.ts';
import type { ScalingSettings } from '../types.ts';
import type { Span } from './traffic.ts';

/**
 * The time between two tokens as a line over the running requests of an engine, by least squares: sums of what was
 * seen, each forgotten by half in `HALF_LIFE_SECONDS`.
 */
export interface PaceLine {
  readonly weight: number;
  readonly running: number;
  readonly gapMs: number;
  readonly runningSquared: number;
  readonly runningGapMs: number;
  /** The shortest mean that was seen, and the running requests an engine then. Absent before the first. */
  readonly lowestMs?: number;
  readonly lowestAtRunning?: number;
}

export const NO_PACE: PaceLine = { weight: 0, running: 0, gapMs: 0, runningSquared: 0, runningGapMs: 0 };

const HALF_LIFE_SECONDS = 1800;
/** Fewer gaps than this make no mean. */
const LEAST_GAPS = 100;
/** Looks before a line is drawn. */
const LEAST_WEIGHT = 3;
/** A slope needs running counts that differ: at least this coefficient of variation. */
const LEAST_VARIATION = 0.1;
/** An engine that is slower than its promise even when idle has seats for this share of the promise, not none. */
const LEAST_ROOM = 0.1;
/** A smaller part of the pace than this is noise. */
const LEAST_SHARE_OF_PACE = 0.01;
/** Engines whose every pace was slower than this times the promise were only ever seen overloaded. */
const OVERLOADED = 1.1;
/** Running requests with which an engine has little to do. */
const FEW_RUNNING = 4;

/** Milliseconds a token of an engine with little to do; `undefined` while none had little to do. */
export function idlePaceMs({ lowestMs, lowestAtRunning = Infinity }: PaceLine): number | undefined {
  return lowestAtRunning <= FEW_RUNNING ? lowestMs : undefined;
}

/** What each engine runs; a gauge of a broken page that no engine can reach would stay in the line for ever. */
function runningOf(load: FleetLoad): readonly number[] {
  return figures(load.known, 'running').filter((running) => running <= Number.MAX_SAFE_INTEGER);
}

/** Adds what the fleet shows now: its mean gap over `recent` and its running requests an engine. */
export function learnPace(line: PaceLine, load: FleetLoad, recent: Span, elapsedSeconds: number): PaceLine {
  const told = runningOf(load);
  if (told.length === 0 || recent.flow.gaps < LEAST_GAPS) return line;
  const running = sum(told) / told.length;
  const gapMs = (1000 * recent.flow.gapSeconds) / recent.flow.gaps;
  const kept = 0.5 ** (elapsedSeconds / HALF_LIFE_SECONDS);
  return {
    weight: line.weight * kept + 1,
    running: line.running * kept + running,
    gapMs: line.gapMs * kept + gapMs,
    runningSquared: line.runningSquared * kept + running * running,
    runningGapMs: line.runningGapMs * kept + running * gapMs,
    ...(line.lowestMs === undefined || gapMs < line.lowestMs
      ? { lowestMs: gapMs, lowestAtRunning: running }
      : { lowestMs: line.lowestMs, lowestAtRunning: line.lowestAtRunning ?? running }),
  };
}

/** What an engine can hold at a time, by what is known of it before its limits were ever met. */
export interface Seats {
  /** Running requests, at least 1. */
  readonly count: number;
  /** Time between two tokens when all are taken. */
  readonly gapMs: number;
  readonly boundBy: string;
}

/**
 * The seats of an engine: the least of `maxNumSeqs`, what the KV cache holds at its target (target · ΣR/ΣKV), and
 * what the promised time between tokens leaves room for ((I − a)/b on the line of pace). `undefined` while none of
 * the three is known.
 */
export function seatsOf(line: PaceLine, load: FleetLoad, settings: ScalingSettings): Seats | undefined {
  const { promise, targets, maxNumSeqs } = settings;
  const { lowest, slope } = lineOf(line, promise.interTokenMs);
  const room =
    lowest === undefined ? 0 : Math.max(LEAST_ROOM * promise.interTokenMs, promise.interTokenMs - lowest);
  // A line that hardly rises, by the page of a broken engine, meets the promise at no number: that is no limit.
  const limits = [
    { count: slope > 0 ? room / slope : undefined, by: `${promise.interTokenMs} ms a token` },
    { count: kvSeats(load, targets.kvCacheUsage), by: 'KV cache' },
    { count: maxNumSeqs, by: 'maxNumSeqs' },
  ].flatMap(({ count = Infinity, by }) => (count === Infinity ? [] : [{ count: Math.max(1, count), by }]));
  const least = limits.toSorted((a, b) => a.count - b.count)[0];
  if (least === undefined || lowest === undefined) return undefined;
  const gapMs = Math.min(Math.max(lowest, promise.interTokenMs), lowest + slope * least.count);
  return { count: least.count, gapMs, boundBy: least.by };
}

/**
 * The line to judge by. Engines that were only ever seen overloaded do not tell where it begins: at 0 then, so that
 * their seats are those that they had, in proportion.
 */
function lineOf(
  line: PaceLine,
  promisedMs: number,
): { readonly lowest: number | undefined; readonly slope: number } {
  const { lowestMs, running, gapMs } = line;
  if (lowestMs !== undefined && lowestMs > OVERLOADED * promisedMs && idlePaceMs(line) === undefined)
    return { lowest: 0, slope: gapMs / running };
  return { lowest: lowestMs, slope: slopeOf(line) };
}

/** Milliseconds a token and running request; 0 while nothing tells, and where running requests cost next to nothing. */
function slopeOf({ weight, running, gapMs, runningSquared, runningGapMs, lowestMs }: PaceLine): number {
  if (weight < LEAST_WEIGHT || lowestMs === undefined || running <= 0) return 0;
  const [meanRunning, meanGap] = [running / weight, gapMs / weight];
  const variance = runningSquared / weight - meanRunning ** 2;
  const covariance = runningGapMs / weight - meanRunning * meanGap;
  const isSpread = variance > (LEAST_VARIATION * meanRunning) ** 2;
  const slope = isSpread && covariance > 0 ? covariance / variance : (meanGap - lowestMs) / meanRunning;
  return slope * meanRunning > LEAST_SHARE_OF_PACE * meanGap ? slope : 0;
}

/** A cache that is hardly used tells little of what it holds. */
const LEAST_KV_USED = 0.02;

function kvSeats(load: FleetLoad, target: number): number | undefined {
  const used = sum(figures(load.known, 'kvCacheUsage'));
  const running = sum(runningOf(load));
  return used < LEAST_KV_USED * load.known.length || running === 0 ? undefined : (target * running) / used;
}
