import { ANNOTATIONS } from '../api/v1alpha1/constants.ts';
import type { SignatureName } from '../api/v1alpha1/remediation.ts';
import type { Finding } from '../api/v1alpha1/status.ts';
import { claimsOf } from '../disruption/claims.ts';
import type { Verdict } from '../rules/verdict.ts';
import { isServing } from '../snapshot/engine-snapshot.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import type { FleetDecision } from './decide-fleet.ts';
import { FATAL, LEAKS, modeOf } from './sick-engines.ts';
import { cut, moment } from './text.ts';

const MOST = 20;
const MESSAGE_LENGTH = 1024;
const ACTION_LENGTH = 512;

const SEVERITIES = ['Critical', 'Warning', 'Info'] as const;
const STATES = ['Proved', 'Suspected', 'Noted'] as const;

/** What is wrong with engines now, the worst first. */
export function buildFindings(snapshot: FleetSnapshot, decision: FleetDecision): Finding[] {
  const { verdicts, ofImage } = decision.health;
  const ofEngines = verdicts.map((verdict): Finding => {
    const { signature, engine, state, confidence, sinceMs, reason, message } = verdict;
    return {
      signature,
      engine,
      state,
      severity: severityOf(verdict),
      confidence,
      since: new Date(sinceMs).toISOString(),
      reason,
      message: cut(message, MESSAGE_LENGTH),
      action: cut(actionOn(verdict, snapshot, decision), ACTION_LENGTH),
    };
  });
  return [...ofEngines, ...ofImage].toSorted(byUrgency).slice(0, MOST);
}

function byUrgency(a: Finding, b: Finding): number {
  return (
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    STATES.indexOf(a.state) - STATES.indexOf(b.state) ||
    (a.engine ?? '').localeCompare(b.engine ?? '') ||
    a.signature.localeCompare(b.signature)
  );
}

const CRITICAL_WHEN_PROVED: ReadonlySet<SignatureName> = new Set([...FATAL, 'SharedMemoryLeftOver']);

function severityOf({ signature, state }: Verdict): Finding['severity'] {
  if (state === 'Proved') return CRITICAL_WHEN_PROVED.has(signature) ? 'Critical' : 'Warning';
  if (state === 'Suspected') return LEAKS.has(signature) ? 'Info' : 'Warning';
  return signature === 'CrashLoop' ? 'Critical' : 'Warning';
}

/** What the operator does about it now, or why it does nothing. */
function actionOn(
  verdict: Verdict,
  { fleet, engines }: FleetSnapshot,
  { health, disruption }: FleetDecision,
): string {
  const { signature, state, uid } = verdict;
  const isInService = engines.some((engine) => engine.uid === uid && isServing(engine));
  const claim = claimsOf({ fleet }).find(({ victimUID }) => victimUID === uid);
  if (claim?.command === 'Isolate')
    return disruption.progress.get(uid) ?? 'it gets no requests until that is proved or over';
  if (claim !== undefined) {
    const what = claim.command === 'Replace' ? 'replaced' : 'taken away';
    return `it is being ${what}: ${disruption.progress.get(uid) ?? claim.step}`;
  }
  if (state === 'Noted') return ADVICE[signature] ?? 'look at its log';
  if (modeOf(fleet.spec.remediation, signature) === 'Advisory') {
    return `remediation.mode is Advisory, so no engine is touched; the annotation ${ANNOTATIONS.replace} replaces it`;
  }
  if (fleet.spec.suspend) return 'spec.suspend is set, so no engine is touched';
  const isSparedLeak = LEAKS.has(signature) && health.halt?.reason !== 'ReplacementsFail';
  if (health.halt !== undefined && !isSparedLeak && !health.sick.has(uid))
    return `nothing (${health.halt.reason}): see RemediationHalted`;
  if (LEAKS.has(signature) && !health.sick.has(uid)) return leakAction(verdict, health.bookings);
  if (state === 'Suspected') {
    return FATAL.has(signature) && isInService
      ? 'it is watched, and stays in the Service: too few others serve, or others are out'
      : 'it is watched';
  }
  return disruption.blocked === undefined
    ? 'it is replaced next'
    : `it waits to be replaced: ${disruption.blocked.message}`;
}

function leakAction(
  { uid, signature, state }: Verdict,
  bookings: FleetDecision['health']['bookings'],
): string {
  if (state === 'Suspected') return 'it is watched';
  const booking = bookings.find((one) => one.uid === uid && one.signature === signature);
  if (booking === undefined) return 'its replacement is about to be booked';
  return `its replacement is booked for ${moment(new Date(booking.atMs).toISOString())}`;
}

/** What a person should do about what the kubelet heals, or cannot. */
const ADVICE: Readonly<Partial<Record<SignatureName, string>>> = {
  CrashLoop: 'the kubelet restarts it again and again; read its log (kubectl logs --previous)',
  OOMKilled:
    'the kubelet has restarted it; raise resources.limits.memory, or find what grows (HostMemoryLeak)',
};
