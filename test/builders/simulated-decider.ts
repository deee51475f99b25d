import { Scaling } from '../../src/api/v1alpha1/scaling.ts';
import { decideSize, freshMemory, rememberChange } from '../../src/scaling/decide-size.ts';
import type { ScalingSettings, SizeDecision } from '../../src/scaling/types.ts';
import { simulateFleet } from '../../src/simulator/fleet/simulate-fleet.ts';
import type { FleetArrival, FleetConfig, FleetResult } from '../../src/simulator/fleet/types.ts';
import { engineConfigOf } from '../../src/simulator/model/engine-config.ts';
import { ENGINE_PROFILES } from '../../src/simulator/model/profiles.ts';

/** A chat's promise, and the defaults of the API for the rest. */
export function shippedSettings(maxReplicas: number): ScalingSettings {
  return {
    ...Scaling.parse({ maxReplicas }),
    startupTimeoutSeconds: 1800,
    promise: { ttftMs: 500, interTokenMs: 50 },
  };
}

/** Simulated engines of Llama 3.1 8B on an L40S that start in 90 s, behind a router that knows who is busy. */
export function fleetOnL40S(initialSize: number, durationMs: number): FleetConfig {
  return {
    engine: engineConfigOf(ENGINE_PROFILES['llama3.1-8b/L40Sx1']),
    dataParallelSize: 1,
    startupMs: 90_000,
    initialSize,
    routing: 'LessLoadedOfTwo',
    intervalMs: 5000,
    abandonAfterMs: 30_000,
    durationMs,
    seed: 1,
  };
}

/** Plays the arrivals through a fleet that the shipped decider sizes, by a leader that begins to watch at the start. */
export function playDecider(
  config: FleetConfig,
  arrivals: readonly FleetArrival[],
  settings: ScalingSettings,
  see: (decision: SizeDecision, nowMs: number) => void,
): FleetResult {
  let memory = freshMemory(0);
  return simulateFleet(config, arrivals, ({ nowMs, size, engines }) => {
    const serving = engines.filter(({ draining }) => !draining).map(({ snapshot }) => snapshot);
    const input = { current: size, engines: serving, revision: 'simulated', settings };
    const { decision, memory: next } = decideSize(input, memory, nowMs);
    see(decision, nowMs);
    const { desired } = decision;
    memory = desired === size ? next : rememberChange(next, { atMs: nowMs, from: size, to: desired });
    return desired;
  });
}
