import type { Finding } from '../api/v1alpha1/status.ts';
import { CLOSED_BREAKER, judgeBreaker, type BreakerMemory, type Halt } from '../disruption/breaker.ts';
import type { LeakBooking } from '../disruption/booking/book-leaks.ts';
import { claimsOf } from '../disruption/claims.ts';
import type { SickEngines } from '../disruption/sick.ts';
import { startFailure } from '../disruption/start-failure.ts';
import { acuteContext } from '../rules/acute/context.ts';
import { judgeAcute, type AcuteJudgement } from '../rules/acute/judge-acute.ts';
import { leakSettings } from '../rules/leaks/settings.ts';
import { NO_LEAK_WATCH, watchLeaks, type LeakWatch } from '../rules/leaks/watch.ts';
import type { Verdict } from '../rules/verdict.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { FATAL, modeOf, sickEngines } from './sick-engines.ts';

/** What is known of the engines' health, and what follows from it. */
export interface Health {
  /** Of all signatures that are not off. */
  readonly verdicts: readonly Verdict[];
  /** What is wrong with an image rather than with an engine. */
  readonly ofImage: readonly Finding[];
  /** What may be done. */
  readonly sick: SickEngines;
  /** Engines that a token is to be asked of now. */
  readonly probes: AcuteJudgement['probes'];
  readonly halt?: Halt;
  readonly bookings: readonly LeakBooking[];
}

/** What the operator remembers of the engines' health between passes. */
export interface HealthMemory {
  readonly breaker: BreakerMemory;
  readonly leaks: LeakWatch;
  readonly bookings: readonly LeakBooking[];
}

export const NO_HEALTH_MEMORY: HealthMemory = {
  breaker: CLOSED_BREAKER,
  leaks: NO_LEAK_WATCH,
  bookings: [],
};

/** Judges every engine by every signature. Pure; `nowMs` is milliseconds since the epoch. */
export function judgeHealth(
  snapshot: FleetSnapshot,
  before: HealthMemory,
  nowMs: number,
): { readonly health: Health; readonly memory: HealthMemory } {
  const { remediation } = snapshot.fleet.spec;
  const engines = snapshot.engines.filter(({ lifecycle }) => lifecycle !== 'Terminating');
  const acute = judgeAcute(engines, acuteContext(snapshot.fleet.spec), nowMs);
  const leaks = watchLeaks(before.leaks, engines, leakSettings(snapshot.fleet.spec), nowMs);
  const verdicts = [...acute.verdicts, ...leaks.verdicts].filter(
    ({ signature }) => modeOf(remediation, signature) !== 'Off',
  );
  const { memory: breaker, halt } = judgeBreaker(before.breaker, breakerInputs(snapshot, verdicts, nowMs));
  const { bookings } = before;
  return {
    health: {
      verdicts,
      ofImage: [],
      sick: sickEngines(verdicts, remediation, bookings, halt, nowMs),
      probes: acute.probes,
      ...(halt !== undefined && { halt }),
      bookings,
    },
    memory: { breaker, leaks: leaks.watch, bookings },
  };
}

function breakerInputs(
  snapshot: FleetSnapshot,
  verdicts: readonly Verdict[],
  nowMs: number,
): Parameters<typeof judgeBreaker>[1] {
  const { engine, rollout } = snapshot.fleet.spec;
  const fatal = verdicts.filter(({ signature }) => FATAL.has(signature));
  const suspected = new Set(fatal.map(({ uid }) => uid));
  const living = snapshot.engines.filter(({ lifecycle }) => lifecycle !== 'Terminating');
  const judged = living.flatMap((one) => {
    const isSick =
      suspected.has(one.uid) || startFailure(one, { ...engine, ...rollout }, nowMs) !== undefined;
    return isSick || one.lifecycle === 'Ready' ? [{ createdAtMs: one.createdAtMs, isSick }] : [];
  });
  return { suspected, engines: living.length, claims: claimsOf(snapshot), judged, nowMs };
}
