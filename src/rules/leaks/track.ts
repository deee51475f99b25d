import { minuteMs, toJudges, type JudgesTime } from './judges-time.ts';
import { NO_LEAK_HISTORY, rememberMinute, type LeakHistory, type LeakPoint } from './leak-history.ts';
import { minuteSample, type Reading } from './minute-sample.ts';

/** One engine's minutes, at one length of an hour. */
export interface LeakTrack {
  readonly windowMinutes: number;
  /** The minute under way, counted from the engine's start. */
  readonly minute: number;
  /** What was read in it so far. */
  readonly readings: readonly Reading[];
  /** The minutes that have ended, in the judges' time. */
  readonly history: LeakHistory;
  /** Since when, in the judges' time, no gap has been in the working sets, and in the samples. */
  readonly memorySinceMs?: number;
  readonly samplesSinceMs?: number;
}

/** Something read, and when. */
export interface Read {
  readonly atMs: number;
  readonly reading: Reading;
}

export function newTrack(time: JudgesTime, nowMs: number): LeakTrack {
  return {
    windowMinutes: time.windowMinutes,
    minute: minuteOf(time, nowMs),
    readings: [],
    history: NO_LEAK_HISTORY,
  };
}

/** What was read shortly before stands for what was not read in a minute: memory for so many of the judges' minutes. */
const MEMORY_STANDS_MINUTES = 1.5;
/** A page for so long at least, as everywhere: short minutes may lie between two pages. */
const PAGE_STANDS_MS = 15_000;
/**
 * Growth between two samples that are farther apart is not looked at: nobody saw how it came. In the judges' time, as all
 * times of a track.
 */
const GAP_MS = 30 * 60_000;

/** The newest that was read of each kind. */
export interface Newest {
  readonly page?: Read;
  readonly memory?: Read;
}

/**
 * The track with what was read since the last time. A minute that has ended becomes a sample.
 *
 * @param before the newest before these readings
 */
export function follow(
  track: LeakTrack,
  startedAtMs: number,
  readings: readonly Reading[],
  before: Newest,
  nowMs: number,
): LeakTrack {
  const time = { startedAtMs, windowMinutes: track.windowMinutes };
  const minute = minuteOf(time, nowMs);
  if (minute === track.minute)
    return readings.length === 0 ? track : { ...track, readings: [...track.readings, ...readings] };
  const lengthMs = minuteMs(track.windowMinutes);
  const endMs = startedAtMs + (track.minute + 1) * lengthMs;
  const memoryStandsMs = MEMORY_STANDS_MINUTES * lengthMs;
  const standIns = [
    ...standIn(before.page, endMs, Math.max(PAGE_STANDS_MS, memoryStandsMs)),
    ...standIn(before.memory, endMs, memoryStandsMs),
  ];
  return { ...ended(track, toJudges(time, endMs), standIns), minute, readings };
}

/** What was read last before the end of a minute, if that was not long ago; nothing where the clock was set back. */
function standIn(read: Read | undefined, endMs: number, standsMs: number): readonly Reading[] {
  return read !== undefined && read.atMs <= endMs && endMs - read.atMs <= standsMs ? [read.reading] : [];
}

function minuteOf({ startedAtMs, windowMinutes }: JudgesTime, atMs: number): number {
  return Math.floor((atMs - startedAtMs) / minuteMs(windowMinutes));
}

/** The track with the sample of the minute that ended then; as it was if nothing was read in it. */
function ended(track: LeakTrack, atMs: number, standIns: readonly Reading[]): LeakTrack {
  const lacks = (reading: Reading): boolean =>
    Object.keys(reading).every((field) => track.readings.every((known) => !(field in known)));
  const sample = minuteSample(atMs, [...track.readings, ...standIns.filter(lacks)]);
  if (sample === undefined) return track;
  const lastMemoryMs = lastAt(track.history, (point) => point.workingSetBytes !== undefined);
  const lastMs = lastAt(track.history, () => true);
  return {
    ...track,
    history: rememberMinute(track.history, sample),
    ...(sample.workingSetBytes !== undefined && {
      memorySinceMs: unbroken(track.memorySinceMs, lastMemoryMs, atMs),
    }),
    samplesSinceMs: unbroken(track.samplesSinceMs, lastMs, atMs),
  };
}

function lastAt({ minutes }: LeakHistory, has: (point: LeakPoint) => boolean): number | undefined {
  return minutes.findLast(has)?.atMs;
}

function unbroken(sinceMs: number | undefined, lastMs: number | undefined, atMs: number): number {
  return sinceMs === undefined || lastMs === undefined || Math.abs(atMs - lastMs) > GAP_MS ? atMs : sinceMs;
}
