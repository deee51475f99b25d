import type { SignatureName } from '../api/v1alpha1/remediation.ts';
import type { VLLMDeploymentSpec } from '../api/v1alpha1/spec.ts';
import type { LeakBooking } from '../disruption/booking/book-leaks.ts';
import type { Halt } from '../disruption/breaker.ts';
import type { SickEngine, SickEngines } from '../disruption/sick.ts';
import type { Verdict } from '../rules/verdict.ts';

type Mode = VLLMDeploymentSpec['remediation']['mode'];

/** What is done about a signature: its own mode, else the fleet's. */
export function modeOf(
  { mode, signatures }: VLLMDeploymentSpec['remediation'],
  signature: SignatureName,
): Mode {
  return signatures.find(({ name }) => name === signature)?.mode ?? mode;
}

/** Signatures of an engine that serves nothing. */
export const FATAL: ReadonlySet<SignatureName> = new Set([
  'Wedged',
  'Deadlocked',
  'Livelocked',
  'EngineDead',
]);
export const LEAKS: ReadonlySet<SignatureName> = new Set(['HostMemoryLeak', 'KVBlockLeak']);

const URGENCY: readonly SickEngine['cause'][] = ['Dead', 'Suspected', 'Sick', 'Leak'];

/** The engines that should not go on as they are, by what may be done about it: modes, breaker and bookings allowed for. */
export function sickEngines(
  verdicts: readonly Verdict[],
  remediation: VLLMDeploymentSpec['remediation'],
  bookings: readonly LeakBooking[],
  halt: Halt | undefined,
  nowMs: number,
): SickEngines {
  const sick = new Map<string, SickEngine>();
  for (const verdict of verdicts) {
    const { signature, uid, message } = verdict;
    if (modeOf(remediation, signature) !== 'Auto') continue;
    const cause = causeOf(verdict, bookings, nowMs);
    if (cause === undefined || !isAllowed(cause, verdict, halt)) continue;
    const before = sick.get(uid);
    if (before !== undefined && URGENCY.indexOf(before.cause) <= URGENCY.indexOf(cause)) continue;
    sick.set(uid, { cause, signature, message });
  }
  return sick;
}

function causeOf(
  { signature, state, uid }: Verdict,
  bookings: readonly LeakBooking[],
  nowMs: number,
): SickEngine['cause'] | undefined {
  if (state === 'Noted') return undefined;
  if (FATAL.has(signature)) return state === 'Proved' ? 'Dead' : 'Suspected';
  if (state !== 'Proved') return undefined;
  if (!LEAKS.has(signature)) return 'Sick';
  const isDue = bookings.some(
    (booking) => booking.uid === uid && booking.signature === signature && booking.atMs <= nowMs,
  );
  return isDue ? 'Leak' : undefined;
}

/** A leak was measured for hours and is no suspicion; what stood still for ten minutes without a probe's word is one. */
function isAllowed(cause: SickEngine['cause'], { confidence }: Verdict, halt: Halt | undefined): boolean {
  if (halt === undefined) return true;
  if (halt.reason === 'ReplacementsFail') return false;
  return cause === 'Leak' || (cause === 'Dead' && confidence === 'High');
}
