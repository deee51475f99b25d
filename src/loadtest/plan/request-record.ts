import type { ScheduledRequest } from './schedule.ts';

/** Why a request did not complete. */
export type FailureReason =
  /** The client waited for a free slot (`maxInFlight`) until the time-out had passed. */
  | 'ClientOverrun'
  /** No endpoint was known when the request was due. */
  | 'NoTarget'
  | 'ConnectFailed'
  | 'ConnectionLost'
  | 'TimedOut'
  | 'HttpError'
  /** HTTP 200, then an error instead of a token. */
  | 'StreamError'
  /** The stream ended without `[DONE]`. */
  | 'StreamCut'
  | 'BadResponse'
  | 'Cancelled';

export type RequestOutcome =
  | { readonly ok: true; readonly finishReason: string | undefined }
  | { readonly ok: false; readonly reason: FailureReason; readonly message: string };

/**
 * What happened to one request. Times are milliseconds since the start of the run on a monotonic clock; what did not
 * happen is undefined.
 */
export interface RequestRecord extends ScheduledRequest {
  /** The endpoint that was picked. */
  readonly target: string | undefined;
  /** The request was handed to the connection, which may still have to be opened. */
  readonly sentMs: number | undefined;
  /** The first and the last chunk that carried a token; role, finish and usage chunks do not count. */
  readonly firstTokenMs: number | undefined;
  readonly lastTokenMs: number | undefined;
  /** The outcome was known. */
  readonly endMs: number;
  readonly httpStatus: number | undefined;
  /** Chunks that carried tokens; one may carry several. */
  readonly chunks: number;
  /** What the engine counted, from the usage chunk. */
  readonly usage: TokenUsage | undefined;
  readonly outcome: RequestOutcome;
}

export interface TokenUsage {
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/**
 * The latencies of one request in milliseconds, by the definitions that vLLM's own benchmark uses. Those that end in
 * `Sched` count from when the request was due, so a late client cannot hide a slow server (the rule of wrk2).
 */
export interface RequestLatencies {
  readonly dispatchDelayMs: number | undefined;
  readonly ttftMs: number | undefined;
  readonly ttftSchedMs: number | undefined;
  /** Time per output token after the first; undefined for an answer of one token. */
  readonly tpotMs: number | undefined;
  readonly e2eMs: number | undefined;
  readonly e2eSchedMs: number | undefined;
}

export function latenciesOf(record: RequestRecord): RequestLatencies {
  const { atMs, sentMs, firstTokenMs, lastTokenMs } = record;
  const tokens = record.usage?.completionTokens ?? 0;
  const decodeMs = between(firstTokenMs, lastTokenMs);
  return {
    dispatchDelayMs: between(atMs, sentMs),
    ttftMs: between(sentMs, firstTokenMs),
    ttftSchedMs: between(atMs, firstTokenMs),
    tpotMs: tokens > 1 && decodeMs !== undefined ? decodeMs / (tokens - 1) : undefined,
    e2eMs: between(sentMs, lastTokenMs),
    e2eSchedMs: between(atMs, lastTokenMs),
  };
}

function between(startMs: number | undefined, endMs: number | undefined): number | undefined {
  return startMs === undefined || endMs === undefined ? undefined : endMs - startMs;
}
