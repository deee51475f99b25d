import type { LeakPoint } from '../../rules/leaks/leak-history.ts';
import type { LeakTrack } from '../../rules/leaks/track.ts';
import type { FoundLeak, WatchedEngine } from '../../rules/leaks/watched-engine.ts';
import type { LeakBooking } from '../booking/book-leaks.ts';
import type { RestartRecord } from '../verification/restarts.ts';
import { toColumns, type Columns } from './columns.ts';
import { MOST_BYTES, VERSION, type RemediationHistory } from './history.ts';

/** How much of an engine's points is written: the newest minutes, and each nth of the longer ones. */
interface Detail {
  readonly minutes: number;
  readonly stride: number;
}

/** The most first. A minute at least, so that counters go on; at last no more than when the engine began. */
const DETAILS: readonly Detail[] = [
  { minutes: 30, stride: 1 },
  { minutes: 10, stride: 1 },
  { minutes: 1, stride: 2 },
  { minutes: 1, stride: 4 },
  { minutes: 1, stride: 8 },
  { minutes: 1, stride: Infinity },
];
/** The shares of all that restarts and bookings may take: the newest, and those that come first. */
const RESTARTS_SHARE = 0.35;
const BOOKINGS_SHARE = 0.25;
const MOST_REVISIONS = 16;

/**
 * The history as text, of 32 KiB at most whatever the fleet's size: with the most detail that all engines have room for,
 * and where not even the least fits, without the engines that were started last and show nothing.
 */
export function encodeHistory(history: RemediationHistory, nowMs: number): string {
  const head = headOf(history, nowMs);
  const room = MOST_BYTES - bytesOf(head('')) - 2;
  const engines = byImportance(history.watch.engines);
  for (const detail of DETAILS) {
    const entries = fitting(engines, detail, room);
    if (entries.length === engines.length || detail === DETAILS.at(-1)) return head(entries.join(','));
  }
  return head('');
}

/** The text of the document around its engines. */
function headOf(
  { watch, traffic, restarts, bookings }: RemediationHistory,
  nowMs: number,
): (engines: string) => string {
  const head = JSON.stringify({
    version: VERSION,
    atMs: Math.round(nowMs),
    killed: [...watch.killedForMemoryAtMs]
      .slice(-MOST_REVISIONS)
      .map(([revision, atMs]) => [revision, Math.round(atMs)]),
    traffic: traffic.hours.map(({ hour, requests, watchedMs }) => [
      hour,
      Math.round(requests),
      Math.round(watchedMs),
    ]),
    restarts: upTo(restarts.map(restartEntry).toReversed(), RESTARTS_SHARE * MOST_BYTES).toReversed(),
    bookings: upTo(
      bookings.toSorted((a, b) => a.latestMs - b.latestMs).map(bookingEntry),
      BOOKINGS_SHARE * MOST_BYTES,
    ),
  });
  return (engines) => `${head.slice(0, -1)},"engines":[${engines}]}`;
}

function upTo<T>(entries: readonly T[], mostBytes: number): readonly T[] {
  let bytes = 0;
  return entries.filter((entry) => (bytes += bytesOf(JSON.stringify(entry)) + 1) <= mostBytes);
}

function restartEntry(restart: RestartRecord): unknown {
  const { perRequest, perHour, atMs, foundAfterMs } = restart;
  return {
    ...restart,
    atMs: Math.round(atMs),
    foundAfterMs: whole(foundAfterMs),
    perRequest: rounded(perRequest),
    perHour: rounded(perHour),
  };
}

/** Without its sentence, which follows from the rest. */
function bookingEntry({ uid, engine, signature, atMs, latestMs, isUrgent, reason }: LeakBooking): unknown {
  return {
    uid,
    engine,
    signature,
    atMs: Math.round(atMs),
    latestMs: Math.round(latestMs),
    isUrgent,
    reason,
  };
}

/** Those that leak, then those that are known longest. */
function byImportance(engines: ReadonlyMap<string, WatchedEngine>): readonly WatchedEngine[] {
  return [...engines.values()].toSorted(
    (a, b) => b.found.length - a.found.length || a.startedAtMs - b.startedAtMs,
  );
}

/** As many engines as fit, as text. */
function fitting(engines: readonly WatchedEngine[], detail: Detail, room: number): readonly string[] {
  const entries: string[] = [];
  let bytes = 0;
  for (const engine of engines) {
    const text = JSON.stringify(entryOf(engine, detail));
    bytes += bytesOf(text) + 1;
    if (bytes > room) break;
    entries.push(text);
  }
  return entries;
}

function entryOf(engine: WatchedEngine, detail: Detail): unknown {
  return {
    uid: engine.uid,
    name: engine.engine,
    revision: engine.revision,
    startedAtMs: Math.round(engine.startedAtMs),
    watchedSinceMs: Math.round(engine.watchedSinceMs),
    restarts: engine.restarts,
    containerMs: engine.containerStartedAtMs,
    node: engine.nodeAllocatableBytes,
    found: engine.found.map(foundEntry),
    tracks: engine.tracks.map((track) => trackEntry(track, engine.startedAtMs, detail)),
  };
}

function foundEntry({ verdict, perHour, perRequest, firstMs, lastMs }: FoundLeak): unknown {
  const { signature, confidence, sinceMs, reason, message, limit } = verdict;
  return {
    signature,
    confidence,
    sinceMs,
    reason,
    message,
    limitMs: [limit.expectedMs, limit.earliestMs, limit.latestMs],
    perHour: rounded(perHour),
    perRequest: rounded(perRequest),
    firstMs: Math.round(firstMs),
    lastMs: Math.round(lastMs),
  };
}

function trackEntry(track: LeakTrack, startedAtMs: number, { minutes, stride }: Detail): unknown {
  const { history } = track;
  const columns = (points: readonly LeakPoint[]): Columns => toColumns(points, startedAtMs);
  return {
    window: track.windowMinutes,
    minute: track.minute,
    memorySinceMs: whole(track.memorySinceMs),
    samplesSinceMs: whole(track.samplesSinceMs),
    originMs: whole(history.originMs),
    busySinceMs: whole(history.busySinceMs),
    lowest: whole(history.lowestBytes),
    finished: history.counters.finishedRequests,
    steps: history.counters.steps,
    minutes: columns(history.minutes.slice(-minutes)),
    fives: columns(eachNth(history.fiveMinutes, stride)),
    halves: columns(eachNth(history.halfHours, stride)),
  };
}

/** Each nth, the newest among them. */
function eachNth<T>(points: readonly T[], stride: number): readonly T[] {
  if (stride === Infinity) return [];
  return points.filter((_, i) => (points.length - 1 - i) % stride === 0);
}

function whole(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value);
}

function rounded(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Number(value.toPrecision(6));
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
