import { describeDistribution, type Distribution } from './distribution.ts';
import {
  latenciesOf,
  type FailureReason,
  type RequestLatencies,
  type RequestRecord,
} from './request-record.ts';
import { summarizeSchedule, type Schedule, type ScheduleSummary } from './schedule.ts';

/** Upper limits in milliseconds; one that is undefined is not asked for. */
export interface LatencyObjectives {
  readonly ttftMs?: number;
  readonly tpotMs?: number;
  readonly e2eMs?: number;
}

export interface Goodput {
  readonly goodRequests: number;
  /** Of all scheduled requests: a failed one is a bad one. Undefined for an empty schedule. */
  readonly ratio: number | undefined;
}

export interface LoadReport {
  readonly planned: ScheduleSummary;
  readonly completed: number;
  readonly failed: number;
  readonly failures: Readonly<Partial<Record<FailureReason, number>>>;
  /**
   * Over the planned window only: what completes in the drain after it would flatter the rate. Undefined for a window
   * without length.
   */
  readonly completedPerSecond: number | undefined;
  /** Undefined too when an answer came without usage. */
  readonly outputTokensPerSecond: number | undefined;
  /** Of completed requests, in milliseconds. */
  readonly latencies: Readonly<Record<keyof RequestLatencies, Distribution>>;
  readonly goodput: Goodput;
}

/** Sums a run up. `records` holds one record for each request of the schedule. */
export function summarizeLoad(
  schedule: Schedule,
  records: readonly RequestRecord[],
  objectives: LatencyObjectives = {},
): LoadReport {
  const completed = records.filter((record) => record.outcome.ok);
  const inWindow = completed.filter((record) => record.endMs <= schedule.durationMs);
  const perSecond = (count: number): number | undefined =>
    schedule.durationMs > 0 ? (count * 1000) / schedule.durationMs : undefined;
  const goodRequests = completed.filter((record) => meets(record, objectives)).length;
  return {
    planned: summarizeSchedule(schedule),
    completed: completed.length,
    failed: records.length - completed.length,
    failures: countFailures(records),
    completedPerSecond: perSecond(inWindow.length),
    outputTokensPerSecond: inWindow.every((record) => record.usage !== undefined)
      ? perSecond(inWindow.reduce((sum, record) => sum + (record.usage?.completionTokens ?? 0), 0))
      : undefined,
    latencies: describeLatencies(completed),
    goodput: {
      goodRequests,
      ratio: schedule.requests.length === 0 ? undefined : goodRequests / schedule.requests.length,
    },
  };
}

function countFailures(records: readonly RequestRecord[]): LoadReport['failures'] {
  const counts: Partial<Record<FailureReason, number>> = {};
  for (const { outcome } of records) {
    if (!outcome.ok) counts[outcome.reason] = (counts[outcome.reason] ?? 0) + 1;
  }
  return counts;
}

function describeLatencies(completed: readonly RequestRecord[]): LoadReport['latencies'] {
  const all = completed.map(latenciesOf);
  const of = (name: keyof RequestLatencies): Distribution =>
    describeDistribution(all.map((latencies) => latencies[name]));
  return {
    dispatchDelayMs: of('dispatchDelayMs'),
    ttftMs: of('ttftMs'),
    ttftSchedMs: of('ttftSchedMs'),
    tpotMs: of('tpotMs'),
    e2eMs: of('e2eMs'),
    e2eSchedMs: of('e2eSchedMs'),
  };
}

/**
 * Whether a completed request met every objective; judged from when it was due. A latency that is missing is a missed
 * objective, but for the time per output token of an answer that has only one.
 */
function meets(record: RequestRecord, objectives: LatencyObjectives): boolean {
  const latencies = latenciesOf(record);
  const within = (value: number | undefined, limit: number | undefined): boolean =>
    limit === undefined || (value !== undefined && value <= limit);
  const oneToken = record.usage !== undefined && record.usage.completionTokens <= 1;
  return (
    within(latencies.ttftSchedMs, objectives.ttftMs) &&
    within(latencies.e2eSchedMs, objectives.e2eMs) &&
    (oneToken || within(latencies.tpotMs, objectives.tpotMs))
  );
}
