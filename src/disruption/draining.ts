import type { Disruption } from '../api/v1alpha1/status.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { drainTimeoutSeconds } from './drain-deadline.ts';
import { drainProgress, requests } from './empty.ts';
import { isReleasedFrom } from './marks.ts';
import { act, end, update, wait, type ClaimStep, type DisruptionView, type EndOfClaim } from './steps.ts';

/** Seconds from SIGTERM to the end of an engine whose time is up: its clients get a reset instead of hanging. */
const CUT_SECONDS = 5;

/** The step after the mark is seen: the time that the engine has begins now. */
export function beginDraining(claim: Disruption, { snapshot, nowMs }: DisruptionView): ClaimStep {
  const { drain } = snapshot.fleet.spec;
  const timeout = drainTimeoutSeconds(drain, snapshot.requestTimeP99Seconds);
  return update(claim, 'Draining', nowMs + (drain.settleSeconds + timeout.seconds) * 1000);
}

/** Back from the removal, which nothing that cannot be taken back was done for: the engine gets the whole time again. */
export function drainAnew(
  { toReplicas: _unwritten, cut: _spared, ...claim }: Disruption,
  view: DisruptionView,
): ClaimStep {
  return beginDraining(claim, view);
}

/** Undefined when the engine may go; the claim then says how many requests are cut, if any. */
export function awaitEmpty(
  claim: Disruption,
  engine: EngineSnapshot,
  { snapshot, watches, nowMs }: DisruptionView,
): { readonly step: ClaimStep } | { readonly cut?: number } {
  const { drain, engine: settings } = snapshot.fleet.spec;
  const progress = drainProgress(
    engine,
    watches.get(engine.uid) ?? {},
    drain.settleSeconds,
    settings.metrics.intervalSeconds * 1000,
    nowMs,
  );
  if (progress.state === 'Empty') return {};
  if (nowMs < Date.parse(claim.deadline)) return { step: wait(progress.message) };
  // Whoever is known to hold nothing needs no short end, though nothing has proved yet that nobody comes.
  return progress.inFlight === 0 ? {} : { cut: progress.inFlight ?? 0 };
}

/** Takes the marks off, then ends the claim. */
export function giveBack(
  claim: Disruption,
  engine: EngineSnapshot,
  outcome: Exclude<EndOfClaim, 'Drained' | 'Cut' | 'Gone'>,
  message: string,
): ClaimStep {
  if (isReleasedFrom(engine, claim)) return end(outcome, message);
  return act({ kind: 'PutBack', engine, claim }, message);
}

/**
 * The end of a claim whose engine was put back in an earlier pass. It is over even if what stood against it is gone
 * meanwhile, often because it was put back: else the engine would leave and return for ever.
 */
export function afterReturn(claim: Disruption, engine: EngineSnapshot): ClaimStep | undefined {
  return isReleasedFrom(engine, claim) ? end('Cancelled', 'it serves again') : undefined;
}

/**
 * The grace of an engine whose time is up. The preStop hook takes `settleSeconds` of it; with less, the engine would be
 * killed before it is told to end, in the midst of streams that need a few seconds more.
 */
export function cutGraceSeconds({ fleet }: FleetSnapshot): number {
  return fleet.spec.drain.settleSeconds + CUT_SECONDS;
}

/** For how long the one in the place of a removed engine may take to be ready; milliseconds since the epoch. */
export function wholeAgainByMs({ snapshot, nowMs }: DisruptionView): number {
  return nowMs + snapshot.fleet.spec.engine.startupTimeoutSeconds * 1000;
}

/** How the removal went, for the history and the event. */
export function removed({ cut, claimedAt }: Disruption, nowMs: number): ClaimStep {
  const seconds = Math.round((nowMs - Date.parse(claimedAt)) / 1000);
  if (cut === undefined) return end('Drained', `left after ${seconds} s, no request was cut`);
  const left = cut === 0 ? 'an unknown number of requests' : requests(cut);
  return end('Cut', `left after ${seconds} s, ${left} had not ended by the deadline`);
}

/** The deletion with a short grace that an engine still needs whose requests are cut. */
export function shortenGrace(
  claim: Disruption,
  engine: EngineSnapshot | undefined,
  snapshot: FleetSnapshot,
): ClaimStep | undefined {
  const graceSeconds = cutGraceSeconds(snapshot);
  if (claim.cut === undefined || engine?.lifecycle !== 'Terminating') return undefined;
  if ((engine.deletionGraceSeconds ?? 0) <= graceSeconds) return undefined;
  const action = { kind: 'DeleteEngine', engine, graceSeconds } as const;
  return act(action, 'its time is up: cutting what is left');
}
