import { missingAfterMs } from '../../signals/page-age.ts';
import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';
import type { AcuteContext } from './context.ts';
import { NOTHING, verdictOn, type Judged } from './judgement.ts';
import { proofOf } from './proof.ts';
import { readingOf, readingsOf, standsStill } from './rank-reading.ts';
import { runWhile } from './run.ts';
import { moment } from './text.ts';

const ASK_AFTER_MS = 30_000;
const DEAD_AFTER_MS = 60_000;
const STAND_IN_AFTER_MS = 600_000;
/** An engine that answered a moment ago lives, whatever the kubelet waits for. */
const ALIVE_FOR_MS = 300_000;

/** What its page says of an engine that is not Ready. */
interface Quiet {
  readonly sinceMs: number;
  /** Its page cannot be read; else it can, and nothing moves on it. */
  readonly isMissing: boolean;
  readonly text: string;
}

/**
 * Signature EngineDead (docs/signatures.md): it had served, its container runs, and for a minute neither we nor the
 * kubelet get an answer. Pages alone say nothing: the way to them may be cut, and a server that outlives its engine shows
 * the last one for ever (VLLM_KEEP_ALIVE_ON_ENGINE_DEATH). A container that does not run is healed by the kubelet.
 */
export function judgeDead(engine: EngineSnapshot, context: AcuteContext, nowMs: number): Judged {
  const { lifecycle, container, unreadySinceMs } = engine;
  if (lifecycle !== 'Unready' || container?.isRunning !== true || unreadySinceMs === undefined)
    return NOTHING;
  const quiet = quietOf(engine, unreadySinceMs, context, nowMs);
  if (quiet === undefined || answeredOfLate(engine, nowMs)) return NOTHING;
  const sinceMs = Math.max(quiet.sinceMs, unreadySinceMs);
  const forMs = nowMs - sinceMs;
  if (forMs < ASK_AFTER_MS) return NOTHING;
  const suspicion = { sinceMs, dueAtMs: sinceMs + ASK_AFTER_MS, untilMs: nowMs };
  const proof = proofOf(engine, suspicion, context, nowMs);
  const says = `not Ready since ${moment(unreadySinceMs)}, ${quiet.text}`;
  const probe = proof.ask ? { probe: { uid: engine.uid, why: says } } : NOTHING;
  // A page that is read shows no more than that nobody asks: only the answer to a token tells that it is dead.
  const isSuspect = quiet.isMissing || proof.state === 'Dead';
  if (proof.state === 'Lives' || forMs < DEAD_AFTER_MS || !isSuspect) return probe;
  const isDead = proof.state === 'Dead' || (proof.state === 'Impossible' && forMs >= STAND_IN_AFTER_MS);
  const verdict = verdictOn(engine, {
    signature: 'EngineDead',
    state: isDead ? 'Proved' : 'Suspected',
    confidence: proof.state === 'Dead' ? 'High' : 'Medium',
    sinceMs,
    reason: isDead ? 'NobodyAnswers' : 'PagesAndReadinessFail',
    message: `its container runs, but it is ${says}; ${proof.text}`,
  });
  return { verdict, ...probe };
}

function answeredOfLate({ probe }: EngineSnapshot, nowMs: number): boolean {
  return probe?.outcome === 'Answered' && nowMs - (probe.endedAtMs ?? nowMs) < ALIVE_FOR_MS;
}

/** `undefined` of an engine whose page shows that it works, or that nobody tries to read. */
function quietOf(
  engine: EngineSnapshot,
  unreadySinceMs: number,
  context: AcuteContext,
  nowMs: number,
): Quiet | undefined {
  const { samples = [], lastError } = engine.history ?? {};
  const newest = samples.at(-1);
  if (lastError !== undefined) {
    const isTried = nowMs - lastError.atMs <= Math.max(DEAD_AFTER_MS, 3 * context.intervalMs);
    if (!isTried) return undefined;
    // A leader that is new has no page of it: what it knows begins with what the kubelet said.
    const sinceMs = newest?.atMs ?? unreadySinceMs;
    return { sinceMs, isMissing: true, text: `no page since ${moment(sinceMs)} (${lastError.message})` };
  }
  if (newest === undefined || newest.sample.isAsleep === true) return undefined;
  if (nowMs - newest.atMs > missingAfterMs(context.intervalMs)) return undefined;
  const now = readingsOf(newest.sample);
  const { oldest } = runWhile(engine, context.intervalMs, (sample) =>
    now.every((reading, index) => {
      const before = readingOf(sample, index, reading.engine);
      return before !== undefined && standsStill(before, reading);
    }),
  );
  const sinceMs = oldest?.atMs ?? nowMs;
  return { sinceMs, isMissing: false, text: `nothing moves on its page since ${moment(sinceMs)}` };
}
