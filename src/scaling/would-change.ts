import type { FleetLoad } from './fleet-load.ts';
import type { ScalingInput } from './types.ts';

/** One sentence that says what would make the fleet grow or shrink from here, with the numbers to look at. */
export function whatWouldChange(input: ScalingInput, load: FleetLoad): string {
  const { settings, current } = input;
  if (settings.mode === 'Paused') return 'nothing, while scaling.mode is Paused';
  const half = Math.floor(load.ready.length / 2) + 1;
  const grow =
    current >= settings.maxReplicas
      ? 'cannot grow: maxReplicas is reached'
      : `grows when ${half} of ${load.ready.length} ready engines have more than ${settings.targets.queueDepth} waiting, ` +
        `or mean KV usage exceeds ${(settings.targets.kvCacheUsage * 1.1).toFixed(2)}`;
  const ready = load.ready.length;
  const below =
    ready > 1
      ? Math.min(((ready - 1) / ready) * settings.targets.kvCacheUsage, settings.targets.kvCacheUsage * 0.9)
      : 0;
  const shrink =
    current <= settings.minReplicas || ready < 2
      ? 'cannot shrink below minReplicas'
      : `shrinks when mean KV usage stays at or below ${below.toFixed(2)} for ` +
        `${settings.behavior.scaleDown.stabilizationWindowSeconds} s with fewer than 2 waiting an engine`;
  return `${grow}; ${shrink}`;
}
