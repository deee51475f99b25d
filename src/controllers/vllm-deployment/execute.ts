import { ANNOTATIONS, FIELD_MANAGERS } from '../../api/v1alpha1/constants.ts';
import type { Disruption } from '../../api/v1alpha1/status.ts';
import { VLLMDeployment } from '../../api/v1alpha1/vllm-deployment.ts';
import { REMOVING_DELETION_COST, revokedMarkOf } from '../../disruption/marks.ts';
import { removalRank } from '../../disruption/members.ts';
import { StalledError, WaitingError, WardenError } from '../../errors.ts';
import type { Action } from '../../fleet/plan.ts';
import type { Prober } from '../../probe/prober.ts';
import type { KubeClient, Live } from '../../kube/client.ts';
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
import {
  detachPatch,
  drainingPatch,
  putBackPatch,
  reattachPatch,
  removingPatch,
  standInPatch,
  suspectPatch,
  type PodPatch,
} from './pod-patches.ts';
import { probeTarget } from './probe-target.ts';
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
  readonly #prober: Pick<Prober, 'ask'>;

  constructor(kube: KubeClient, caches: Caches, barrier: WriteBarrier, prober: Pick<Prober, 'ask'>) {
    this.#kube = kube;
    this.#caches = caches;
    this.#barrier = barrier;
    this.#prober = prober;
  }

  /**
   * Carries out one action; returns the new version of the fleet if it wrote it.
   * @throws StalledError `NameTaken` when an object that is not the fleet's has the name.
   * @throws WaitingError `WorldMoved` when the live objects are not what the plan expected.
   */
  async execute(action: Action, snapshot: FleetSnapshot, signal: AbortSignal): Promise<string | void> {
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
        return this.#resize(action, snapshot, signal);
      case 'WriteClaims':
        return this.#writeClaims(action, snapshot, signal);
      case 'MarkDraining':
      case 'MarkSuspect':
        return this.#markOut(action, snapshot, signal);
      case 'MarkRemoving':
        return this.#patchPod(action.engine, removingPatch(), snapshot, signal);
      case 'MarkStandIn':
        return this.#patchPod(action.engine, standInPatch(), snapshot, signal);
      case 'PutBack':
        return this.#putBack(action, snapshot, signal);
      case 'Detach':
        return this.#patchPod(action.engine, detachPatch(snapshot.fleet, action.claim), snapshot, signal);
      case 'Reattach':
        return this.#patchPod(action.engine, reattachPatch(action.engine, action.claim), snapshot, signal);
      case 'ShrinkReplicaSet':
        return this.#shrinkReplicaSet(action, snapshot, signal);
      case 'DeleteEngine':
        return this.#deleteEngine(action, snapshot, signal);
      case 'Probe': {
        const target = probeTarget(snapshot.fleet, action.engine, action.rank, this.#caches);
        if (target !== undefined) this.#prober.ask(target);
        return undefined;
      }
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

  /** Writes the claims if the fleet is still as this pass saw it: two leaders cannot both claim. */
  async #writeClaims(
    { claims, outcomes }: ActionOf<'WriteClaims'>,
    snapshot: FleetSnapshot,
    signal: AbortSignal,
  ): Promise<string> {
    const { metadata, status } = snapshot.fleet;
    const removing = new Set(
      claims.filter(({ step }) => step === 'Removing').map(({ victimUID }) => victimUID),
    );
    for (const claim of status?.disruptions ?? []) {
      if (!removing.has(claim.victimUID)) await this.#revokeShrink(claim, snapshot, signal);
    }
    const change = {
      resourceVersion: metadata.resourceVersion,
      subresource: 'status',
      patch: { status: { disruptions: claims, disruptionHistory: outcomes } },
      fieldManager: FIELD_MANAGERS.claims,
    } as const;
    const meta = await this.#kube.mergePatch(RESOURCE_TYPES.fleet, metadata, change, signal);
    this.#barrier.wrote(keyOf(metadata), this.#caches.fleets, meta.resourceVersion);
    return meta.resourceVersion;
  }

  async #markOut(
    { kind, engine, claim }: ActionOf<'MarkDraining' | 'MarkSuspect'>,
    snapshot: FleetSnapshot,
    signal: AbortSignal,
  ): Promise<void> {
    const { namespace } = snapshot.fleet.metadata;
    const labels = this.#caches.pods.get(keyOf({ namespace, name: engine.name }))?.metadata.labels ?? {};
    const patchOf = kind === 'MarkDraining' ? drainingPatch : suspectPatch;
    return this.#patchPod(engine, patchOf(snapshot.fleet, engine, labels, claim), snapshot, signal);
  }

  /** Writes a pod if it is still as this pass saw it. */
  async #patchPod(
    engine: EngineSnapshot,
    patch: PodPatch,
    snapshot: FleetSnapshot,
    signal: AbortSignal,
  ): Promise<void> {
    const change = {
      resourceVersion: engine.resourceVersion,
      patch: { ...patch },
      fieldManager: FIELD_MANAGERS.marks,
    };
    const meta = await this.#kube.mergePatch(
      RESOURCE_TYPES.pod,
      refOf(snapshot, engine.name),
      change,
      signal,
    );
    this.#barrier.wrote(keyOf(snapshot.fleet.metadata), this.#caches.pods, meta.resourceVersion);
  }

  /**
   * Takes a mark off. One without a claim stays while its ReplicaSet has more engines than it should: until then it
   * says who goes.
   */
  async #putBack(
    { engine, claim }: ActionOf<'PutBack'>,
    snapshot: FleetSnapshot,
    signal: AbortSignal,
  ): Promise<void> {
    if (claim === undefined) {
      const ref = refOf(snapshot, engine.replicaSet);
      const scale = await this.#kube.getScale(RESOURCE_TYPES.replicaSet, ref, signal);
      const pods = await this.#livePods(snapshot, engine.replicaSet, signal);
      if (pods.length > scale.replicas) {
        throw worldMoved(`ReplicaSet ${engine.replicaSet} is still removing engines`);
      }
    } else {
      await this.#revokeShrink(claim, snapshot, signal);
    }
    await this.#patchPod(engine, putBackPatch(engine, claim), snapshot, signal);
  }

  /**
   * Takes back the removal that a claim stands for, before anything else is put back: from now on the ReplicaSet is at
   * another version, so that a leader that slept before it wrote the size runs into a conflict, and one that looks anew
   * reads that it must not. Nothing to be done once the size is written, or where none was to be.
   */
  async #revokeShrink(claim: Disruption, snapshot: FleetSnapshot, signal: AbortSignal): Promise<void> {
    const set = snapshot.replicaSets.find(({ revision }) => revision === claim.revision);
    if (claim.command !== 'Shrink' || claim.step !== 'Removing') return;
    if (set === undefined || set.replicas === claim.toReplicas) return;
    const live = await this.#liveReplicaSet(set.name, set.replicas, snapshot, signal);
    const mark = revokedMarkOf(claim);
    if (live.object.metadata.annotations?.[ANNOTATIONS.claim] === mark) return;
    const change = {
      resourceVersion: live.meta.resourceVersion,
      patch: { metadata: { annotations: { [ANNOTATIONS.claim]: mark } } },
      fieldManager: FIELD_MANAGERS.marks,
    };
    const ref = refOf(snapshot, set.name);
    const meta = await this.#kube.mergePatch(RESOURCE_TYPES.replicaSet, ref, change, signal);
    this.#barrier.wrote(keyOf(snapshot.fleet.metadata), this.#caches.replicaSets, meta.resourceVersion);
  }

  /**
   * Tells the ReplicaSet to have one engine less once it is certain which one it takes: it removes unassigned, pending
   * and not-ready pods before it looks at any cost (kubernetes `ActivePodsWithRanks`). The ReplicaSet is read first and
   * written at that version: a claim that is taken back after it was read here moves the version (`#revokeShrink`).
   */
  async #shrinkReplicaSet(
    { engine, replicaSet, to }: ActionOf<'ShrinkReplicaSet'>,
    snapshot: FleetSnapshot,
    signal: AbortSignal,
  ): Promise<void> {
    const { metadata } = snapshot.fleet;
    const set = await this.#liveReplicaSet(replicaSet, to + 1, snapshot, signal);
    const fleet = await this.#kube.get(RESOURCE_TYPES.fleet, metadata, VLLMDeployment, signal);
    const claim = fleet?.object.status?.disruptions?.find(({ victimUID }) => victimUID === engine.uid);
    const isRevoked =
      claim !== undefined && set.object.metadata.annotations?.[ANNOTATIONS.claim] === revokedMarkOf(claim);
    if (claim?.step !== 'Removing' || claim.toReplicas !== to || isRevoked) {
      throw worldMoved(`${engine.name} is not claimed any more`);
    }
    const pods = await this.#livePods(snapshot, replicaSet, signal);
    const victim = pods.find(({ metadata: { uid } }) => uid === engine.uid);
    const cost = victim?.metadata.annotations?.[ANNOTATIONS.podDeletionCost];
    if (victim === undefined || cost !== String(REMOVING_DELETION_COST)) {
      throw worldMoved(`${engine.name} is gone or not marked any more`);
    }
    const weaker = pods.find((pod) => rankOf(pod) < rankOf(victim));
    if (weaker !== undefined) {
      const { name } = weaker.metadata;
      throw worldMoved(`${name} is not ready, so the ReplicaSet would take it instead of ${engine.name}`);
    }
    await this.#setReplicas(set, to, snapshot, signal);
  }

  /** Deletes this very engine in the state in which this pass saw it: not one that was put back meanwhile. */
  async #deleteEngine(
    { engine, graceSeconds }: ActionOf<'DeleteEngine'>,
    snapshot: FleetSnapshot,
    signal: AbortSignal,
  ): Promise<void> {
    const { uid, resourceVersion } = engine;
    const grace = graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds };
    await this.#kube.delete(
      RESOURCE_TYPES.pod,
      refOf(snapshot, engine.name),
      { uid, resourceVersion, ...grace },
      signal,
    );
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

  async #resize(
    { replicaSet, from, to }: ActionOf<'Grow' | 'CancelOrders'>,
    snapshot: FleetSnapshot,
    signal: AbortSignal,
  ): Promise<void> {
    const live = await this.#liveReplicaSet(replicaSet, from, snapshot, signal);
    await this.#setReplicas(live, to, snapshot, signal);
  }

  /** The ReplicaSet if it still has the size that the plan was made for. */
  async #liveReplicaSet(
    name: string,
    replicas: number,
    snapshot: FleetSnapshot,
    signal: AbortSignal,
  ): Promise<Live<ReplicaSetProjection>> {
    const ref = refOf(snapshot, name);
    const live = await this.#kube.get(RESOURCE_TYPES.replicaSet, ref, ReplicaSetProjection, signal);
    if (live?.object.spec.replicas === replicas) return live;
    throw worldMoved(`ReplicaSet ${name} is not at ${replicas} any more`);
  }

  /** Sets the size if the ReplicaSet is still as it was read. */
  async #setReplicas(
    { meta }: Live<ReplicaSetProjection>,
    replicas: number,
    snapshot: FleetSnapshot,
    signal: AbortSignal,
  ): Promise<void> {
    const scale = { replicas, resourceVersion: meta.resourceVersion };
    const written = await this.#kube.setScale(
      RESOURCE_TYPES.replicaSet,
      refOf(snapshot, meta.name),
      scale,
      FIELD_MANAGERS.scale,
      signal,
    );
    this.#barrier.wrote(keyOf(snapshot.fleet.metadata), this.#caches.replicaSets, written.resourceVersion);
  }
}

function refOf(snapshot: FleetSnapshot, name: string): { namespace: string; name: string } {
  return { namespace: snapshot.fleet.metadata.namespace, name };
}

function worldMoved(message: string): WaitingError {
  return new WaitingError('WorldMoved', `${message}; planning anew`, NOT_YET_MS);
}

function rankOf({ spec, status }: PodProjection): number {
  const isReady = status.conditions.some(({ type, status: value }) => type === 'Ready' && value === 'True');
  const lifecycle = isReady ? 'Ready' : 'Loading';
  return removalRank({
    lifecycle,
    ...(status.phase !== undefined && { phase: status.phase }),
    ...(spec.nodeName !== undefined && { nodeName: spec.nodeName }),
  });
}
