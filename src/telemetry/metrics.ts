import { collectDefaultMetrics, Registry } from 'prom-client';
import type { RuntimeMetrics } from '../runtime/ports.ts';
import { createApiMetrics, type ApiRequestHook } from './api-metrics.ts';
import { createFleetMetrics, type FleetMetrics } from './fleet-metrics.ts';
import { createRuntimeMetrics } from './runtime-metrics.ts';

export interface OperatorMetrics {
  /** Serves all of them; its own, not the global one, so that two operators can run in one process. */
  readonly registry: Registry;
  readonly runtime: RuntimeMetrics;
  readonly fleets: FleetMetrics;
  readonly apiRequest: ApiRequestHook;
}

/**
 * All metrics of the operator, with those of the process: a stalled event loop loses the lease, so
 * `nodejs_eventloop_lag_p99_seconds` is one to alert on.
 */
export function createMetrics(): OperatorMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    runtime: createRuntimeMetrics(registry),
    fleets: createFleetMetrics(registry),
    apiRequest: createApiMetrics(registry),
  };
}
