import type { Finding } from '../api/v1alpha1/status.ts';
import { bookLeaks, type BookingContext, type LeakBooking } from '../disruption/booking/book-leaks.ts';
import { CLOSED_BREAKER, judgeBreaker, type BreakerMemory, type Halt } from '../disruption/breaker.ts';
import { claimsOf } from '../disruption/claims.ts';
import { drainTimeoutSeconds } from '../disruption/drain-deadline.ts';
import type { RemediationHistory } from '../disruption/remediation-history/history.ts';
import type { SickEngines } from '../disruption/sick.ts';
import { startFailure } from '../disruption/start-failure.ts';
import { leaksOfImages } from '../disruption/verification/leak-follows-image.ts';
import { verifyRestarts, type RestartRecord } from '../disruption/verification/restarts.ts';
import { acuteContext } from '../rules/acute/context.ts';
import { judgeAcute, type AcuteJudgement } from '../rules/acute/judge-acute.ts';
import { leakSettings, windowMinutesOf } from '../rules/leaks/settings.ts';
import { NO_TRAFFIC, rememberTraffic, trafficByHour, type Traffic } from '../rules/leaks/traffic-by-hour.ts';
import { NO_LEAK_WATCH, watchLeaks, type UnseenLeaks } from '../rules/leaks/watch.ts';
import type { Verdict } from '../rules/verdict.ts';
import { fleetLoad } from '../scaling/fleet-load.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { serveArgs } from '../workload/flags.ts';
import { rememberRestarts } from './remember-restarts.ts';
import { FATAL, LEAKS, modeOf, sickEngines } from './sick-engines.ts';

/** What is known of the engines' health, and what follows from it. */
export interface Health {
  /** Of all signatures that are not off. */
  readonly verdicts: readonly Verdict[];
  /** What is wrong with an image rather than with an engine. */
  readonly ofImage: readonly Finding[];
  /** Why leaks of some engines cannot be seen. */
  readonly unseen: readonly UnseenLeaks[];
  /** What may be done. */
  readonly sick: SickEngines;
  /** Engines that a token is to be asked of now. */
  readonly probes: AcuteJudgement['probes'];
  readonly halt?: Halt;
  readonly bookings: readonly LeakBooking[];
  /** What was replaced, and whether that helped; oldest first. */
  readonly restarts: readonly RestartRecord[];
}

/** What the operator remembers of the engines' health between passes. */
export interface HealthMemory extends RemediationHistory {
  readonly breaker: BreakerMemory;
}

export const NO_HEALTH_MEMORY: HealthMemory = {
  breaker: CLOSED_BREAKER,
  watch: NO_LEAK_WATCH,
  traffic: NO_TRAFFIC,
  bookings: [],
  restarts: [],
};

/** Judges every engine by every signature. Pure; `nowMs` is milliseconds since the epoch. */
export function judgeHealth(
  snapshot: FleetSnapshot,
  before: HealthMemory,
  nowMs: number,
): { readonly health: Health; readonly memory: HealthMemory } {
  const { spec } = snapshot.fleet;
  const engines = snapshot.engines.filter(({ lifecycle }) => lifecycle !== 'Terminating');
  const acute = judgeAcute(engines, acuteContext(spec), nowMs);
  const leaks = watchLeaks(before.watch, engines, leakSettings(spec), nowMs);
  const verdicts = [...acute.verdicts, ...leaks.verdicts].filter(
    ({ signature }) => modeOf(spec.remediation, signature) !== 'Off',
  );
  const { memory: breaker, halt } = judgeBreaker(
    before.breaker,
    breakerInputs(snapshot, engines, verdicts, nowMs),
  );
  const traffic = rememberTraffic(before.traffic, engines, nowMs);
  const due = verdicts.filter(
    ({ signature }) => LEAKS.has(signature) && modeOf(spec.remediation, signature) === 'Auto',
  );
  const bookings = bookLeaks(due, before.bookings, bookingContext(snapshot, traffic, nowMs), nowMs);
  const mayProbe = [...FATAL].some((signature) => modeOf(spec.remediation, signature) !== 'Off');
  const begun = rememberRestarts(before.restarts, snapshot, before.watch);
  const restarts = verifyRestarts(begun, engines, verdicts, nowMs);
  return {
    health: {
      verdicts,
      ofImage: leaksOfImages(restarts, serveArgs(spec)),
      unseen: leaks.unseen,
      sick: sickEngines(verdicts, spec.remediation, bookings, halt, nowMs),
      probes: mayProbe ? acute.probes : [],
      ...(halt !== undefined && { halt }),
      bookings,
      restarts,
    },
    memory: { breaker, watch: leaks.watch, traffic, bookings, restarts },
  };
}

function breakerInputs(
  snapshot: FleetSnapshot,
  engines: readonly EngineSnapshot[],
  verdicts: readonly Verdict[],
  nowMs: number,
): Parameters<typeof judgeBreaker>[1] {
  const { engine, rollout } = snapshot.fleet.spec;
  const fatal = verdicts.filter(({ signature }) => FATAL.has(signature));
  const suspected = new Set(fatal.map(({ uid }) => uid));
  const judged = engines.flatMap((one) => {
    const isSick =
      suspected.has(one.uid) || startFailure(one, { ...engine, ...rollout }, nowMs) !== undefined;
    return isSick || one.lifecycle === 'Ready' ? [{ createdAtMs: one.createdAtMs, isSick }] : [];
  });
  return { suspected, engines: engines.length, claims: claimsOf(snapshot), judged, nowMs };
}

/** A replace takes the start of another engine, as long as engines were seen to take, and the drain of the old one. */
function bookingContext(snapshot: FleetSnapshot, traffic: Traffic, nowMs: number): BookingContext {
  const { spec } = snapshot.fleet;
  const { credit } = fleetLoad(snapshot.engines, spec.engine.startupTimeoutSeconds, nowMs);
  const { seconds } = drainTimeoutSeconds(spec.drain, snapshot.requestTimeP99Seconds);
  return {
    windows: spec.remediation.maintenanceWindows,
    trafficByHour: trafficByHour(traffic),
    secondsPerReplace: credit.ms / 1000 + spec.drain.settleSeconds + seconds,
    windowMinutes: (signature) => windowMinutesOf(spec, signature),
  };
}
