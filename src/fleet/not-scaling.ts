import { ENGINE_CONTAINER } from '../api/v1alpha1/constants.ts';
import { fleetLoad, startOf, type StartingCredit } from '../scaling/fleet-load.ts';
import type { SizeDecision } from '../scaling/types.ts';
import { isStaying, type EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { carriedOutSize } from './sizes.ts';
import { duration, plural } from './text.ts';

/** Why the fleet stays smaller than it should be: engines were ordered and do not come. */
export interface NotScaling {
  readonly reason: 'NotScaling';
  readonly message: string;
}

/**
 * Tells, while fewer engines are ready than are wanted, of those that are past their start-up credit or find no node,
 * and of a ReplicaSet that may make none: the one that has waited longest, and what a person can do. `nowMs` is
 * milliseconds since the epoch.
 */
export function findNotScaling(
  snapshot: FleetSnapshot,
  size: SizeDecision,
  nowMs: number,
): NotScaling | undefined {
  const { startupTimeoutSeconds } = snapshot.fleet.spec.engine;
  const { ready, overdue, unschedulable, credit } = fleetLoad(
    snapshot.engines.filter(isStaying),
    startupTimeoutSeconds,
    nowMs,
  );
  const wanted = carriedOutSize(size);
  if (ready.length >= wanted) return undefined;
  const share = `${ready.length} of ${plural(wanted, 'engine')} ready`;
  const stuck = [...overdue, ...unschedulable].toSorted((a, b) => startOf(a) - startOf(b));
  const [first] = stuck;
  if (first !== undefined) {
    const absent = `${stuck.length} ${stuck.length === 1 ? 'does' : 'do'} not come`;
    const story = storyOf(first, credit, snapshot, nowMs);
    return { reason: 'NotScaling', message: `${share}, ${absent}: ${story}` };
  }
  const refusal = snapshot.replicaSets.find(({ failure }) => failure !== undefined)?.failure;
  if (refusal === undefined) return undefined;
  return { reason: 'NotScaling', message: `${share}, the API server refuses new ones: ${refusal}` };
}

function storyOf(
  engine: EngineSnapshot,
  credit: StartingCredit,
  { fleet: { metadata, spec } }: FleetSnapshot,
  nowMs: number,
): string {
  const { name, trouble, unschedulable } = engine;
  const age = duration(nowMs - startOf(engine));
  if (unschedulable !== undefined) {
    return `${name} has found no node for ${age}: ${unschedulable}; add a node with room for it`;
  }
  const why = trouble === undefined ? '' : `; ${trouble.reason}: ${trouble.message}`;
  const mayNeedMore = trouble === undefined && credit.ms === spec.engine.startupTimeoutSeconds * 1000;
  const longer = mayNeedMore ? ', and raise engine.startupTimeoutSeconds if all it needs is time' : '';
  return (
    `${name} has been starting for ${age}, ${duration(credit.ms)} were allowed (${credit.because})${why}; ` +
    `see kubectl -n ${metadata.namespace} ${whereToLook(engine)}${longer}`
  );
}

/** A container that never ran, or waits for its image, has no logs; one that restarts has them in its last run. */
function whereToLook({ name, nodeName, trouble, restarts }: EngineSnapshot): string {
  if (nodeName === undefined || (trouble !== undefined && restarts === 0)) return `describe pod ${name}`;
  return `logs ${name} -c ${ENGINE_CONTAINER}${trouble === undefined ? '' : ' --previous'}`;
}
