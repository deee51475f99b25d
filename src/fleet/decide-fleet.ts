import { claimsOf } from '../disruption/claims.ts';
import { noteListing } from '../disruption/empty.ts';
import { SERVING } from '../api/v1alpha1/constants.ts';
import { latencyTargets } from '../api/v1alpha1/latency.ts';
import type { ManualFloor } from '../api/v1alpha1/status.ts';
import { decideSize, freshMemory, rememberChange } from '../scaling/decide-size.ts';
import { fleetLoad, sizeInputs } from '../scaling/fleet-load.ts';
import { scheduleAt, type ScheduleInForce } from '../scaling/schedules.ts';
import type { ScalingInput, ScalingMemory, SizeDecision } from '../scaling/types.ts';
import { isStaying } from '../snapshot/engine-snapshot.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { compareSides } from './compare-sides.ts';
import { findConflict, noteForeignWrites, type Conflict } from './foreign-scale.ts';
import { judgeHealth, type Health } from './health.ts';
import { manualFloorAt } from './manual-floor.ts';
import type { FleetMemory } from './memory.ts';
import { findNotScaling, type NotScaling } from './not-scaling.ts';
import { planDisruptions, type DisruptionPlan } from './plan-disruptions.ts';
import { rolloutState, type RolloutState } from './rollout-state.ts';
import { carriedOutSize, isRollingOut, orderedSize } from './sizes.ts';

/** How long it counts that there was no room for one engine more. */
const NO_ROOM_MS = 10 * 60_000;

/** The outcome over all that decides about a fleet. */
export interface FleetDecision {
  readonly size: SizeDecision;
  readonly manualFloor?: ManualFloor;
  /** The schedule that sets the bounds now. */
  readonly schedule?: ScheduleInForce;
  readonly conflict?: Conflict;
  readonly notScaling?: NotScaling;
  readonly rollout: RolloutState;
  readonly health: Health;
  readonly disruption: DisruptionPlan;
}

/** Decides about one fleet. Pure; `nowMs` is milliseconds since the epoch. */
export function decideFleet(
  snapshot: FleetSnapshot,
  memory: FleetMemory,
  nowMs: number,
): { decision: FleetDecision; memory: FleetMemory } {
  const foreignWrites = noteForeignWrites(snapshot, memory.foreignWrites, nowMs);
  const conflict = findConflict(snapshot, foreignWrites);
  const manualFloor = manualFloorAt(snapshot, memory.specReplicas, nowMs);
  const sized = decideBySpec(snapshot, memory, manualFloor, nowMs);
  const size = conflict === undefined || isNew(snapshot) ? sized.size : standBack(sized.size, conflict);
  const schedule = scheduleAt(snapshot.fleet.spec.scaling?.schedules ?? [], nowMs);
  const notScaling = findNotScaling(snapshot, size, nowMs);
  const desired = carriedOutSize(size);
  const { health, memory: healthMemory } = judgeHealth(snapshot, memory.health, nowMs);
  const watches = noteListing(memory.watches, snapshot.engines, nowMs);
  const { sides, memory: comparison } = compareSides(snapshot, memory.comparison, nowMs);
  const rollout = rolloutState(snapshot, {
    desired,
    noRoomUntilMs: memory.noRoomUntilMs,
    ...(sides !== undefined && { sides }),
    nowMs,
  });
  const held = size.carriedOut ? undefined : (conflict?.message ?? 'the size is advice only');
  const disruption = planDisruptions(snapshot, {
    desired,
    ...(held !== undefined && { held }),
    rollout,
    watches,
    sick: health.sick,
    nowMs,
  });
  const isIdle = snapshot.fleet.spec.suspend || snapshot.stalled !== undefined || !size.carriedOut;
  return {
    decision: {
      size,
      ...(manualFloor !== undefined && { manualFloor }),
      ...(schedule !== undefined && { schedule }),
      ...(conflict !== undefined && { conflict }),
      ...(notScaling !== undefined && { notScaling }),
      rollout,
      health,
      disruption,
    },
    memory: {
      scaling: isIdle ? sized.scaling : countShrinkOfRollout(snapshot, size, sized.scaling, nowMs),
      foreignWrites,
      decided: isIdle ? size.current : size.desired,
      watches,
      comparison,
      health: healthMemory,
      noRoomUntilMs: noRoomUntil(snapshot, rollout, memory, nowMs),
      specReplicas: snapshot.fleet.spec.replicas,
    },
  };
}

/**
 * During a roll-out a shrink is carried out by deciding it: the surge that is out becomes one engine more, and no
 * write of a ReplicaSet stands for it alone. It must count for the policies all the same.
 */
function countShrinkOfRollout(
  snapshot: FleetSnapshot,
  { current, desired }: SizeDecision,
  memory: ScalingMemory,
  nowMs: number,
): ScalingMemory {
  if (desired >= current || !isRollingOut(snapshot)) return memory;
  return rememberChange(memory, { atMs: nowMs, from: current, to: desired });
}

function decideBySpec(
  snapshot: FleetSnapshot,
  memory: FleetMemory,
  manualFloor: ManualFloor | undefined,
  nowMs: number,
): { size: SizeDecision; scaling: ScalingMemory } {
  const { scaling, engine, latency } = snapshot.fleet.spec;
  const current = orderedSize(snapshot, memory.decided);
  if (scaling === undefined) {
    // Nothing is recommended meanwhile: a fleet that is sized again starts with an empty window.
    return {
      size: fixedSize(snapshot, current, nowMs),
      scaling: freshMemory(nowMs, memory.scaling.changes),
    };
  }
  const input: ScalingInput = {
    current,
    engines: snapshot.engines.filter((one) => isStaying(one) && one.serving !== SERVING.suspect),
    revision: snapshot.revision,
    settings: {
      ...scaling,
      promise: latencyTargets(latency),
      ...(engine.maxNumSeqs !== undefined && { maxNumSeqs: engine.maxNumSeqs }),
      ...(isNew(snapshot) && { mode: 'Auto' }),
      startupTimeoutSeconds: engine.startupTimeoutSeconds,
    },
    ...(manualFloor !== undefined && {
      manualFloor: { replicas: manualFloor.replicas, untilMs: Date.parse(manualFloor.until) },
    }),
  };
  const { decision, memory: next } = decideSize(input, memory.scaling, nowMs);
  return { size: decision, scaling: next };
}

/** A surge that found no room is not tried again for a while: each try would take as long as the first. */
function noRoomUntil(
  snapshot: FleetSnapshot,
  { phase, isRoomless }: RolloutState,
  { noRoomUntilMs }: FleetMemory,
  nowMs: number,
): number {
  const found = claimsOf(snapshot).some(({ obstacle, step }) => obstacle === 'NoRoom' && step === 'Surging');
  const isNew = found || (isRoomless && phase !== 'Complete' && nowMs >= noRoomUntilMs);
  return isNew ? nowMs + NO_ROOM_MS : noRoomUntilMs;
}

/** A fleet that was never started has no size to keep: it starts at its least size in every mode. */
function isNew({ replicaSets }: FleetSnapshot): boolean {
  return replicaSets.length === 0;
}

/** The decision as advice only, while somebody else writes the size. */
function standBack(size: SizeDecision, conflict: Conflict): SizeDecision {
  return {
    ...size,
    carriedOut: false,
    reason: 'ConflictingAutoscaler',
    message: `${conflict.message}; ${size.message}`,
  };
}

/** A fleet without `spec.scaling` has the size that `spec.replicas` says (a person's, or an HPA's). */
function fixedSize(snapshot: FleetSnapshot, current: number, nowMs: number): SizeDecision {
  const { spec } = snapshot.fleet;
  const desired = spec.replicas ?? current;
  return {
    action: desired === current ? 'Hold' : desired > current ? 'Grow' : 'Shrink',
    current,
    desired,
    carriedOut: true,
    reason: 'FixedReplicas',
    message: `spec.replicas is ${desired} and spec.scaling is not set`,
    inputs: sizeInputs(
      fleetLoad(snapshot.engines.filter(isStaying), spec.engine.startupTimeoutSeconds, nowMs),
    ),
    proposals: [],
    limits: [],
    wouldChange: 'spec.replicas, by hand or by an autoscaler through the scale subresource',
  };
}
