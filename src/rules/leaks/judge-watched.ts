import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';
import { judgeHostMemory, type MemoryContext } from './judge-host-memory.ts';
import { judgeKvBlocks } from './judge-kv-blocks.ts';
import { limitOf, minuteMs, realEvidence, toJudges, type JudgesTime } from './judges-time.ts';
import { kvLeakText, memoryLeakText } from './leak-text.ts';
import type { LeakSettings, LeakSignature } from './settings.ts';
import type { LeakTrack } from './track.ts';
import type { LeakVerdict } from './verdict.ts';
import type { FoundLeak, Unseen, WatchedEngine } from './watched-engine.ts';

/** A proof is kept for an hour of the judges: one odd minute must not take back what was booked. */
const KEPT_MINUTES = 60;
/** A working set that was never told may still come, so soon after the engine was first seen. */
const PATIENCE_MINUTES = 5;

interface Judged {
  readonly signature: LeakSignature;
  readonly verdict: LeakVerdict;
  readonly time: JudgesTime;
}

/** The engine with what its signatures say now. */
export function judgeWatched(
  watched: WatchedEngine,
  engine: EngineSnapshot,
  settings: LeakSettings,
  wasKilledForMemory: boolean,
  nowMs: number,
): WatchedEngine {
  const judged = judgeAll(watched, engine, settings, nowMs);
  return {
    ...watched,
    found: judged.flatMap((one) => foundBy(one, watched, engine, wasKilledForMemory, nowMs) ?? []),
    unseen: judged.flatMap((one) => unseenBy(one, watched, nowMs)),
  };
}

function judgeAll(
  watched: WatchedEngine,
  engine: EngineSnapshot,
  { hostMemory, kvBlocks, allowedGrowthBytes }: LeakSettings,
  nowMs: number,
): readonly Judged[] {
  const { startedAtMs, tracks } = watched;
  const judge = (
    signature: LeakSignature,
    { isWatched, windowMinutes }: LeakSettings['hostMemory'],
    ask: (track: LeakTrack, judgesNowMs: number) => LeakVerdict,
  ): readonly Judged[] => {
    const track = tracks.find((one) => one.windowMinutes === windowMinutes);
    if (!isWatched || track === undefined) return [];
    const time = { startedAtMs, windowMinutes };
    return [{ signature, time, verdict: ask(track, toJudges(time, nowMs)) }];
  };
  return [
    ...judge('HostMemoryLeak', hostMemory, (track, judgesNowMs) =>
      judgeHostMemory(track.history, memoryContext(watched, engine, track, allowedGrowthBytes), judgesNowMs),
    ),
    ...judge('KVBlockLeak', kvBlocks, ({ history, samplesSinceMs }, judgesNowMs) =>
      judgeKvBlocks(history, Math.max(startedAtMs, samplesSinceMs ?? startedAtMs), judgesNowMs),
    ),
  ];
}

function memoryContext(
  { startedAtMs, nodeAllocatableBytes }: WatchedEngine,
  { container }: EngineSnapshot,
  { history, memorySinceMs }: LeakTrack,
  allowedGrowthBytes: number,
): MemoryContext {
  const own = container?.memoryLimitBytes;
  const limit = own === undefined ? nodeAllocatableBytes : own;
  return {
    ...(limit !== undefined && { limit: { bytes: limit, of: own === undefined ? 'Node' : 'Container' } }),
    allowedGrowthBytes,
    startedAtMs,
    unbrokenSinceMs: memorySinceMs,
    firstTrafficAtMs: history.busySinceMs,
  };
}

function foundBy(
  { signature, verdict, time }: Judged,
  { uid, engine: name, found }: WatchedEngine,
  { container }: EngineSnapshot,
  wasKilledForMemory: boolean,
  nowMs: number,
): FoundLeak | undefined {
  const before = found.find((leak) => leak.verdict.signature === signature);
  if (verdict.state !== 'Leaking') return before && isKept(before, time, nowMs) ? before : undefined;
  const evidence = realEvidence(time, verdict.evidence);
  const isMemory = signature === 'HostMemoryLeak';
  return {
    firstMs: before?.firstMs ?? nowMs,
    lastMs: nowMs,
    perHour: evidence.perHour,
    ...(evidence.perRequest !== undefined && { perRequest: evidence.perRequest }),
    verdict: {
      signature,
      uid,
      engine: name,
      state: 'Proved',
      confidence: isMemory && wasKilledForMemory ? 'High' : verdict.confidence,
      sinceMs: before?.verdict.sinceMs ?? Math.round(evidence.fromMs),
      reason: verdict.reason,
      message: isMemory
        ? memoryLeakText(evidence, container?.memoryLimitBytes === undefined ? 'Node' : 'Container')
        : kvLeakText(evidence),
      limit: limitOf(evidence, nowMs),
    },
  };
}

function isKept({ lastMs }: FoundLeak, { windowMinutes }: JudgesTime, nowMs: number): boolean {
  return nowMs >= lastMs && nowMs - lastMs < KEPT_MINUTES * minuteMs(windowMinutes);
}

function unseenBy(
  { signature, verdict: { state, reason }, time }: Judged,
  { watchedSinceMs }: WatchedEngine,
  nowMs: number,
): readonly Unseen[] {
  const isEarly = nowMs - watchedSinceMs < PATIENCE_MINUTES * minuteMs(time.windowMinutes);
  return state !== 'NotObservable' || isEarly ? [] : [{ signature, reason }];
}
