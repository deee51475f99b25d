import { bytes, percent, span } from './text.ts';
import type { LeakEvidence } from './verdict.ts';

/** Whose memory ends where a leak of host memory does. */
export type LimitOf = 'Container' | 'Node';

/** `memory grew by 600 MiB an hour (102 KiB a request) over 7 h, to 10.2 GiB`. */
export function memoryGrowthText({ perHour, perRequest, fromMs, toMs, level }: LeakEvidence): string {
  const each = perRequest === undefined || perRequest <= 0 ? '' : ` (${bytes(perRequest)} a request)`;
  return `memory grew by ${bytes(perHour)} an hour${each} over ${span(toMs - fromMs)}, to ${bytes(level)}`;
}

/** What is said of a leak of host memory. */
export function memoryLeakText(evidence: LeakEvidence, of: LimitOf): string {
  const whose = of === 'Node' ? "its node's" : 'its limit of';
  return `${memoryGrowthText(evidence)} without levelling off; ${whose} ${bytes(evidence.limit)} is reached in ${inTime(evidence)}`;
}

/** `KV usage in idle rose by 4.2 % of the cache an hour over 16 idle times in 8 h, to 38 %`. */
export function kvGrowthText({ perHour, samples, fromMs, toMs, level }: LeakEvidence): string {
  return `KV usage in idle rose by ${percent(perHour)} of the cache an hour over ${samples} idle times in ${span(toMs - fromMs)}, to ${percent(level)}`;
}

/** What is said of a leak of KV blocks. */
export function kvLeakText(evidence: LeakEvidence): string {
  return `${kvGrowthText(evidence)}; the cache is full in ${inTime(evidence)}`;
}

function inTime({ timeToLimit: { expectedMs, earliestMs, latestMs } }: LeakEvidence): string {
  return `${span(expectedMs)} (${span(earliestMs)} to ${span(latestMs)})`;
}
