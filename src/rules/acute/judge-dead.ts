import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';
import type { AcuteContext } from './context.ts';
import { NOTHING, verdictOn, type Judged } from './judgement.ts';
import { proofOf } from './proof.ts';
import { moment } from './text.ts';

const ASK_AFTER_MS = 30_000;
const DEAD_AFTER_MS = 60_000;
const STAND_IN_AFTER_MS = 600_000;

/**
 * Signature EngineDead (docs/signatures.md): it had served, its container runs, and for a minute neither we nor the
 * kubelet get an answer. Pages alone say nothing: the way to them may be cut. A container that does not run is healed by
 * the kubelet.
 */
export function judgeDead(engine: EngineSnapshot, context: AcuteContext, nowMs: number): Judged {
  const { lifecycle, container, history, unreadySinceMs } = engine;
  if (lifecycle !== 'Unready' || container?.isRunning !== true || unreadySinceMs === undefined)
    return NOTHING;
  const failure = history?.lastError;
  if (failure === undefined) return NOTHING;
  // A leader that is new has no page of it: what it knows begins with what the kubelet said.
  const lastPageMs = history?.samples.at(-1)?.atMs ?? unreadySinceMs;
  const sinceMs = Math.max(lastPageMs, unreadySinceMs);
  const forMs = nowMs - sinceMs;
  const isTried =
    failure.atMs >= sinceMs && nowMs - failure.atMs <= Math.max(DEAD_AFTER_MS, 3 * context.intervalMs);
  if (forMs < ASK_AFTER_MS || !isTried) return NOTHING;
  const suspicion = { sinceMs, dueAtMs: sinceMs + ASK_AFTER_MS, untilMs: nowMs };
  const proof = proofOf(engine, suspicion, context, nowMs);
  const says = `not Ready since ${moment(unreadySinceMs)}, no page since ${moment(lastPageMs)} (${failure.message})`;
  const probe = proof.ask ? { probe: { uid: engine.uid, why: says } } : NOTHING;
  if (proof.state === 'Lives' || forMs < DEAD_AFTER_MS) return probe;
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
