import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';
import type { Verdict } from '../verdict.ts';
import { judgeWatched } from './judge-watched.ts';
import type { LeakSettings, LeakSignature } from './settings.ts';
import { followEngine, type FoundLeak, type WatchedEngine } from './watched-engine.ts';

/** What is known of a fleet's engines over hours. A value: watching makes a new one. */
export interface LeakWatch {
  /** By UID of the pod. */
  readonly engines: ReadonlyMap<string, WatchedEngine>;
  /** When an engine last ran out of memory, by revision. */
  readonly killedForMemoryAtMs: ReadonlyMap<string, number>;
}

export const NO_LEAK_WATCH: LeakWatch = { engines: new Map(), killedForMemoryAtMs: new Map() };

/** Why leaks cannot be seen, said once for all engines of which it is true. */
export interface UnseenLeaks {
  /** The first of them. */
  readonly uid: string;
  readonly engine: string;
  readonly signature: LeakSignature;
  readonly reason: string;
  readonly message: string;
}

export interface Watched {
  readonly watch: LeakWatch;
  /** Leaks that are proved. What is only suspected asks for nothing, and is not told. */
  readonly verdicts: readonly Verdict[];
  readonly unseen: readonly UnseenLeaks[];
}

/** An engine that ran out of memory vouches for so long for the leak of another one of its revision. */
const VOUCHES_MS = 24 * 3_600_000;

/**
 * Watches a fleet: each page and each measurement of memory counts once, a minute that has ended becomes a sample, and an
 * engine is judged when it has a new sample. An engine that leaves is forgotten.
 */
export function watchLeaks(
  watch: LeakWatch,
  engines: readonly EngineSnapshot[],
  settings: LeakSettings,
  nowMs: number,
): Watched {
  const killedForMemoryAtMs = killed(watch.killedForMemoryAtMs, engines, nowMs);
  const watched = engines.flatMap((engine) => {
    if (engine.lifecycle === 'Terminating') return [];
    const known = watch.engines.get(engine.uid);
    const followed = followEngine(known, engine, settings, nowMs);
    if (followed === undefined) return [];
    const isNew = followed.tracks.some((track, i) => track.history !== known?.tracks[i]?.history);
    const wasKilled = killedForMemoryAtMs.has(engine.revision);
    return [isNew ? judgeWatched(followed, engine, settings, wasKilled, nowMs) : followed];
  });
  return {
    watch: { engines: new Map(watched.map((one) => [one.uid, one])), killedForMemoryAtMs },
    verdicts: watched.flatMap(({ found }) => found.map(({ verdict }) => verdict)),
    unseen: unseenOf(watched),
  };
}

/** What was found of an engine, for the record of its restart. */
export function foundLeak(watch: LeakWatch, uid: string, signature: LeakSignature): FoundLeak | undefined {
  return watch.engines.get(uid)?.found.find(({ verdict }) => verdict.signature === signature);
}

function killed(
  before: ReadonlyMap<string, number>,
  engines: readonly EngineSnapshot[],
  nowMs: number,
): ReadonlyMap<string, number> {
  const kills = engines.flatMap(({ revision, container }): readonly (readonly [string, number])[] => {
    const end = container?.lastEnd;
    return end?.reason === 'OOMKilled' && end.atMs !== undefined ? [[revision, end.atMs]] : [];
  });
  const all = [...before, ...kills].filter(([, atMs]) => Math.abs(nowMs - atMs) < VOUCHES_MS);
  return new Map(all.toSorted(([, a], [, b]) => a - b));
}

const REMEDIES: Readonly<Record<string, (engines: string) => string>> = {
  NoLimit: (engines) =>
    `${engines}: neither a memory limit nor the memory of the node is known, so that nothing can be projected; set resources.limits.memory`,
  NoWorkingSet: (engines) =>
    `${engines}: nothing tells the working set; is the metrics API (metrics-server) there?`,
  NeverIdle: (engines) =>
    `${engines}: never idle, so that KV blocks which are lost cannot be told from those in use`,
};

function unseenOf(watched: readonly WatchedEngine[]): readonly UnseenLeaks[] {
  const all = watched.flatMap(({ uid, engine, unseen }) =>
    unseen.map(({ signature, reason }) => ({ uid, engine, signature, reason })),
  );
  return Object.entries(REMEDIES).flatMap(([reason, message]) => {
    const alike = all.filter((one) => one.reason === reason);
    const [first] = alike;
    if (first === undefined) return [];
    return [{ ...first, message: message(alike.length === 1 ? '1 engine' : `${alike.length} engines`) }];
  });
}
