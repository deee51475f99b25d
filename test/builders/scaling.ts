import { freshMemory } from '../../src/scaling/decide-size.ts';
import type {
  ScalingInput,
  ScalingMemory,
  ScalingRules,
  ScalingSettings,
  SizeChange,
} from '../../src/scaling/types.ts';
import type { EngineSnapshot } from '../../src/snapshot/engine-snapshot.ts';
import { secondsAgo } from './engines.ts';

/** Grows by max(100 %, 4 engines) in 15 s, as HPA does. */
export const FAST_UP: ScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Percent', value: 100, periodSeconds: 15 },
    { type: 'Pods', value: 4, periodSeconds: 15 },
  ],
};

/** Shrinks by max(10 %, 1 engine) a minute, after five quiet minutes. */
export const SLOW_DOWN: ScalingRules = {
  stabilizationWindowSeconds: 300,
  selectPolicy: 'Max',
  policies: [
    { type: 'Percent', value: 10, periodSeconds: 60 },
    { type: 'Pods', value: 1, periodSeconds: 60 },
  ],
};

export function settings(overrides: Partial<ScalingSettings> = {}): ScalingSettings {
  return {
    minReplicas: 1,
    maxReplicas: 100,
    mode: 'Auto',
    targets: { queueDepth: 5, kvCacheUsage: 0.8 },
    schedules: [],
    promise: { ttftMs: 500, interTokenMs: 50 },
    behavior: { scaleUp: FAST_UP, scaleDown: SLOW_DOWN },
    startupTimeoutSeconds: 1800,
    ...overrides,
  };
}

/** What is decided about: as many engines as are given, unless `current` says otherwise. */
export function scalingInput(
  engines: readonly EngineSnapshot[],
  overrides: Partial<ScalingSettings> & Partial<Pick<ScalingInput, 'current' | 'manualFloor'>> = {},
): ScalingInput {
  const { current = engines.length, manualFloor, ...rest } = overrides;
  return {
    current,
    engines,
    revision: 'one',
    settings: settings(rest),
    ...(manualFloor !== undefined && { manualFloor }),
  };
}

/** The memory of a leader that has watched for an hour. */
export function watchedForAnHour(changes: readonly SizeChange[] = []): ScalingMemory {
  return freshMemory(secondsAgo(3600), changes);
}
