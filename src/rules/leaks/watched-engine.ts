import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';
import type { ProjectedLimit, Verdict } from '../verdict.ts';
import type { Reading } from './minute-sample.ts';
import type { LeakSettings, LeakSignature } from './settings.ts';
import { follow, newTrack, type LeakTrack, type Read } from './track.ts';

/** A leak that was proved. */
export interface FoundLeak {
  readonly verdict: Verdict & { readonly signature: LeakSignature; readonly limit: ProjectedLimit };
  /** What it takes an hour: bytes, or a share of the KV cache; and a finished request. */
  readonly perHour: number;
  readonly perRequest?: number;
  /** When it was proved for the first time, and the last time. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Why an engine cannot be judged. */
export interface Unseen {
  readonly signature: LeakSignature;
  readonly reason: string;
}

/** What is kept of one engine. */
export interface WatchedEngine {
  readonly uid: string;
  readonly engine: string;
  readonly revision: string;
  /** When the container that runs now became ready for the first time. */
  readonly startedAtMs: number;
  /** What tells a container from the one before. */
  readonly restarts: number;
  readonly containerStartedAtMs?: number;
  /** When the operator first read its memory or its page. */
  readonly watchedSinceMs: number;
  readonly page?: Read;
  readonly memory?: Read;
  /** When that memory was measured. */
  readonly measuredAtMs?: number;
  readonly nodeAllocatableBytes?: number;
  /** One for each length of an hour that the settings name. */
  readonly tracks: readonly LeakTrack[];
  readonly found: readonly FoundLeak[];
  readonly unseen: readonly Unseen[];
}

/**
 * The engine with what this pass tells of it: nothing before its container is ready, and afresh with the next container,
 * since what loading takes is no growth.
 */
export function followEngine(
  known: WatchedEngine | undefined,
  engine: EngineSnapshot,
  settings: LeakSettings,
  nowMs: number,
): WatchedEngine | undefined {
  const before = known !== undefined && isSameContainer(known, engine) ? known : begin(engine, nowMs);
  if (before === undefined) return undefined;
  const page = newPage(before, engine);
  const memory = newMemory(before, engine, nowMs);
  const readings = [...(page === undefined ? [] : [page]), ...(memory === undefined ? [] : [memory])];
  const tracks = followTracks(
    before,
    settings,
    readings.map(({ reading }) => reading),
    nowMs,
  );
  if (readings.length === 0 && tracks === before.tracks) return before;
  const containerStartedAtMs = engine.container?.startedAtMs ?? before.containerStartedAtMs;
  const nodeAllocatableBytes = engine.memory?.nodeAllocatableBytes ?? before.nodeAllocatableBytes;
  return {
    ...before,
    ...(containerStartedAtMs !== undefined && { containerStartedAtMs }),
    ...(nodeAllocatableBytes !== undefined && { nodeAllocatableBytes }),
    ...(page !== undefined && { page }),
    ...(memory !== undefined && {
      memory,
      ...(engine.memory !== undefined && { measuredAtMs: engine.memory.atMs }),
    }),
    tracks,
  };
}

function begin(engine: EngineSnapshot, nowMs: number): WatchedEngine | undefined {
  if (engine.readyAtMs === undefined) return undefined;
  return {
    uid: engine.uid,
    engine: engine.name,
    revision: engine.revision,
    startedAtMs: Math.min(engine.readyAtMs, nowMs),
    restarts: engine.restarts,
    watchedSinceMs: nowMs,
    tracks: [],
    found: [],
    unseen: [],
  };
}

function isSameContainer(known: WatchedEngine, { restarts, container }: EngineSnapshot): boolean {
  if (restarts !== known.restarts) return false;
  const startedAtMs = container?.startedAtMs ?? known.containerStartedAtMs;
  return known.containerStartedAtMs === undefined || startedAtMs === known.containerStartedAtMs;
}

/** What its newest page says, unless that was read before. */
function newPage({ page }: WatchedEngine, engine: EngineSnapshot): Read | undefined {
  if (engine.page.state !== 'Fresh' || engine.page.load.atMs === page?.atMs) return undefined;
  const { atMs, sample } = engine.page.load;
  if (sample === undefined) return undefined;
  const { running, waiting, requests, steps, kvCacheUsage, processResidentMemoryBytes } = sample;
  const finished = requests && Object.values(requests).reduce((sum, ofOneReason) => sum + ofOneReason, 0);
  const reading: Reading = {
    ...(running !== undefined && waiting !== undefined && { inFlight: running + waiting }),
    ...(finished !== undefined && { finishedRequests: finished }),
    ...(steps !== undefined && { steps }),
    ...(kvCacheUsage !== undefined && { kvCacheUsage }),
    ...(processResidentMemoryBytes !== undefined && { apiServerResidentBytes: processResidentMemoryBytes }),
  };
  return { atMs, reading };
}

/** Of memory the time of the pass counts: it may have been measured a minute ago, and is the newest known all the same. */
function newMemory(
  { measuredAtMs }: WatchedEngine,
  { memory }: EngineSnapshot,
  nowMs: number,
): Read | undefined {
  if (memory === undefined || memory.atMs === measuredAtMs) return undefined;
  return { atMs: nowMs, reading: { workingSetBytes: memory.workingSetBytes } };
}

/** The tracks of the lengths of an hour that are asked for; the very same list where nothing was read and no minute ended. */
function followTracks(
  before: WatchedEngine,
  settings: LeakSettings,
  readings: readonly Reading[],
  nowMs: number,
): readonly LeakTrack[] {
  const { tracks, startedAtMs } = before;
  const followed = lengths(settings).map((windowMinutes) => {
    const track = tracks.find((one) => one.windowMinutes === windowMinutes);
    return follow(
      track ?? newTrack({ startedAtMs, windowMinutes }, nowMs),
      startedAtMs,
      readings,
      before,
      nowMs,
    );
  });
  const isSame = followed.length === tracks.length && followed.every((track, i) => track === tracks[i]);
  return isSame ? tracks : followed;
}

function lengths({ hostMemory, kvBlocks }: LeakSettings): readonly number[] {
  const watched = [hostMemory, kvBlocks].filter(({ isWatched }) => isWatched);
  return [...new Set(watched.map(({ windowMinutes }) => windowMinutes))];
}
