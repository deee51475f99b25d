import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';

/** The deletion cost that marks a victim: lower than any that a person would set, above the least that fits. */
export const VICTIM_DELETION_COST = -1_073_741_824;

/** Whether the engine carries the mark of a victim. */
export function isMarked({ deletionCost }: EngineSnapshot): boolean {
  return deletionCost === VICTIM_DELETION_COST;
}

/**
 * The engine that a shrink takes: not ready before ready, then the one that is marked already (so that a choice
 * once made is kept), then least in flight, then coldest cache, then youngest. Among engines that are not ready the order is the ReplicaSet controller's own (unassigned, then
 * pending, then not ready), because it removes those before it looks at any deletion cost (kubernetes
 * `ActivePodsWithRanks`). A ready engine whose page is missing is never chosen: it may be the busiest.
 * The last word goes to the name, so that the same engines give the same victim.
 */
export function pickVictim(engines: readonly EngineSnapshot[]): EngineSnapshot | undefined {
  return engines
    .filter((engine) => engine.lifecycle !== 'Terminating')
    .filter((engine) => engine.lifecycle !== 'Ready' || engine.page.state === 'Fresh')
    .toSorted(compare)[0];
}

/** Requests that the engine holds, running and waiting; absent when its page does not tell. */
export function inFlight(engine: EngineSnapshot): number | undefined {
  if (engine.page.state !== 'Fresh') return undefined;
  const { running, waiting } = engine.page.load;
  return running === undefined || waiting === undefined ? undefined : running + waiting;
}

function compare(a: EngineSnapshot, b: EngineSnapshot): number {
  return (
    readiness(a) - readiness(b) ||
    Number(isMarked(b)) - Number(isMarked(a)) ||
    compareNumbers(inFlight(a), inFlight(b)) ||
    warmth(a) - warmth(b) ||
    b.createdAtMs - a.createdAtMs ||
    a.name.localeCompare(b.name)
  );
}

function readiness(engine: EngineSnapshot): number {
  if (engine.lifecycle === 'Ready') return 3;
  if (engine.lifecycle === 'Unready') return 2;
  return engine.nodeName === undefined ? 0 : 1;
}

function warmth(engine: EngineSnapshot): number {
  return engine.page.state === 'Fresh' ? (engine.page.load.kvCacheUsage ?? 0) : 0;
}

/** Ascending, the unknown last. */
function compareNumbers(a: number | undefined, b: number | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  return a - b;
}
