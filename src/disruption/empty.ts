import { SERVING } from '../api/v1alpha1/constants.ts';
import type { TimedSample } from '../signals/history.ts';
import { missingAfterMs } from '../signals/page-age.ts';
import { finished, inside } from '../signals/requests.ts';
import type { Window } from '../signals/window.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';

/** What is remembered of an engine that drains. */
export interface DrainWatch {
  /** When it was first seen to be in no EndpointSlice, milliseconds since the epoch. */
  readonly unlistedSinceMs: number;
}

export interface DrainProgress {
  /**
   * - `Listed`: the Service still sends clients there.
   * - `Settling`: proxies and clients that lag may still send there.
   * - `Busy`: holds requests, or nothing tells that it does not.
   * - `Confirming`: holds none, and another page is to show that none comes.
   * - `Empty`: holds none, and none comes.
   */
  readonly state: 'Listed' | 'Settling' | 'Busy' | 'Confirming' | 'Empty';
  readonly message: string;
  /** Requests that it held by its newest page, however old; absent when no page tells. */
  readonly inFlight?: number;
}

/** Pages come on a grid of intervals, but each a few milliseconds late: those of two neighbouring ticks count. */
const INTERVALS_APART = 0.9;

/**
 * How far an engine is that was told to drain. It is empty once it has been in no EndpointSlice for `settleSeconds` and
 * then two pages at least an interval apart show no request inside, and that none ended and no prompt was read between
 * them. Pages tell of nothing else: one that is missing, old, or without the gauges proves nothing. An engine that
 * was never ready has had no request.
 */
export function drainProgress(
  engine: EngineSnapshot,
  { unlistedSinceMs }: Partial<DrainWatch>,
  settleSeconds: number,
  intervalMs: number,
  nowMs: number,
): DrainProgress {
  if (!engine.isListed && (engine.lifecycle === 'Pending' || engine.lifecycle === 'Loading')) {
    return { state: 'Empty', message: 'it is starting, nobody was sent to it' };
  }
  const pages = engine.recentPages ?? [];
  const newest = pages.at(-1);
  const inFlight = newest === undefined ? undefined : inside(newest.sample);
  const at = (state: DrainProgress['state'], message: string): DrainProgress => ({
    state,
    message,
    ...(inFlight !== undefined && { inFlight }),
  });
  const left = inFlight === undefined ? 'an unknown number of requests' : requests(inFlight);
  if (engine.isListed) return at('Listed', `the Service still sends clients to it, ${left} left`);
  const settledMs = (unlistedSinceMs ?? nowMs) + settleSeconds * 1000;
  if (nowMs < settledMs) {
    return at('Settling', `clients that lag have ${seconds(settledMs - nowMs)} more, ${left} left`);
  }
  if (newest === undefined) return at('Busy', 'no page tells whether it still has requests');
  const ageMs = nowMs - newest.atMs;
  if (ageMs > missingAfterMs(intervalMs))
    return at('Busy', `its last page, of ${seconds(ageMs)} ago, had ${left} left`);
  if (inFlight === undefined) return at('Busy', 'its page does not tell whether it still has requests');
  if (inFlight > 0) return at('Busy', `${left} left`);
  const quietMs = newest.atMs - quietSinceMs(pages, newest, settledMs);
  return quietMs >= INTERVALS_APART * intervalMs
    ? at('Empty', `no request left, and none came for ${seconds(quietMs)}`)
    : at('Confirming', 'no request left, the next page is to show that none comes');
}

/** When the first of the pages was read that, one by one up to the newest, all show the same and no request. */
function quietSinceMs(pages: Window, newest: TimedSample, settledMs: number): number {
  const loudest = pages.findLastIndex(
    (page) => page.atMs < settledMs || inside(page.sample) !== 0 || !countsAlike(page, newest),
  );
  return pages[loudest + 1]?.atMs ?? newest.atMs;
}

/**
 * Whether nothing that was counted happened between two pages. Another start time is another server. A counter that
 * has just appeared counts something; one that neither page has says nothing.
 */
function countsAlike({ sample: a }: TimedSample, { sample: b }: TimedSample): boolean {
  return (
    a.processStartTimeSeconds === b.processStartTimeSeconds &&
    finished(a) === finished(b) &&
    a.promptTokens === b.promptTokens &&
    a.httpAnswered === b.httpAnswered &&
    a.httpFailed === b.httpFailed
  );
}

/**
 * Since when each engine that drains has been in no EndpointSlice, as far as this leader saw. One that is listed again
 * begins anew.
 */
export function noteListing(
  watches: ReadonlyMap<string, DrainWatch>,
  engines: readonly EngineSnapshot[],
  nowMs: number,
): ReadonlyMap<string, DrainWatch> {
  return new Map(
    engines
      .filter(({ serving, isListed }) => serving === SERVING.draining && !isListed)
      .map(({ uid }) => [uid, watches.get(uid) ?? { unlistedSinceMs: nowMs }]),
  );
}

/** So many requests, in words. */
export function requests(count: number): string {
  return count === 1 ? '1 request' : `${count} requests`;
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / 1000)} s`;
}
