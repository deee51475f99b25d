import { CONDITIONS, LABELS, MEMBER, SERVING } from '../../src/api/v1alpha1/constants.ts';
import { revisionOf } from '../../src/workload/revision.ts';
import { controllerOf, isReady } from '../virtual-cluster/kinds.ts';
import { isMarked, readFleet, sizeOf } from './judged.ts';
import type { World } from './world.ts';

/** Whether the operator leaves the size alone, since others have written it again and again. */
export function standsBack(world: World): boolean {
  const conditions = readFleet(world.fleet).status?.conditions ?? [];
  return conditions.some(
    ({ type, status }) => type === CONDITIONS.conflictingAutoscaler && status === 'True',
  );
}

/** What is still to be done until the fleet has its size on its revision, and nothing is marked or claimed. */
export function unsettled(world: World): string | undefined {
  const fleet = readFleet(world.fleet);
  const revision = revisionOf(fleet.spec);
  const claims = fleet.status?.disruptions ?? [];
  if (claims.length > 0)
    return `claims on ${claims.map(({ engine, step }) => `${engine} (${step})`).join(', ')}`;
  const sets = new Map(world.replicaSets.map((set) => [set.metadata.uid, set]));
  const engines = world.pods.filter(({ metadata }) => sets.has(controllerOf({ metadata }) ?? ''));
  const detached = world.pods.find(({ metadata }) => metadata.labels[LABELS.member] === MEMBER.detached);
  if (detached !== undefined) return `${detached.metadata.name} is detached`;
  for (const pod of engines) {
    const { name, labels } = pod.metadata;
    if (isMarked(pod) || labels[LABELS.serving] !== SERVING.true) return `${name} is marked`;
    if (labels[LABELS.revision] !== revision) return `${name} is of revision ${labels[LABELS.revision]}`;
    if (!isReady(pod)) return `${name} is not ready`;
    if (world.cluster.engines.isWedged(pod.metadata.uid)) return `${name} stands still`;
    if (pod.metadata.deletionTimestamp !== undefined) return `${name} is leaving`;
  }
  const found = fleet.status?.findings?.find(({ state }) => state !== 'Noted');
  if (found !== undefined) return `${found.engine} is ${found.state} to be ${found.signature}`;
  const size = sizeOf(fleet.spec);
  return engines.length === size ? undefined : `${engines.length} engines of ${size}`;
}
