import type { FleetPolicy } from '../../../src/simulator/fleet/types.ts';
import type { EngineModelConfig } from '../../../src/simulator/model/engine-config.ts';
import type { LatencyTargets } from '../scenarios/types.ts';

/** What a person who sets a policy up knows of the fleet. */
export interface PolicySetting {
  readonly engine: EngineModelConfig;
  readonly targets: LatencyTargets;
  /** Concurrent requests of this load that an engine can hold within its time per output token. */
  readonly seatsPerEngine: number;
  readonly maxReplicas: number;
}

export interface Policy {
  readonly name: string;
  /** Between two looks at the pages. */
  readonly intervalMs: number;
  /** A policy with an empty memory. */
  readonly create: (setting: PolicySetting) => FleetPolicy;
}
