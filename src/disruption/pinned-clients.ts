import { finished, inside } from '../signals/requests.ts';
import { increase, type Read, type Window } from '../signals/window.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';

/** Data planes follow the EndpointSlices within seconds; who still sends after that keeps a connection or an address. */
const LAG_MS = 15_000;

/**
 * Requests that came to an engine later than 15 s after it was taken out of the EndpointSlices, of those that its recent
 * pages show: those that ended and those inside now, without those that were inside before. Of the two counters of ends
 * the one that grew more is believed: only HTTP counts clients that left, only the engine each of several sequences.
 * `undefined` when none came or no page tells.
 */
export function pinnedArrivals(engine: EngineSnapshot, unlistedSinceMs: number): number | undefined {
  const pages = sinceRestart(
    (engine.recentPages ?? []).filter(({ atMs }) => atMs >= unlistedSinceMs + LAG_MS),
  );
  const [first, last] = [pages[0], pages.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const before = inside(first.sample);
  const now = inside(last.sample);
  const byEngine = increase(pages, finished)?.value;
  const overHttp = increase(pages, overHttpEnded)?.value;
  if (before === undefined || now === undefined || (byEngine ?? overHttp) === undefined) return undefined;
  const came = Math.max(byEngine ?? 0, overHttp ?? 0) + now - before;
  return came > 0 ? came : undefined;
}

const overHttpEnded: Read = ({ httpAnswered, httpFailed = 0 }) =>
  httpAnswered === undefined ? undefined : httpAnswered + httpFailed;

/** The pages of the server that runs now: what an earlier one held is lost, not ended. */
function sinceRestart(pages: Window): Window {
  const started = pages.at(-1)?.sample.processStartTimeSeconds;
  return pages.filter(({ sample }) => sample.processStartTimeSeconds === started);
}
