import type { ProjectedLimit } from '../verdict.ts';
import type { LeakEvidence } from './verdict.ts';

/**
 * The judges think in hours. Where `windowMinutes` says that an hour is shorter or longer, they are told times that run
 * as much faster or slower since the engine's start, and what they answer is told in real times again.
 */
export interface JudgesTime {
  readonly startedAtMs: number;
  readonly windowMinutes: number;
}

const HOUR_MINUTES = 60;
const YEAR_MS = 365 * 24 * 3_600_000;

/** A minute of the judges, in real milliseconds. */
export function minuteMs(windowMinutes: number): number {
  return (windowMinutes * 60_000) / HOUR_MINUTES;
}

export function toJudges({ startedAtMs, windowMinutes }: JudgesTime, atMs: number): number {
  return startedAtMs + ((atMs - startedAtMs) * HOUR_MINUTES) / windowMinutes;
}

function toReal({ startedAtMs, windowMinutes }: JudgesTime, atMs: number): number {
  return startedAtMs + ((atMs - startedAtMs) * windowMinutes) / HOUR_MINUTES;
}

/** What was found, in real times. */
export function realEvidence(time: JudgesTime, evidence: LeakEvidence): LeakEvidence {
  const speed = HOUR_MINUTES / time.windowMinutes;
  const { expectedMs, earliestMs, latestMs } = evidence.timeToLimit;
  return {
    ...evidence,
    fromMs: toReal(time, evidence.fromMs),
    toMs: toReal(time, evidence.toMs),
    perHour: evidence.perHour * speed,
    perHourLow: evidence.perHourLow * speed,
    perHourHigh: evidence.perHourHigh * speed,
    timeToLimit: {
      expectedMs: expectedMs / speed,
      earliestMs: earliestMs / speed,
      latestMs: latestMs / speed,
    },
  };
}

/** When the limit is reached, by evidence in real times. A year stands for never, so that each end is a date. */
export function limitOf({ timeToLimit }: LeakEvidence, nowMs: number): ProjectedLimit {
  const at = (ms: number): number => nowMs + Math.round(Math.min(ms, YEAR_MS));
  return {
    expectedMs: at(timeToLimit.expectedMs),
    earliestMs: at(timeToLimit.earliestMs),
    latestMs: at(timeToLimit.latestMs),
  };
}
