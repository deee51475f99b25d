import type { TimedSample } from '../../signals/history.ts';
import { addGrowth, endedRequests, growthBetween, hasRestarted, NO_GROWTH, type Growth } from './growth.ts';
import { LONGEST_SILENCE_MS, WARM_UP_MS, WARM_UP_REQUESTS } from './limits.ts';
import type { Side, Sides } from './tally.ts';

/** One engine in the Service, as the comparison sees it. */
export interface ComparedEngine {
  readonly uid: string;
  /** `New`: of the revision that is to serve; `Old`: of any other. */
  readonly side: Side;
  /** When it became Ready, milliseconds since the epoch. */
  readonly readyAtMs: number;
  /** Its newest page; absent while there is none, or it is too old to be used. */
  readonly page: TimedSample | undefined;
}

/** What is kept of an engine from pass to pass. */
export interface WatchedEngine {
  /** Up to where it has been counted, or would have been if it were warm. */
  readonly page: TimedSample;
  /** When its process was first seen, if it restarted under our eyes: it warms up once more. */
  readonly restartedAtMs: number | undefined;
}

/** What one pass adds. */
export interface Observation {
  readonly watched: ReadonlyMap<string, WatchedEngine>;
  readonly growth: Sides<Growth>;
  /** Engines of each side that are warm and were counted. */
  readonly counted: Sides<number>;
  /** Engines of each side, cold ones included. */
  readonly engines: Sides<number>;
}

/**
 * What the warm engines did since the pass before. An engine that was not there then, that has restarted, or that was
 * silent for long is counted from now on; one that is gone keeps what it has contributed.
 */
export function observe(
  engines: readonly ComparedEngine[],
  before: ReadonlyMap<string, WatchedEngine>,
): Observation {
  const watched = new Map<string, WatchedEngine>();
  const growth: Record<Side, Growth> = { Old: NO_GROWTH, New: NO_GROWTH };
  const counted: Record<Side, number> = { Old: 0, New: 0 };
  const present: Record<Side, number> = { Old: 0, New: 0 };
  for (const engine of engines) {
    const { side, uid } = engine;
    present[side] += 1;
    const known = before.get(uid);
    const now = watch(engine, known);
    if (now === undefined) continue;
    watched.set(uid, now);
    const grown = known === undefined || !isWarm(engine, now) ? undefined : continued(known, now);
    if (grown === undefined) continue;
    counted[side] += 1;
    growth[side] = addGrowth(growth[side], grown);
  }
  return { watched, growth, counted, engines: present };
}

function watch({ page }: ComparedEngine, known: WatchedEngine | undefined): WatchedEngine | undefined {
  if (page === undefined || known === undefined)
    return page === undefined ? known : { page, restartedAtMs: undefined };
  const restarted = hasRestarted(known.page.sample, page.sample);
  return { page, restartedAtMs: restarted ? page.atMs : known.restartedAtMs };
}

function isWarm({ readyAtMs }: ComparedEngine, { page, restartedAtMs }: WatchedEngine): boolean {
  const startedAtMs = Math.max(readyAtMs, restartedAtMs ?? readyAtMs);
  if (page.atMs - startedAtMs < WARM_UP_MS) return false;
  return (endedRequests(page.sample) ?? 0) >= WARM_UP_REQUESTS;
}

function continued(known: WatchedEngine, now: WatchedEngine): Growth | undefined {
  if (now.restartedAtMs !== known.restartedAtMs) return undefined;
  if (now.page.atMs - known.page.atMs > LONGEST_SILENCE_MS) return undefined;
  return growthBetween(known.page, now.page);
}
