import type { SignatureName } from '../../api/v1alpha1/remediation.ts';
import type { Verdict } from '../../rules/verdict.ts';
import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';

/**
 * A replace for a signature, and what came of it. Times in milliseconds since the epoch.
 *
 * - `Pending`: the engine in its place has not served for long enough.
 * - `Helped`: it has served for longer than the first one took to be found, and shows nothing.
 * - `FoundAgain`: it shows the same.
 */
export interface RestartRecord {
  /** When the replace began. */
  readonly atMs: number;
  readonly engine: string;
  readonly uid: string;
  readonly revision: string;
  readonly signature: SignatureName;
  readonly image: string;
  /** Of vLLM, where it is known. */
  readonly version?: string;
  /** Of leaks: what a finished request, and an hour, took; bytes, or a share of the KV cache. */
  readonly perRequest?: number;
  readonly perHour?: number;
  /** For how long the engine had served when it was found. */
  readonly foundAfterMs?: number;
  /** The engine in its place. */
  readonly successor?: { readonly uid: string; readonly engine: string };
  readonly outcome: 'Pending' | 'Helped' | 'FoundAgain';
}

export const MOST_RESTARTS = 20;

/** The restarts with one more; one engine is replaced once. */
export function rememberRestart(
  restarts: readonly RestartRecord[],
  restart: RestartRecord,
): readonly RestartRecord[] {
  if (restarts.some(({ uid }) => uid === restart.uid)) return restarts;
  return [...restarts, restart].slice(-MOST_RESTARTS);
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Longer than the first engine was well. */
const LONGER = 1.25;
/** Leaks are looked for in windows of two days at most. */
const LONGEST_MS = 48 * HOUR_MS;
/** What is not known to take longer shows within an hour. */
const USUAL_MS = HOUR_MS;

/** For how long an engine must have served to show that a replace helped. */
export function proofMs({ foundAfterMs = USUAL_MS }: RestartRecord): number {
  return Math.min(LONGEST_MS, Math.max(MINUTE_MS, LONGER * foundAfterMs));
}

/** The restarts with what is known of them now; the very same list where that is nothing new. */
export function verifyRestarts(
  restarts: readonly RestartRecord[],
  engines: readonly EngineSnapshot[],
  verdicts: readonly Verdict[],
  nowMs: number,
): readonly RestartRecord[] {
  const verified: RestartRecord[] = [];
  for (const [i, restart] of restarts.entries()) {
    const others = [...verified, ...restarts.slice(i + 1)];
    verified.push(
      restart.outcome === 'Pending' ? verify(restart, others, engines, verdicts, nowMs) : restart,
    );
  }
  return verified.every((restart, i) => restart === restarts[i]) ? restarts : verified;
}

function verify(
  restart: RestartRecord,
  others: readonly RestartRecord[],
  engines: readonly EngineSnapshot[],
  verdicts: readonly Verdict[],
  nowMs: number,
): RestartRecord {
  const successor = successorOf(restart, others, engines);
  if (successor === undefined) return restart;
  const { uid, name, readyAtMs } = successor;
  const isKnown = restart.successor?.uid === uid;
  const known = isKnown ? restart : { ...restart, successor: { uid, engine: name } };
  const isSick = verdicts.some(
    (verdict) => verdict.uid === uid && verdict.signature === restart.signature && verdict.state === 'Proved',
  );
  if (isSick) return { ...known, outcome: 'FoundAgain' };
  const hasServedMs = readyAtMs === undefined ? 0 : nowMs - readyAtMs;
  return hasServedMs >= proofMs(restart) ? { ...known, outcome: 'Helped' } : known;
}

/**
 * Which engine came in the place of another one is not written anywhere: the one that is taken for it as long as it is
 * there, else the first one of the same revision that was made since and stands in for no other.
 */
function successorOf(
  { uid, atMs, revision, successor }: RestartRecord,
  others: readonly RestartRecord[],
  engines: readonly EngineSnapshot[],
): EngineSnapshot | undefined {
  const isTaken = (engine: EngineSnapshot): boolean =>
    others.some((other) => other.successor?.uid === engine.uid);
  // Objects carry the time at which they were made in whole seconds.
  const sinceMs = Math.floor(atMs / 1000) * 1000;
  const candidates = engines
    .filter((engine) => engine.uid !== uid && engine.revision === revision)
    .filter((engine) => engine.lifecycle !== 'Terminating' && engine.createdAtMs >= sinceMs)
    .filter((engine) => !isTaken(engine))
    .toSorted((a, b) => a.createdAtMs - b.createdAtMs);
  return candidates.find((engine) => engine.uid === successor?.uid) ?? candidates[0];
}
