import { RESOURCE_TYPES } from '../../../src/controllers/vllm-deployment/resource-types.ts';
import type { Random } from '../../../src/runtime/ports.ts';
import { silentLog } from '../../../src/runtime/silent.ts';
import { Store, type Change } from '../../../src/runtime/store.ts';
import { timestamp } from '../api-objects.ts';
import { controllerOf, isActive, isReady, matches, VirtualPod, VirtualReplicaSet } from '../kinds.ts';
import { randomHex } from '../random.ts';
import type { VirtualApi } from '../virtual-api.ts';
import { WatchSource, type Feed } from '../watch-source.ts';
import { claimPods } from './claim-pods.ts';
import { Expectations } from './expectations.ts';
import { rankByNode, removalOrder } from './pods-to-delete.ts';

const { pod: POD, replicaSet: REPLICA_SET } = RESOURCE_TYPES;

/** The name by which its writes are told from those of others. */
export const REPLICA_SET_CONTROLLER = 'replicaset-controller';

/**
 * The ReplicaSet controller (pkg/controller/replicaset/replica_set.go, Kubernetes 1.34.4) with caches of its own: it
 * adopts and releases pods, creates and deletes them until there are as many as ordered, and says so in the status.
 * What it has not seen yet it does not know: a mark that is written just before a size may arrive after it.
 */
export class ReplicaSetController {
  readonly #api: VirtualApi;
  readonly #now: () => number;
  readonly #random: Random;
  readonly #pods = new Store<VirtualPod>({ log: silentLog });
  readonly #sets = new Store<VirtualReplicaSet>({ log: silentLog });
  readonly #expectations = new Expectations();
  readonly podFeed: Feed<VirtualPod>;
  readonly setFeed: Feed<VirtualReplicaSet>;

  constructor(api: VirtualApi, now: () => number, random: Random) {
    this.#api = api;
    this.#now = now;
    this.#random = random;
    this.#pods.onChange((change) => this.#podChanged(change));
    this.podFeed = new WatchSource(api, POD, VirtualPod).follow(this.#pods);
    this.setFeed = new WatchSource(api, REPLICA_SET, VirtualReplicaSet).follow(this.#sets);
  }

  /** The keys of the sets in its cache. */
  get keys(): readonly string[] {
    return this.#sets.keys();
  }

  /** One look at one set (`syncReplicaSet`). */
  sync(key: string): void {
    const set = this.#sets.get(key);
    if (set === undefined) return;
    const { uid } = set.metadata;
    const mayAct = this.#expectations.areSatisfied(uid, this.#now());
    const candidates = this.#pods.list().filter((pod) => isActive(pod) && mayBelong(pod, set));
    const pods = claimPods(this.#api, set, candidates, REPLICA_SET_CONTROLLER);
    const failure = mayAct ? this.#manage(set, pods) : undefined;
    this.#writeStatus(set, pods, failure);
  }

  /** Creates or deletes what is missing or too much (`manageReplicas`); why a pod was refused is returned. */
  #manage(set: VirtualReplicaSet, pods: readonly VirtualPod[]): string | undefined {
    const surplus = pods.length - set.spec.replicas;
    if (surplus < 0) return this.#create(set, -surplus);
    if (surplus > 0) this.#delete(set, pods, surplus);
    return undefined;
  }

  /** The first refusal ends the batch; the real one starts slowly and doubles (`slowStartBatch`). */
  #create(set: VirtualReplicaSet, count: number): string | undefined {
    const { uid } = set.metadata;
    this.#expectations.expectCreations(uid, count, this.#now());
    for (let made = 0; made < count; made += 1) {
      try {
        this.#api.create(POD, podOf(set, randomHex(this.#random, 5)), REPLICA_SET_CONTROLLER);
      } catch (error) {
        for (let skipped = made; skipped < count; skipped += 1) this.#expectations.creationObserved(uid);
        return error instanceof Error ? error.message : String(error);
      }
    }
    return undefined;
  }

  #delete(set: VirtualReplicaSet, pods: readonly VirtualPod[], surplus: number): void {
    const { uid, namespace } = set.metadata;
    const ranks = rankByNode(pods, this.#relatedPods(set));
    const doomed = removalOrder(this.#shuffled(pods), ranks, this.#now()).slice(0, surplus);
    const names = doomed.map(({ metadata }) => metadata.name);
    this.#expectations.expectDeletions(uid, names, this.#now());
    for (const name of names) {
      const result = this.#api.delete(POD, { namespace, name }, {}, REPLICA_SET_CONTROLLER);
      if (result === 'NotFound') this.#expectations.deletionObserved(uid, name);
    }
  }

  /** Pods that this set or another one of the same owner selects (`getIndirectlyRelatedPods`). */
  #relatedPods(set: VirtualReplicaSet): readonly VirtualPod[] {
    const owner = controllerOf(set);
    if (owner === undefined) return [];
    const selectors = this.#sets
      .list()
      .filter((other) => controllerOf(other) === owner)
      .map(({ spec }) => spec.selector.matchLabels);
    return this.#pods
      .list()
      .filter(({ metadata }) => selectors.some((selector) => matches(selector, metadata.labels)));
  }

  /** The order of a hash map: pods that no rule tells apart go in any order. */
  #shuffled(pods: readonly VirtualPod[]): readonly VirtualPod[] {
    return pods
      .map((pod) => ({ pod, place: this.#random() }))
      .toSorted((a, b) => a.place - b.place)
      .map(({ pod }) => pod);
  }

  /** `calculateStatus` and `updateReplicaSetStatus`, which writes over a newer version of the object. */
  #writeStatus(set: VirtualReplicaSet, pods: readonly VirtualPod[], failure: string | undefined): void {
    const { namespace, name, uid, generation = 0 } = set.metadata;
    if (this.#api.get(REPLICA_SET, { namespace, name })?.metadata.uid !== uid) return;
    const ready = pods.filter(isReady).length;
    const known = set.status.conditions.find(({ type }) => type === 'ReplicaFailure');
    const condition = known ?? {
      type: 'ReplicaFailure',
      status: 'True',
      reason: 'FailedCreate',
      message: failure,
      lastTransitionTime: timestamp(this.#now()),
    };
    const status = {
      replicas: pods.length,
      readyReplicas: ready,
      availableReplicas: ready,
      observedGeneration: generation,
      conditions: failure === undefined ? [] : [condition],
    };
    const write = { by: REPLICA_SET_CONTROLLER };
    this.#api.update(REPLICA_SET, { namespace, name }, write, (live) => ({ ...live, status }));
  }

  /** `addPod`, `updatePod`, `deletePod`. */
  #podChanged({ object, previous }: Change<VirtualPod>): void {
    const pod = object ?? previous;
    const owner = pod === undefined ? undefined : controllerOf(pod);
    if (pod === undefined || owner === undefined) return;
    if (object === undefined || pod.metadata.deletionTimestamp !== undefined) {
      this.#expectations.deletionObserved(owner, pod.metadata.name);
    } else if (previous === undefined) {
      this.#expectations.creationObserved(owner);
    }
  }
}

function mayBelong(pod: VirtualPod, { metadata }: VirtualReplicaSet): boolean {
  const owner = controllerOf(pod);
  return pod.metadata.namespace === metadata.namespace && (owner === undefined || owner === metadata.uid);
}

function podOf({ metadata, spec }: VirtualReplicaSet, suffix: string): Readonly<Record<string, unknown>> {
  const { namespace, name, uid } = metadata;
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid, controller: true };
  return {
    metadata: {
      namespace,
      name: `${name}-${suffix}`,
      ...spec.template.metadata,
      ownerReferences: [{ ...owner, blockOwnerDeletion: true }],
    },
    spec: spec.template.spec,
    status: { phase: 'Pending' },
  };
}
