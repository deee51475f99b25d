import { toJudges } from '../../rules/leaks/judges-time.ts';
import type { LeakHistory } from '../../rules/leaks/leak-history.ts';
import type { LeakTrack } from '../../rules/leaks/track.ts';
import type { FoundLeak, WatchedEngine } from '../../rules/leaks/watched-engine.ts';
import type { LeakBooking } from '../booking/book-leaks.ts';
import type { RestartRecord } from '../verification/restarts.ts';
import { fromColumns, type Columns } from './columns.ts';
import { MOST_BYTES, VERSION, type RemediationHistory } from './history.ts';
import { Document, type EngineEntry, type TrackEntry } from './schema.ts';

export type DecodedHistory =
  | { readonly kind: 'Read'; readonly history: RemediationHistory }
  | { readonly kind: 'Corrupt'; readonly message: string };

/** Clocks of two leaders may differ by so much. */
const SKEW_MS = 5 * 60_000;

/**
 * What `encodeHistory` wrote. The text is not trusted: what does not keep to the format and its bounds, or speaks of the
 * future, is `Corrupt` as a whole, and everything is learned anew.
 */
export function decodeHistory(text: string, nowMs: number): DecodedHistory {
  if (text.length > MOST_BYTES)
    return corrupt(`it has ${text.length} characters, ${MOST_BYTES} at most are written`);
  const parsed = Document.safeParse(parseJson(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return corrupt(
      `${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'not the format'}`.slice(0, 256),
    );
  }
  const document = parsed.data;
  if (document.atMs > nowMs + SKEW_MS)
    return corrupt(`it was written in the future, at ${new Date(document.atMs).toISOString()}`);
  const odd = document.engines.find((engine) => isOfFuture(engine, document.atMs) || hasNegative(engine));
  if (odd !== undefined) return corrupt(`engine ${odd.name} has a time of the future or a figure below 0`);
  return { kind: 'Read', history: historyOf(document) };
}

function corrupt(why: string): DecodedHistory {
  const message = `the history that was kept cannot be read (version ${VERSION}): ${why}; everything is learned anew`;
  return { kind: 'Corrupt', message };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether anything of an engine is later than when it was written. */
function isOfFuture({ startedAtMs, watchedSinceMs, found, tracks }: EngineEntry, atMs: number): boolean {
  const lastMs = atMs + SKEW_MS;
  if (startedAtMs > lastMs || watchedSinceMs > lastMs || found.some((leak) => leak.lastMs > lastMs))
    return true;
  return tracks.some((track) => {
    const lastJudgesMs = toJudges({ startedAtMs, windowMinutes: track.window }, lastMs);
    return pointsOf(track, startedAtMs).some((points) =>
      points.some((point) => !(point.atMs <= lastJudgesMs)),
    );
  });
}

function hasNegative({ tracks, startedAtMs }: EngineEntry): boolean {
  return tracks.some((track) =>
    pointsOf(track, startedAtMs).some((points) =>
      points.some((point) => Object.values(point).some((value) => !(value >= 0))),
    ),
  );
}

function historyOf({ killed, traffic, restarts, bookings, engines }: Document): RemediationHistory {
  return {
    watch: {
      engines: new Map(engines.map((entry) => [entry.uid, engineOf(entry)])),
      killedForMemoryAtMs: new Map(killed),
    },
    traffic: {
      hours: traffic.map(([hour, requests, watchedMs]) => ({ hour, requests, watchedMs })),
      finished: new Map(),
    },
    restarts: restarts satisfies readonly RestartRecord[],
    bookings: bookings.map((booking): LeakBooking => ({ ...booking, message: '' })),
  };
}

function engineOf(entry: EngineEntry): WatchedEngine {
  return {
    uid: entry.uid,
    engine: entry.name,
    revision: entry.revision,
    startedAtMs: entry.startedAtMs,
    watchedSinceMs: entry.watchedSinceMs,
    restarts: entry.restarts,
    ...(entry.containerMs !== undefined && { containerStartedAtMs: entry.containerMs }),
    ...(entry.node !== undefined && { nodeAllocatableBytes: entry.node }),
    found: entry.found.map((found) => foundOf(found, entry)),
    unseen: [],
    tracks: entry.tracks.map((track) => trackOf(track, entry.startedAtMs)),
  };
}

function foundOf(
  {
    limitMs: [expectedMs, earliestMs, latestMs],
    perHour,
    perRequest,
    firstMs,
    lastMs,
    ...said
  }: EngineEntry['found'][number],
  { uid, name }: EngineEntry,
): FoundLeak {
  return {
    verdict: { ...said, uid, engine: name, state: 'Proved', limit: { expectedMs, earliestMs, latestMs } },
    perHour,
    ...(perRequest !== undefined && { perRequest }),
    firstMs,
    lastMs,
  };
}

function trackOf(entry: TrackEntry, startedAtMs: number): LeakTrack {
  const { window, minute, memorySinceMs, samplesSinceMs, originMs, busySinceMs, lowest, finished, steps } =
    entry;
  const [minutes = [], fiveMinutes = [], halfHours = []] = pointsOf(entry, startedAtMs);
  return {
    windowMinutes: window,
    minute,
    readings: [],
    ...(memorySinceMs !== undefined && { memorySinceMs }),
    ...(samplesSinceMs !== undefined && { samplesSinceMs }),
    history: {
      minutes,
      fiveMinutes,
      halfHours,
      ...(originMs !== undefined && { originMs }),
      ...(busySinceMs !== undefined && { busySinceMs }),
      ...(lowest !== undefined && { lowestBytes: lowest }),
      counters: { finishedRequests: finished, steps },
    },
  };
}

function pointsOf(
  { minutes, fives, halves }: TrackEntry,
  startedAtMs: number,
): readonly LeakHistory['minutes'][] {
  return [minutes, fives, halves].map((columns: Columns) => fromColumns(columns, startedAtMs));
}
