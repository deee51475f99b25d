import type { Disruption } from '../api/v1alpha1/status.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import { afterReturn, giveBack } from './draining.ts';
import { isolationFloor, tooFewServe } from './floor.ts';
import { isSuspectBy } from './marks.ts';
import { otherServing } from './members.ts';
import { act, end, update, wait, type ClaimStep, type DisruptionView } from './steps.ts';

/** A suspicion is proved or ends within ten minutes; one that does neither must not cost an engine for ever. */
const LONGEST_MS = 30 * 60_000;

/**
 * The next step of an Isolate: the engine gets no requests while it is suspected. The proof turns the claim into a
 * Replace, unless `held` says why that has to wait; `cancel` says why the suspicion is over, and the engine serves
 * again. Never below the serving floor.
 */
export function nextIsolateStep(
  claim: Disruption,
  view: DisruptionView,
  cancel: string | undefined,
  held: string | undefined,
): ClaimStep {
  const { snapshot, sick, nowMs } = view;
  const engine = snapshot.engines.find(({ uid }) => uid === claim.victimUID);
  if (engine === undefined || engine.lifecycle === 'Terminating') {
    return end('Gone', 'somebody else removed it');
  }
  const seen = sick.get(engine.uid);
  const isProved = seen !== undefined && seen.cause !== 'Suspected';
  if (isProved && held === undefined) return proved(claim, seen.cause, view);
  if (cancel !== undefined) return giveBack(claim, engine, 'Cleared', cancel);
  const few = tooFewWithout(engine, view);
  if (few !== undefined) return giveBack(claim, engine, 'Cancelled', few);
  if (nowMs >= Date.parse(claim.deadline) && claim.step === 'Isolated' && !isProved) {
    return giveBack(claim, engine, 'Cleared', 'nothing has proved the suspicion in half an hour');
  }
  if (!isSuspectBy(engine, claim)) {
    const mark = { kind: 'MarkSuspect', engine, claim } as const;
    return afterReturn(claim, engine) ?? act(mark, 'it is taken out of the Service');
  }
  if (claim.step === 'Isolated') {
    return wait(
      held === undefined
        ? 'it gets no requests until that is proved or over'
        : `it gets no requests, ${held}`,
    );
  }
  return update(claim, 'Isolated', nowMs + LONGEST_MS);
}

/** The same claim goes on as a Replace, so that the engine is never without one. */
function proved(
  { strategy: _unset, message: _before, ...claim }: Disruption,
  cause: 'Dead' | 'Leak' | 'Sick',
  { snapshot, sick, nowMs }: DisruptionView,
): ClaimStep {
  const signature = sick.get(claim.victimUID)?.signature;
  const strategy = cause === 'Dead' ? 'DrainFirst' : snapshot.fleet.spec.rollout.strategy;
  return update({ ...claim, command: 'Replace', cause, strategy }, 'Claimed', nowMs, {
    ...(signature !== undefined && { signature }),
  });
}

function tooFewWithout(engine: EngineSnapshot, view: DisruptionView): string | undefined {
  const floor = isolationFloor(view.desired, view.snapshot.fleet.spec.rollout);
  const others = otherServing(view, engine.uid, 'Read');
  return others >= floor ? undefined : tooFewServe(others, floor, 'Read');
}
