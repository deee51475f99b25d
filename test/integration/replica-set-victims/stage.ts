import { z } from 'zod';
import type { Playground } from '../../../playground/playground.ts';
import { ANNOTATIONS } from '../../../src/api/v1alpha1/constants.ts';
import { VirtualPod } from '../../virtual-cluster/kinds.ts';
import { NODES, type PodState, type Situation } from './situation.ts';

const MERGE_PATCH = 'application/merge-patch+json';
const PODS = '/api/v1/namespaces/default/pods';
const REPLICA_SETS = '/apis/apps/v1/namespaces/default/replicasets';
const AT_ONCE = 16;

const Created = z.object({ metadata: z.object({ name: z.string(), uid: z.string() }) });

/** Runs a task for each item, a few at a time. */
export async function forEach<T>(items: readonly T[], task: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await task(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Nodes without a kubelet: whatever is bound to them stays as it was written. */
export async function createNodes(pg: Playground): Promise<void> {
  await forEach(NODES, async (name) => {
    await pg.call(z.unknown(), 'POST', '/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name },
    });
  });
}

export const otherOf = (name: string): string => `${name}-other`;

/** Creates the ReplicaSets of a situation with no pods yet. */
export async function createSets(pg: Playground, { name, isOwned, related }: Situation): Promise<void> {
  const owner = await pg.call(Created, 'POST', '/api/v1/namespaces/default/configmaps', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
  });
  const reference = { apiVersion: 'v1', kind: 'ConfigMap', name, uid: owner.metadata.uid, controller: true };
  const names = related.length === 0 ? [name] : [name, otherOf(name)];
  for (const set of names) {
    await pg.call(z.unknown(), 'POST', REPLICA_SETS, replicaSet(set, isOwned ? [reference] : []));
  }
}

function replicaSet(name: string, ownerReferences: readonly object[]): object {
  const labels = { set: name };
  const container = { name: 'engine', image: 'example.com/engine' };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name, ownerReferences },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      // No scheduler has this name: pods are where the test binds them.
      template: { metadata: { labels }, spec: { schedulerName: 'nobody', containers: [container] } },
    },
  };
}

export async function scale(pg: Playground, set: string, replicas: number): Promise<void> {
  const path = `${REPLICA_SETS}/${set}/scale`;
  await pg.call(z.unknown(), 'PATCH', path, { spec: { replicas } }, MERGE_PATCH);
}

export async function readyReplicas(pg: Playground, set: string): Promise<number> {
  const Status = z.object({ status: z.object({ readyReplicas: z.int().default(0) }) });
  return (await pg.call(Status, 'GET', `${REPLICA_SETS}/${set}`)).status.readyReplicas;
}

/** The pods of a ReplicaSet, the oldest first. */
export async function podsOf(pg: Playground, set: string): Promise<readonly VirtualPod[]> {
  const path = `${PODS}?labelSelector=${encodeURIComponent(`set=${set}`)}`;
  const { items } = await pg.call(z.object({ items: z.array(VirtualPod) }), 'GET', path);
  const age = ({ metadata }: VirtualPod): string => metadata.creationTimestamp ?? '';
  return items.toSorted((a, b) => age(a).localeCompare(age(b)));
}

/**
 * Makes a pod what the situation says, as the scheduler, the kubelet and a person would. Its times are counted back from
 * `nowMs`, which is one moment for all pods of a set: times in the API are whole seconds, and pods that were ready for as
 * long would else differ by one now and then.
 */
export async function shapePod(pg: Playground, name: string, state: PodState, nowMs: number): Promise<void> {
  if (state.node !== undefined) {
    const target = { apiVersion: 'v1', kind: 'Node', name: state.node };
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target };
    await pg.call(z.unknown(), 'POST', `${PODS}/${name}/binding`, binding);
  }
  if (state.cost !== undefined) {
    const metadata = { annotations: { [ANNOTATIONS.podDeletionCost]: state.cost } };
    await pg.call(z.unknown(), 'PATCH', `${PODS}/${name}`, { metadata }, MERGE_PATCH);
  }
  await pg.call(
    z.unknown(),
    'PATCH',
    `${PODS}/${name}/status`,
    { status: statusOf(state, nowMs) },
    MERGE_PATCH,
  );
}

function statusOf({ phase, readyForSeconds, restarts }: PodState, nowMs: number): object {
  const since = new Date(nowMs - (readyForSeconds ?? 0) * 1000).toISOString();
  const status = readyForSeconds === undefined ? 'False' : 'True';
  const container = { image: 'example.com/engine', imageID: '', ready: status === 'True' };
  return {
    phase,
    conditions: [{ type: 'Ready', status, lastTransitionTime: since.replace(/\.\d+Z$/, 'Z') }],
    containerStatuses: [{ name: 'engine', ...container, restartCount: restarts, state: {}, lastState: {} }],
  };
}
