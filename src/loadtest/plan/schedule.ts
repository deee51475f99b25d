/** One request of a load test: when it is due and how large it is. */
export interface ScheduledRequest {
  /** Position in the whole schedule, the same whichever worker sends it. */
  readonly id: number;
  /** Milliseconds since the start of the run. */
  readonly atMs: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
}

/**
 * Every request of a run, computed before it starts: a slow answer can then never delay the next request
 * (coordinated omission), and two runs of one schedule send the same load.
 */
export interface Schedule {
  /** Sorted by `atMs`. */
  readonly requests: readonly ScheduledRequest[];
  /** Length of the planned window, which may end after the last request. */
  readonly durationMs: number;
}

export interface ScheduleSummary {
  readonly requests: number;
  readonly durationMs: number;
  /** Undefined for a window without length. */
  readonly requestsPerSecond: number | undefined;
  /** Undefined when there are no requests. */
  readonly meanPromptTokens: number | undefined;
  readonly meanOutputTokens: number | undefined;
}

export function summarizeSchedule({ requests, durationMs }: Schedule): ScheduleSummary {
  const mean = (tokens: (request: ScheduledRequest) => number): number | undefined =>
    requests.length === 0
      ? undefined
      : requests.reduce((sum, request) => sum + tokens(request), 0) / requests.length;
  return {
    requests: requests.length,
    durationMs,
    requestsPerSecond: durationMs > 0 ? (requests.length * 1000) / durationMs : undefined,
    meanPromptTokens: mean((request) => request.promptTokens),
    meanOutputTokens: mean((request) => request.outputTokens),
  };
}

/**
 * Plays the schedule `factor` times as fast: 2 halves every time and so doubles the rate. Token counts stay.
 * Throws a RangeError for a factor that is not a positive number.
 */
export function atSpeed(schedule: Schedule, factor: number): Schedule {
  if (!(factor > 0 && Number.isFinite(factor))) {
    throw new RangeError(`the speed factor is ${factor}; give a positive number, 1 for the native rate`);
  }
  return {
    requests: schedule.requests.map((request) => ({ ...request, atMs: request.atMs / factor })),
    durationMs: schedule.durationMs / factor,
  };
}

/**
 * The share of worker `index` of `workers`: every `workers`-th request. The shares of all workers together are
 * exactly the schedule, which independent generators in each worker would not be.
 */
export function shareOf(schedule: Schedule, index: number, workers: number): Schedule {
  if (!(Number.isInteger(workers) && Number.isInteger(index) && index >= 0 && index < workers)) {
    throw new RangeError(`worker ${index} of ${workers} does not exist; count workers from 0`);
  }
  return { ...schedule, requests: schedule.requests.filter((_request, at) => at % workers === index) };
}
