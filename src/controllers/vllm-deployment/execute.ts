import { ANNOTATIONS, FIELD_MANAGERS } from '../../api/v1alpha1/constants.ts';
import { VICTIM_DELETION_COST } from '../../disruption/pick-victim.ts';
import { StalledError, WaitingError, WardenError } from '../../errors.ts';
import type { Action } from '../../fleet/plan.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { ObjectToWrite } from '../../kube/apply.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import { keyOf } from '../../runtime/keys.ts';
import type { ObjectMeta } from '../../runtime/ports.ts';
import type { WriteBarrier } from '../../runtime/write-barrier.ts';
import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';
import type { ChildrenSnapshot, FleetSnapshot } from '../../snapshot/fleet-snapshot.ts';
import { fleetLabels } from '../../workload/names.ts';
import { buildPodDisruptionBudget } from '../../workload/pod-disruption-budget.ts';
import { buildReplicaSet } from '../../workload/replica-set.ts';
import { buildService } from '../../workload/service.ts';
import type { Caches } from './caches.ts';
import { isEngine } from './observe-engine.ts';
import { PodProjection, ReplicaSetProjection } from './projections.ts';
import { RESOURCE_TYPES } from './resource-types.ts';

type Kind = Action['kind'];
type ActionOf<K extends Kind> = Extract<Action, { kind: K }>;

const NOT_YET_MS = 1000;

/**
 * Carries out the actions of a plan, all writes of a pass. What takes an engine away is looked at once more on
 * live objects: the plan was made from caches, and caches trail.
 */
export class Executor {
  readonly #kube: KubeClient;
  readonly #caches: Caches;
  readonly #barrier: WriteBarrier;

  constructor(kube: KubeClient, caches: Caches, barrier: WriteBarrier) {
    this.#kube = kube;
    this.#caches = caches;
    this.#barrier = barrier;
  }

  /**
   * Carries out one action.
   * @throws StalledError `NameTaken` when an object that is not the fleet's has the name.
   * @throws WaitingError `WorldMoved` when the live objects are not what the plan expected.
   */
  async execute(action: Action, snapshot: FleetSnapshot, signal: AbortSignal): Promise<void> {
    switch (action.kind) {
      case 'ApplyService': {
        const child = {
          type: RESOURCE_TYPES.service,
          store: this.#caches.services,
          state: snapshot.children.service,
        };
        return this.#ensure(child, buildService(snapshot.fleet), snapshot, signal);
      }
      case 'ApplyPodDisruptionBudget': {
        const { disruptionBudgets: store } = this.#caches;
        const child = {
          type: RESOURCE_TYPES.disruptionBudget,
          store,
          state: snapshot.children.podDisruptionBudget,
        };
        return this.#ensure(child, buildPodDisruptionBudget(snapshot.fleet), snapshot, signal);
      }
      case 'CreateReplicaSet':
        return this.#createReplicaSet(action, snapshot, signal);
      case 'Grow':
      case 'CancelOrders':
        return this.#setReplicas(action.replicaSet, action.from, action.to, snapshot, signal);
      case 'MarkVictim':
        return this.#setDeletionCost(snapshot, action.engine, String(VICTIM_DELETION_COST), signal);
      case 'UnmarkEngine':
        await this.#expectSettled(action.replicaSet, snapshot, signal);
        return this.#setDeletionCost(snapshot, action.engine, null, signal);
      case 'RemoveVictim':
        return this.#removeVictim(action, snapshot, signal);
      case 'DeleteReplicaSet':
        await this.#kube.delete(
          RESOURCE_TYPES.replicaSet,
          refOf(snapshot, action.name),
          { uid: action.uid },
          signal,
        );
        return undefined;
    }
  }

  /** Creates a child, or applies over our own: never over an object that somebody else made. */
  async #ensure(
    child: {
      type: ResourceType;
      store: Parameters<WriteBarrier['wrote']>[1];
      state: ChildrenSnapshot['podDisruptionBudget'];
    },
    object: ObjectToWrite,
    snapshot: FleetSnapshot,
    signal: AbortSignal,
  ): Promise<void> {
    const meta =
      child.state === 'Differs'
        ? await this.#kube.apply(child.type, object, FIELD_MANAGERS.children, signal)
        : await this.#create(child.type, object, signal);
    this.#barrier.wrote(keyOf(snapshot.fleet.metadata), child.store, meta.resourceVersion);
  }

  async #create(type: ResourceType, object: ObjectToWrite, signal: AbortSignal): Promise<ObjectMeta> {
    try {
      return await this.#kube.create(type, object, FIELD_MANAGERS.children, signal);
    } catch (error) {
      if (!(error instanceof WardenError) || error.code !== 'ApiAlreadyExists') throw error;
      const { namespace, name } = object.metadata;
      throw new StalledError(
        'NameTaken',
        `the ${type.kind} ${namespace}/${name} exists and does not belong to this fleet`,
        { remedy: `Rename the fleet, or delete that ${type.kind}.`, cause: error },
      );
    }
  }

  async #createReplicaSet(
    { revision, replicas }: ActionOf<'CreateReplicaSet'>,
    snapshot: FleetSnapshot,
    signal: AbortSignal,
  ): Promise<void> {
    const built = buildReplicaSet(snapshot.fleet, revision, replicas);
    if (!built.ok) throw new StalledError(built.reason, built.message);
    const meta = await this.#create(RESOURCE_TYPES.replicaSet, built.value, signal);
    this.#barrier.wrote(keyOf(snapshot.fleet.metadata), this.#caches.replicaSets, meta.resourceVersion);
  }

  /**
   * Shrinks the ReplicaSet by one once it is certain which engine it takes: it removes unassigned, pending and
   * not-ready pods before it looks at any cost, so each pod that stays must be ready, or the victim is itself
   * one of those (kubernetes `ActivePodsWithRanks`).
   */
  async #removeVictim(
    { engine, replicaSet, from }: ActionOf<'RemoveVictim'>,
    snapshot: FleetSnapshot,
    signal: AbortSignal,
  ): Promise<void> {
    const pods = await this.#livePods(snapshot, replicaSet, signal);
    const victim = pods.find(({ metadata }) => metadata.uid === engine.uid);
    if (victim?.metadata.annotations?.[ANNOTATIONS.podDeletionCost] !== String(VICTIM_DELETION_COST)) {
      throw new WaitingError(
        'WorldMoved',
        `${engine.name} is gone or not marked any more; planning anew`,
        NOT_YET_MS,
      );
    }
    const weaker = pods.find((pod) => pod !== victim && !isReady(pod));
    if (weaker !== undefined && isReady(victim)) {
      throw new WaitingError(
        'WorldMoved',
        `${weaker.metadata.name} is not ready, so the ReplicaSet would take it instead of ${engine.name}; planning anew`,
        NOT_YET_MS,
      );
    }
    await this.#setReplicas(replicaSet, from, from - 1, snapshot, signal);
  }

  /** Makes sure that the ReplicaSet has removed all that it was told to remove: until then marks must stay. */
  async #expectSettled(replicaSet: string, snapshot: FleetSnapshot, signal: AbortSignal): Promise<void> {
    const scale = await this.#kube.getScale(RESOURCE_TYPES.replicaSet, refOf(snapshot, replicaSet), signal);
    const pods = await this.#livePods(snapshot, replicaSet, signal);
    if (pods.length > scale.replicas) {
      throw new WaitingError('WorldMoved', `ReplicaSet ${replicaSet} is still removing engines`, NOT_YET_MS);
    }
  }

  async #livePods(
    snapshot: FleetSnapshot,
    replicaSet: string,
    signal: AbortSignal,
  ): Promise<readonly PodProjection[]> {
    const { namespace, name } = snapshot.fleet.metadata;
    const labelSelector = Object.entries(fleetLabels(name))
      .map(([key, value]) => `${key}=${value}`)
      .join(',');
    const { items } = await this.#kube.list(
      RESOURCE_TYPES.pod,
      PodProjection,
      { namespace, labelSelector },
      signal,
    );
    return items
      .flatMap(({ parsed }) => (parsed.ok ? [parsed.object] : []))
      .filter((pod) => isEngine(pod) && pod.metadata.deletionTimestamp === undefined)
      .filter(
        ({ metadata }) => metadata.ownerReferences?.some((owner) => owner.name === replicaSet) === true,
      );
  }

  async #setReplicas(
    replicaSet: string,
    from: number,
    to: number,
    snapshot: FleetSnapshot,
    signal: AbortSignal,
  ): Promise<void> {
    const ref = refOf(snapshot, replicaSet);
    const live = await this.#kube.get(RESOURCE_TYPES.replicaSet, ref, ReplicaSetProjection, signal);
    if (live?.object.spec.replicas !== from) {
      throw new WaitingError(
        'WorldMoved',
        `ReplicaSet ${replicaSet} is not at ${from} any more; planning anew`,
        NOT_YET_MS,
      );
    }
    const scale = { replicas: to, resourceVersion: live.meta.resourceVersion };
    const written = await this.#kube.setScale(
      RESOURCE_TYPES.replicaSet,
      ref,
      scale,
      FIELD_MANAGERS.scale,
      signal,
    );
    this.#barrier.wrote(keyOf(snapshot.fleet.metadata), this.#caches.replicaSets, written.resourceVersion);
  }

  async #setDeletionCost(
    snapshot: FleetSnapshot,
    engine: EngineSnapshot,
    cost: string | null,
    signal: AbortSignal,
  ): Promise<void> {
    const meta = await this.#kube.mergePatch(
      RESOURCE_TYPES.pod,
      refOf(snapshot, engine.name),
      {
        resourceVersion: engine.resourceVersion,
        patch: { metadata: { annotations: { [ANNOTATIONS.podDeletionCost]: cost } } },
        fieldManager: FIELD_MANAGERS.marks,
      },
      signal,
    );
    this.#barrier.wrote(keyOf(snapshot.fleet.metadata), this.#caches.pods, meta.resourceVersion);
  }
}

function refOf(snapshot: FleetSnapshot, name: string): { namespace: string; name: string } {
  return { namespace: snapshot.fleet.metadata.namespace, name };
}

function isReady({ status }: PodProjection): boolean {
  return status.conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True');
}
