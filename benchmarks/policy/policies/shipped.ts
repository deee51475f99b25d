import { Scaling } from '../../../src/api/v1alpha1/scaling.ts';
import { decideSize, freshMemory, rememberChange } from '../../../src/scaling/decide-size.ts';
import type { Policy } from './types.ts';

/** `engine.metrics.intervalSeconds` and `engine.startupTimeoutSeconds` as they are by default. */
const INTERVAL_MS = 5000;
const STARTUP_TIMEOUT_SECONDS = 1800;

/** The operator's own decider with the defaults of its API, as a leader runs it that begins to watch at the start. */
export const SHIPPED: Policy = {
  name: 'vllm-warden',
  intervalMs: INTERVAL_MS,
  create: ({ maxReplicas, targets }) => {
    const settings = {
      ...Scaling.parse({ maxReplicas }),
      startupTimeoutSeconds: STARTUP_TIMEOUT_SECONDS,
      promise: { ttftMs: targets.ttftMs, interTokenMs: targets.tpotMs },
    };
    let memory = freshMemory(0);
    return ({ nowMs, size, engines }) => {
      const serving = engines.filter(({ draining }) => !draining).map(({ snapshot }) => snapshot);
      const decided = decideSize(
        { current: size, engines: serving, revision: 'simulated', settings },
        memory,
        nowMs,
      );
      const { desired } = decided.decision;
      memory =
        desired === size
          ? decided.memory
          : rememberChange(decided.memory, { atMs: nowMs, from: size, to: desired });
      return desired;
    };
  },
};
