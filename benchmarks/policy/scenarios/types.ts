import type { FleetArrival } from '../../../src/simulator/fleet/types.ts';

/** What a request must get to count as good. */
export interface LatencyTargets {
  readonly ttftMs: number;
  /** Mean time per output token after the first. */
  readonly tpotMs: number;
}

/** Use cases as the operator's `latency.useCase` has them, without their target for the whole response. */
export const CHAT: LatencyTargets = { ttftMs: 500, tpotMs: 50 };
export const AGENTIC: LatencyTargets = { ttftMs: 2000, tpotMs: 100 };

/** A load that every policy is run against. */
export interface Scenario {
  readonly name: string;
  /** One line for tables and plots. */
  readonly title: string;
  /** `Tuning`: may be looked at while a policy is made; `Reporting`: only ever to judge it. */
  readonly set: 'Tuning' | 'Reporting';
  readonly durationMs: number;
  readonly targets: LatencyTargets;
  /** The rate does not change: a fleet should not either. */
  readonly steady: boolean;
  /** Sorted by time. The same seed gives the same arrivals. */
  readonly arrivals: (seed: number) => readonly FleetArrival[];
}
