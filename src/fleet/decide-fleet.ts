import type { ManualFloor } from '../api/v1alpha1/status.ts';
import { decideSize } from '../scaling/decide-size.ts';
import { fleetLoad, sizeInputs } from '../scaling/fleet-load.ts';
import type { ScalingInput, SizeDecision } from '../scaling/types.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { findConflict, noteForeignWrites, type Conflict } from './foreign-scale.ts';
import { manualFloorAt } from './manual-floor.ts';
import type { FleetMemory } from './memory.ts';
import { orderedSize } from './sizes.ts';

/** The outcome over all that decides about a fleet. */
export interface FleetDecision {
  readonly size: SizeDecision;
  readonly manualFloor?: ManualFloor;
  readonly conflict?: Conflict;
}

/** Decides about one fleet. Pure; `nowMs` is milliseconds since the epoch. */
export function decideFleet(
  snapshot: FleetSnapshot,
  memory: FleetMemory,
  nowMs: number,
): { decision: FleetDecision; memory: FleetMemory } {
  const foreignWrites = noteForeignWrites(snapshot, memory.foreignWrites, nowMs);
  const conflict = findConflict(snapshot, foreignWrites);
  const manualFloor = manualFloorAt(snapshot, foreignWrites, nowMs);
  const { scaling } = snapshot.fleet.spec;
  if (scaling === undefined) {
    return { decision: { size: fixedSize(snapshot, nowMs) }, memory: { ...memory, foreignWrites } };
  }
  const input: ScalingInput = {
    current: orderedSize(snapshot),
    engines: snapshot.engines,
    settings: { ...scaling, startupTimeoutSeconds: snapshot.fleet.spec.engine.startupTimeoutSeconds },
    ...(manualFloor !== undefined && {
      manualFloor: { replicas: manualFloor.replicas, untilMs: Date.parse(manualFloor.until) },
    }),
  };
  const sized = decideSize(input, memory.scaling, nowMs);
  const decision: FleetDecision = {
    size: conflict === undefined ? sized.decision : standBack(sized.decision, conflict),
    ...(manualFloor !== undefined && { manualFloor }),
    ...(conflict !== undefined && { conflict }),
  };
  return { decision, memory: { scaling: sized.memory, foreignWrites } };
}

/** The decision as advice only, while somebody else writes the size. */
function standBack(size: SizeDecision, conflict: Conflict): SizeDecision {
  return { ...size, carriedOut: false, reason: 'ConflictingAutoscaler', message: conflict.message };
}

/** A fleet without `spec.scaling` has the size that `spec.replicas` says (a person's, or an HPA's). */
function fixedSize(snapshot: FleetSnapshot, nowMs: number): SizeDecision {
  const { spec } = snapshot.fleet;
  const current = orderedSize(snapshot);
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
