import { ANNOTATIONS, LABELS } from '../../src/api/v1alpha1/constants.ts';
import { RESOURCE_TYPES } from '../../src/controllers/vllm-deployment/resource-types.ts';
import { withReplicas } from '../virtual-cluster/managed-fields.ts';
import { readFleet, serves, sizeOf } from './judged.ts';
import { BAD_CONTEXT_LENGTH, FLEET, sizeSpec, type World } from './world.ts';

const { pod: POD, replicaSet: REPLICA_SET, fleet: FLEET_TYPE } = RESOURCE_TYPES;

/** What people, programs and machines do to a fleet without asking. */
export const FOREIGN_ACTS = [
  'DeletePod',
  'ScaleReplicaSetUp',
  'ScaleReplicaSetDown',
  'LabelNotServing',
  'LabelServing',
  'LabelNotMember',
  'LoseNode',
  'CrashEngine',
  'Wedge',
  'Unwedge',
  'RefusePods',
  'AdmitPods',
  'FillCluster',
  'FreeCluster',
  'ChangeSize',
  'ChangeTemplate',
  'BreakTemplate',
  'RestoreTemplate',
  'RestartAll',
  'AskForReplace',
  'Suspend',
  'Resume',
  'EmptyClaims',
] as const;
/** Those after which the operator takes engines away. */
export const WISHES = [
  'ChangeSize',
  'ChangeTemplate',
  'RestoreTemplate',
  'RestartAll',
  'AskForReplace',
] as const;
export type ForeignAct = (typeof FOREIGN_ACTS)[number];

/** Carries out an act; `which` chooses among what it could be done to. */
export function carryOut(act: ForeignAct, which: number, world: World): void {
  const { cluster, setting } = world;
  const { api } = cluster;
  const pod = nth(world.activePods, which);
  switch (act) {
    case 'DeletePod':
      if (pod !== undefined) api.delete(POD, pod.metadata, {}, 'kubectl');
      return;
    case 'ScaleReplicaSetUp':
      return scaleSet(world, which, 1);
    case 'ScaleReplicaSetDown':
      return scaleSet(world, which, -1);
    case 'LabelNotServing':
      return labelPod(world, which, LABELS.serving, 'suspect');
    case 'LabelServing':
      return labelPod(world, which, LABELS.serving, 'true');
    case 'LabelNotMember':
      return labelPod(world, which, LABELS.member, 'mine');
    case 'LoseNode': {
      const node = nth(cluster.scheduler.nodes, which);
      if (node !== undefined) cluster.scheduler.removeNode(node);
      return;
    }
    case 'CrashEngine':
      if (pod !== undefined) cluster.kubelet.crash(pod);
      return;
    case 'Wedge':
      // Only in the Service may it have got the request that it stands still with.
      if (pod !== undefined && serves(pod)) cluster.engines.wedge(pod.metadata.uid);
      return;
    case 'Unwedge':
      if (pod !== undefined) cluster.engines.unwedge(pod.metadata.uid, cluster.nowMs);
      return;
    case 'RefusePods':
      api.admission = ({ plural }) => (plural === 'pods' ? 'exceeded quota' : undefined);
      return;
    case 'AdmitPods':
      api.admission = () => undefined;
      return;
    case 'FillCluster':
      return world.setAccelerators(world.pods.length);
    case 'FreeCluster':
      return world.setAccelerators(world.pods.length + 2);
    case 'ChangeSize':
      return world.editFleet({ spec: sizeSpec(setting.sizedBy, 1 + (which % 4)) });
    case 'ChangeTemplate':
      return world.editFleet({ spec: { engine: { maxModelLen: 1024 * (1 + (which % 3)) } } });
    case 'BreakTemplate':
      return world.editFleet({ spec: { engine: { maxModelLen: BAD_CONTEXT_LENGTH } } });
    case 'RestoreTemplate':
      return world.editFleet({ spec: { engine: { maxModelLen: null } } });
    case 'RestartAll':
      return world.editFleet({ spec: { rollout: { restartAt: new Date(cluster.nowMs).toISOString() } } });
    case 'AskForReplace':
      if (pod !== undefined) {
        world.editFleet({ metadata: { annotations: { [ANNOTATIONS.replace]: pod.metadata.name } } });
      }
      return;
    case 'Suspend':
      return world.editFleet({ spec: { suspend: true } });
    case 'Resume':
      return world.editFleet({ spec: { suspend: false } });
    case 'EmptyClaims':
      api.patch(FLEET_TYPE, FLEET, {
        patch: { status: { disruptions: null } },
        subresource: 'status',
        by: 'kubectl',
      });
  }
}

/**
 * Ends whatever keeps a fleet from being whole: a lack of room, a quota, suspension, a template that never starts, and
 * a strategy that lets no engine go.
 */
export function makeWhole(world: World): void {
  const { cluster, setting } = world;
  const { spec } = readFleet(world.fleet);
  cluster.api.admission = () => undefined;
  // Twice the fleet at most, and some more for those that leave; a quota may have kept it from being there yet.
  world.setAccelerators(2 * Math.max(world.pods.length, sizeOf(spec)) + 4);
  const mayDrainFirst = setting.maxUnavailable > 0 && (setting.allowDowntime || sizeOf(spec) > 1);
  world.editFleet({
    spec: {
      suspend: false,
      ...(spec.engine.maxModelLen === BAD_CONTEXT_LENGTH && { engine: { maxModelLen: 4096 } }),
      rollout: { strategy: mayDrainFirst ? setting.strategy : 'SurgeFirst' },
    },
  });
}

function scaleSet(world: World, which: number, by: number): void {
  const set = nth(
    world.replicaSets.filter(({ spec }) => spec.replicas > 0),
    which,
  );
  if (set === undefined) return;
  const replicas = set.spec.replicas + by;
  world.cluster.api.update(REPLICA_SET, set.metadata, { by: 'kubectl' }, (object) =>
    withReplicas(object, replicas, 'kubectl'),
  );
}

function labelPod(world: World, which: number, key: string, value: string): void {
  const pod = nth(world.activePods, which);
  if (pod === undefined) return;
  const patch = { metadata: { labels: { [key]: value } } };
  world.cluster.api.patch(POD, pod.metadata, { patch, by: 'kubectl' });
}

function nth<T>(items: readonly T[], index: number): T | undefined {
  return items[index % Math.max(1, items.length)];
}
