import type { ComparisonMemory } from '../disruption/comparison/memory.ts';
import type { DrainWatch } from '../disruption/empty.ts';
import { freshMemory, rememberChange } from '../scaling/decide-size.ts';
import type { ScalingMemory, SizeChange } from '../scaling/types.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import type { ForeignWrite } from './foreign-scale.ts';
import { NO_HEALTH_MEMORY, type HealthMemory } from './health.ts';
import { decidedSize } from './sizes.ts';

/** What the operator remembers of a fleet between passes. Lost with the leader, but for what status holds. */
export interface FleetMemory {
  readonly scaling: ScalingMemory;
  /** Writes of the ReplicaSets' size by others, oldest first. */
  readonly foreignWrites: readonly ForeignWrite[];
  /** The size that was last decided and carried out: during a roll-out the rest is surge. */
  readonly decided: number | undefined;
  /** `spec.replicas` as the last pass saw it, so that a change of it is told from an old number. */
  readonly specReplicas: number | undefined;
  /** By uid of an engine that drains: since when no EndpointSlice lists it. */
  readonly watches: ReadonlyMap<string, DrainWatch>;
  /** A surge found no room: none is tried until then; milliseconds since the epoch. */
  readonly noRoomUntilMs: number;
  /** What old and new engines did side by side; absent while no roll-out is under way. */
  readonly comparison: ComparisonMemory | undefined;
  readonly health: HealthMemory;
}

/** The memory of a leader that begins now: the changes of size are taken over from the status of the fleet. */
export function recallMemory(snapshot: FleetSnapshot, nowMs: number): FleetMemory {
  const history = snapshot.fleet.status?.scaling?.history ?? [];
  const learned = snapshot.fleet.status?.scaling?.learnedCapacity;
  const changes = history.map(({ at, from, to }) => ({ atMs: Date.parse(at), from, to }));
  return {
    scaling: freshMemory(
      nowMs,
      changes,
      learned && { subject: learned.subject, load: learned.promptTokensPerSecond },
    ),
    foreignWrites: [],
    decided: decidedSize(snapshot),
    specReplicas: snapshot.fleet.spec.replicas,
    watches: new Map(),
    noRoomUntilMs: 0,
    comparison: undefined,
    health: NO_HEALTH_MEMORY,
  };
}

/** The memory after a change of size was carried out. */
export function withChange(memory: FleetMemory, change: SizeChange): FleetMemory {
  return { ...memory, scaling: rememberChange(memory.scaling, change) };
}
