import { latencyTargets } from '../api/v1alpha1/latency.ts';
import type { ManualFloor } from '../api/v1alpha1/status.ts';
import { decideSize, freshMemory, rememberChange } from '../scaling/decide-size.ts';
import { fleetLoad, sizeInputs } from '../scaling/fleet-load.ts';
import { scheduleAt, type ScheduleInForce } from '../scaling/schedules.ts';
import type { ScalingInput, ScalingMemory, SizeDecision } from '../scaling/types.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { findConflict, noteForeignWrites, type Conflict } from './foreign-scale.ts';
import { manualFloorAt } from './manual-floor.ts';
import type { FleetMemory } from './memory.ts';
import { findNotScaling, type NotScaling } from './not-scaling.ts';
import { oldRevisions, orderedSize } from './sizes.ts';

/** The outcome over all that decides about a fleet. */
export interface FleetDecision {
  readonly size: SizeDecision;
  readonly manualFloor?: ManualFloor;
  /** The schedule that sets the bounds now. */
  readonly schedule?: ScheduleInForce;
  readonly conflict?: Conflict;
  readonly notScaling?: NotScaling;
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
  const isIdle = snapshot.fleet.spec.suspend || snapshot.stalled !== undefined || !size.carriedOut;
  return {
    decision: {
      size,
      ...(manualFloor !== undefined && { manualFloor }),
      ...(schedule !== undefined && { schedule }),
      ...(conflict !== undefined && { conflict }),
      ...(notScaling !== undefined && { notScaling }),
    },
    memory: {
      scaling: isIdle ? sized.scaling : countShrinkOfRollout(snapshot, size, sized.scaling, nowMs),
      foreignWrites,
      decided: isIdle ? size.current : size.desired,
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
  if (desired >= current || oldRevisions(snapshot).length === 0) return memory;
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
    engines: snapshot.engines,
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
    inputs: sizeInputs(fleetLoad(snapshot.engines, spec.engine.startupTimeoutSeconds, nowMs)),
    proposals: [],
    limits: [],
    wouldChange: 'spec.replicas, by hand or by an autoscaler through the scale subresource',
  };
}
