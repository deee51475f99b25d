import type { SimulatedEngine } from './simulated-engine.ts';
import type { FleetConfig } from './types.ts';

/** Chooses the engine of the next request. `nowMs` is the time up to which those that are compared are run. */
export type Router = (serving: readonly SimulatedEngine[], nowMs: number) => SimulatedEngine | undefined;

/** @param random numbers in [0, 1) */
export function createRouter(routing: FleetConfig['routing'], random: () => number): Router {
  const below = (count: number): number => Math.floor(random() * count);
  if (routing === 'Random') return (serving) => serving[below(serving.length)];
  return (serving, nowMs) => {
    const first = below(serving.length);
    const one = serving[first];
    const other = serving[(first + 1 + below(serving.length - 1)) % serving.length];
    if (one === undefined || other === undefined || one === other) return one;
    one.engine.runUntil(nowMs);
    other.engine.runUntil(nowMs);
    return other.inFlight < one.inFlight ? other : one;
  };
}
