import type { ScalingChange } from '../../api/v1alpha1/status.ts';
import type { SizeDecision } from '../../scaling/types.ts';
import type { FleetSnapshot } from '../../snapshot/fleet-snapshot.ts';
import { claimsKey } from '../../fleet/substance.ts';
import { recallMemory, withChange, type FleetMemory } from '../../fleet/memory.ts';
import type { FleetChange } from '../../fleet/plan.ts';

const HISTORY = 10;

/** What the controller keeps of a fleet between passes. */
export interface FleetState {
  readonly memory: FleetMemory;
  /** Carried-out changes of size, oldest first; ahead of the status while a write of it failed. */
  readonly history: readonly ScalingChange[];
  readonly statusWrittenAtMs: number;
  /** What the claims were at when the status was written last. */
  readonly claimsShown: string;
  /** Subjects of the notices that hold and were told. */
  readonly noticed: ReadonlySet<string>;
  /** When this process saw the fleet for the first time. */
  readonly watchedSinceMs: number;
}

/** The state of a fleet that this process sees for the first time, as far as its status tells it. */
export function recallState(snapshot: FleetSnapshot, nowMs: number): FleetState {
  const { status } = snapshot.fleet;
  return {
    memory: recallMemory(snapshot, nowMs),
    history: status?.scaling?.history ?? [],
    statusWrittenAtMs: Date.parse(status?.scaling?.decidedAt ?? new Date(0).toISOString()),
    claimsShown: claimsKey(status),
    noticed: new Set(),
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
    history: [...state.history, entry].slice(-HISTORY),
  };
}
