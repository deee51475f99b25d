import type { Bounds } from './bounds.ts';
import type { FleetLoad } from './fleet-load.ts';
import { scheduleName } from './schedules.ts';
import type { DemandOutcome } from './demand/propose.ts';
import type { ScalingInput } from './types.ts';

/** One sentence that says what would make the fleet grow or shrink from here, with the numbers to look at. */
export function whatWouldChange(
  input: ScalingInput,
  load: FleetLoad,
  bounds: Bounds,
  turns: DemandOutcome['turns'],
): string {
  if (input.settings.mode === 'Paused') return 'nothing, while scaling.mode is Paused';
  return [growth(input, load, bounds, turns), shrink(input, load, bounds, turns), ...takeover(bounds)].join(
    '; ',
  );
}

/** The schedule that ends the one in force. */
function takeover({ schedule: inForce }: Bounds): string[] {
  const next = inForce?.next;
  if (next === undefined || next.schedule === inForce?.schedule) return [];
  return [`${scheduleName(next.schedule)} takes over at ${new Date(next.atMs).toISOString()}`];
}

function growth(
  { current, settings }: ScalingInput,
  { ready, starting }: FleetLoad,
  bounds: Bounds,
  turns: DemandOutcome['turns'],
): string {
  if (current >= bounds.highest) return `cannot grow: ${bounds.highestBy} is ${bounds.highest}`;
  if (ready.length === 0) return 'can grow once an engine is ready and tells its load';
  const { queueDepth, kvCacheUsage } = settings.targets;
  const majority = Math.floor(ready.length / 2) + 1;
  const patience = starting.length === 0 ? '' : ' and none is starting';
  const demand =
    turns === undefined ? '' : `more than ${turns.growsAbove.toFixed(1)} requests/s are expected, `;
  return (
    `grows when ${demand}${majority} of ${ready.length} ready engines have more than ${queueDepth} waiting${patience}, ` +
    `or mean KV usage exceeds ${(kvCacheUsage * 1.1).toFixed(2)}`
  );
}

function shrink(
  { current, settings }: ScalingInput,
  { ready }: FleetLoad,
  bounds: Bounds,
  turns: DemandOutcome['turns'],
): string {
  if (current <= bounds.lowest) return `cannot shrink: ${bounds.lowestBy} is ${bounds.lowest}`;
  if (ready.length < 2) return 'can shrink once two engines are ready';
  const { kvCacheUsage } = settings.targets;
  // What one engine less can hold, and outside the tolerance of 10 %.
  const below = Math.min(((ready.length - 1) / ready.length) * kvCacheUsage, kvCacheUsage * 0.9);
  const demand =
    turns === undefined ? '' : `fewer than ${turns.shrinksBelow.toFixed(1)} requests/s are expected and `;
  return (
    `shrinks when ${demand}mean KV usage stays below ${below.toFixed(2)} for ` +
    `${settings.behavior.scaleDown.stabilizationWindowSeconds} s with fewer than 2 waiting an engine`
  );
}
