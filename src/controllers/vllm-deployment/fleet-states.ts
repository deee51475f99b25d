import type { DisruptionOutcome, ScalingChange } from '../../api/v1alpha1/status.ts';
import type { SizeDecision } from '../../scaling/types.ts';
import type { FleetSnapshot } from '../../snapshot/fleet-snapshot.ts';
import { recallMemory, withChange, type FleetMemory } from '../../fleet/memory.ts';
import type { EndedClaim } from '../../fleet/plan-disruptions.ts';
import type { FleetChange } from '../../fleet/plan.ts';
import type { StatusHistory } from '../../fleet/status.ts';

const HISTORY = 10;

/** What the controller keeps of a fleet between passes. */
export interface FleetState extends StatusHistory {
  readonly memory: FleetMemory;
  readonly statusWrittenAtMs: number;
  /** When this process saw the fleet for the first time. */
  readonly watchedSinceMs: number;
}

/** The state of a fleet that this process sees for the first time, as far as its status tells it. */
export function recallState(snapshot: FleetSnapshot, nowMs: number): FleetState {
  const { status } = snapshot.fleet;
  return {
    memory: recallMemory(snapshot, nowMs),
    changes: status?.scaling?.history ?? [],
    outcomes: status?.disruptionHistory ?? [],
    statusWrittenAtMs: Date.parse(status?.scaling?.decidedAt ?? new Date(0).toISOString()),
    watchedSinceMs: nowMs,
  };
}

/** The state after a change of size was carried out at `nowMs`. */
export function afterChange(
  state: FleetState,
  { from, to }: FleetChange,
  { reason, message }: SizeDecision,
  nowMs: number,
): FleetState {
  const entry: ScalingChange = {
    at: new Date(nowMs).toISOString(),
    from,
    to,
    reason,
    message: message.slice(0, 1024),
  };
  return {
    ...state,
    memory: withChange(state.memory, { atMs: nowMs, from, to }),
    changes: [...state.changes, entry].slice(-HISTORY),
  };
}

/** The state after claims have ended at `nowMs`. */
export function afterClaims(state: FleetState, ended: readonly EndedClaim[], nowMs: number): FleetState {
  const entries = ended.map(({ claim, outcome, message }): DisruptionOutcome => {
    const { engine, command, cause } = claim;
    return {
      at: new Date(nowMs).toISOString(),
      engine,
      command,
      cause,
      outcome,
      message: message.slice(0, 1024),
    };
  });
  return { ...state, outcomes: [...state.outcomes, ...entries].slice(-HISTORY) };
}
