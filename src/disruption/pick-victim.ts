import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import { removalRank } from './members.ts';

/**
 * The engine that a shrink takes: not ready before ready, then one that is to be replaced anyway, then least in flight,
 * then coldest cache, then youngest. Among engines that are not ready the order is the ReplicaSet controller's own,
 * because it removes those before it looks at any deletion cost. A ready engine whose page is missing is never chosen:
 * it may be the busiest. The last word goes to the name, so that the same engines give the same victim.
 *
 * `isUnwanted`: whether the engine would be replaced if it stayed.
 */
export function pickVictim(
  engines: readonly EngineSnapshot[],
  isUnwanted: (engine: EngineSnapshot) => boolean = () => false,
): EngineSnapshot | undefined {
  return engines
    .filter((engine) => engine.lifecycle !== 'Terminating')
    .filter((engine) => engine.lifecycle !== 'Ready' || engine.page.state === 'Fresh')
    .toSorted((a, b) => compare(a, b, isUnwanted))[0];
}

/** Requests that the engine holds, running and waiting; absent when its page does not tell. */
export function inFlight(engine: EngineSnapshot): number | undefined {
  if (engine.page.state !== 'Fresh') return undefined;
  const { running, waiting, deferred = 0 } = engine.page.load;
  return running === undefined || waiting === undefined ? undefined : running + waiting + deferred;
}

function compare(
  a: EngineSnapshot,
  b: EngineSnapshot,
  isUnwanted: (engine: EngineSnapshot) => boolean,
): number {
  return (
    removalRank(a) - removalRank(b) ||
    Number(isUnwanted(b)) - Number(isUnwanted(a)) ||
    compareNumbers(inFlight(a), inFlight(b)) ||
    warmth(a) - warmth(b) ||
    b.createdAtMs - a.createdAtMs ||
    a.name.localeCompare(b.name)
  );
}

function warmth(engine: EngineSnapshot): number {
  return engine.page.state === 'Fresh' ? (engine.page.load.kvCacheUsage ?? 0) : 0;
}

/** Ascending, the unknown last. */
function compareNumbers(a: number | undefined, b: number | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  return a - b;
}
