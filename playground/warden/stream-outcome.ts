import type { RequestRecord } from '../../src/loadtest/plan/request-record.ts';

/**
 * What became of a stream, as its user sees it. `Failed`: no answer, or an error in place of one, which a client may
 * send again elsewhere. `Cut`: some of an answer, and not its end. `Hung`: no end within the time-out. `Unfinished`: the
 * client itself stopped.
 */
export type StreamOutcome = 'Ok' | 'Failed' | 'Cut' | 'Hung' | 'Unfinished';

/** vLLM's finish reason of a request that it gave up at its own end (0.18 to 0.20 at SIGTERM). */
const ABORTED = 'abort';

export function streamOutcome({ outcome, firstTokenMs, httpStatus }: RequestRecord): StreamOutcome {
  if (outcome.ok) {
    // With a 200, an end without a reason is no end: 0.18 closes queued streams so when it stops.
    return outcome.finishReason === undefined || outcome.finishReason === ABORTED ? 'Cut' : 'Ok';
  }
  switch (outcome.reason) {
    case 'Cancelled':
      return 'Unfinished';
    case 'TimedOut':
      return 'Hung';
    case 'StreamCut':
    case 'StreamError':
      return 'Cut';
    case 'ConnectionLost':
    case 'BadResponse':
      return firstTokenMs === undefined && httpStatus === undefined ? 'Failed' : 'Cut';
    case 'ClientOverrun':
    case 'ConnectFailed':
    case 'HttpError':
    case 'NoTarget':
      return 'Failed';
  }
}
