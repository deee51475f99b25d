import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';
import type { Verdict } from '../verdict.ts';
import type { AcuteContext } from './context.ts';
import { verdictOn } from './judgement.ts';
import { moment, plural } from './text.ts';

const MINUTE_MS = 60_000;
const RECENT_MS = 60 * MINUTE_MS;
const MANY_RESTARTS = 3;
const LAST_WORDS_LENGTH = 200;
const OUT_OF_MEMORY = 'OOMKilled';
const BACK_OFF = 'CrashLoopBackOff';

/** The kubelet waits 10, 20, 40 s before it restarts, and begins anew after ten minutes that went well. */
const THIRD_BACK_OFF_SECONDS = 40;
/** A container that was ready to its end ends no later than it stops being ready. */
const NEVER_READY_MS = 30_000;
/** The kubelet says at once of a new pod that it is not ready: later than this means that it was, meanwhile. */
const FIRST_WORD_MS = 60_000;
const NAMES_SHARED_MEMORY = /\/dev\/shm|shared memory|shm_open|FileExistsError/i;

/** Signatures CrashLoop, OOMKilled and SharedMemoryLeftOver (docs/signatures.md). */
export function judgeRestarts(
  engines: readonly EngineSnapshot[],
  context: AcuteContext,
  nowMs: number,
): readonly Verdict[] {
  const ended = engines.filter(({ restarts, container }) => restarts > 0 || container?.lastEnd !== undefined);
  if (ended.length === 0) return [];
  const serving = new Set(
    engines.filter(({ lifecycle }) => lifecycle === 'Ready').map(({ revision }) => revision),
  );
  return ended.flatMap((engine) => [
    ...outOfMemory(engine, nowMs),
    ...(context.offloadsKv && isLeftOver(engine, serving) ? [leftOver(engine)] : crashLoop(engine, nowMs)),
  ]);
}

function outOfMemory(engine: EngineSnapshot, nowMs: number): readonly Verdict[] {
  const { lastEnd, memoryLimitBytes } = engine.container ?? {};
  const atMs = lastEnd?.atMs;
  if (lastEnd?.reason !== OUT_OF_MEMORY || atMs === undefined || nowMs - atMs > RECENT_MS) return [];
  const limit =
    memoryLimitBytes === undefined ? 'no limit of its own' : `a limit of ${gibibytes(memoryLimitBytes)}`;
  const message = `its container, with ${limit}, was killed for want of memory${ending(engine)}; ${restarted(engine)}`;
  return [
    verdictOn(engine, {
      signature: 'OOMKilled',
      state: 'Noted',
      confidence: 'High',
      sinceMs: atMs,
      reason: OUT_OF_MEMORY,
      message,
    }),
  ];
}

function crashLoop(engine: EngineSnapshot, nowMs: number): readonly Verdict[] {
  const { trouble, lifecycle, restarts, container, createdAtMs } = engine;
  const endedAtMs = container?.lastEnd?.atMs;
  const endedOfLate = endedAtMs !== undefined && nowMs - endedAtMs <= RECENT_MS;
  const isLooping = lifecycle !== 'Ready' && restarts >= MANY_RESTARTS && endedOfLate;
  if (trouble?.reason !== BACK_OFF && !isLooping) return [];
  return [
    verdictOn(engine, {
      signature: 'CrashLoop',
      state: 'Noted',
      confidence: 'High',
      sinceMs: engine.unreadySinceMs ?? createdAtMs,
      reason: trouble?.reason === BACK_OFF ? BACK_OFF : 'RestartsAndNotReady',
      message: `${restarted(engine)} and is not Ready${ending(engine)}`,
    }),
  ];
}

/**
 * Whether the container may stumble over files in `/dev/shm` that the one before it left: that volume is the pod's, and
 * outlives its containers (vllm #54002, #51317). It crashed three times in a row since it was last ready, or has never
 * been where its like are: what all engines of a revision do is the fault of none.
 */
function isLeftOver(engine: EngineSnapshot, serving: ReadonlySet<string>): boolean {
  const { trouble, restarts, container, unreadySinceMs, scheduledAtMs, createdAtMs } = engine;
  const end = container?.lastEnd;
  if (trouble?.reason !== BACK_OFF || restarts < MANY_RESTARTS) return false;
  if (end === undefined || end.reason === OUT_OF_MEMORY) return false;
  if (unreadySinceMs === undefined || (end.atMs ?? 0) - unreadySinceMs < NEVER_READY_MS) return false;
  if (backOffSeconds(trouble.message) < THIRD_BACK_OFF_SECONDS) return false;
  const wasReady = unreadySinceMs - (scheduledAtMs ?? createdAtMs) > FIRST_WORD_MS;
  return wasReady || serving.has(engine.revision);
}

function leftOver(engine: EngineSnapshot): Verdict {
  const isNamed = NAMES_SHARED_MEMORY.test(engine.container?.lastEnd?.message ?? '');
  const why = isNamed
    ? 'its last words name shared memory'
    : 'it keeps KV blocks in /dev/shm, and other containers of this pod or revision were well';
  return verdictOn(engine, {
    signature: 'SharedMemoryLeftOver',
    state: 'Proved',
    confidence: isNamed ? 'High' : 'Medium',
    sinceMs: engine.unreadySinceMs ?? engine.createdAtMs,
    reason: isNamed ? 'LastWordsNameSharedMemory' : 'CrashesWithKvOffloading',
    message: `${restarted(engine)} without becoming Ready${ending(engine)}; ${why}: files there outlive the container, and go with the pod`,
  });
}

/** By the kubelet's sentence, as in `back-off 1m20s restarting failed container=engine`. */
function backOffSeconds(message: string): number {
  const [, minutes = '0', seconds = '0'] = /back-off (?:(\d+)m)?(?:(\d+)s)?/.exec(message) ?? [];
  return 60 * Number(minutes) + Number(seconds);
}

function restarted({ restarts }: EngineSnapshot): string {
  return `it restarted ${plural(restarts, 'time')}`;
}

function ending({ container }: EngineSnapshot): string {
  if (container?.lastEnd === undefined) return '';
  const { reason, exitCode, atMs, message } = container.lastEnd;
  const when = atMs === undefined ? '' : ` at ${moment(atMs)}`;
  const words = message?.trim().split('\n').at(-1)?.slice(-LAST_WORDS_LENGTH) ?? '';
  return `; it last ended${when} with ${reason} (exit code ${exitCode})${words === '' ? '' : `: "${words}"`}`;
}

function gibibytes(bytes: number): string {
  return `${Number((bytes / 2 ** 30).toPrecision(3))} GiB`;
}
