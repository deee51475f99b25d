import { RESOURCE_TYPES } from '../../src/controllers/vllm-deployment/resource-types.ts';
import type { Random } from '../../src/runtime/ports.ts';
import { stepEndpointSlices } from './endpoint-slices.ts';
import { Engines } from './engines.ts';
import { stepGarbageCollector } from './garbage-collector.ts';
import type { VirtualPod } from './kinds.ts';
import { Kubelet } from './kubelet.ts';
import { seededRandom } from './random.ts';
import { ReplicaSetController } from './replica-sets/replica-set-controller.ts';
import { Scheduler } from './scheduler.ts';
import { VirtualApi } from './virtual-api.ts';

export interface VirtualClusterOptions {
  readonly seed: number;
  readonly startMs: number;
  /** Seconds from an engine's start until it is ready. */
  readonly startSeconds: number;
  readonly isBad: (pod: VirtualPod) => boolean;
}

/**
 * A Kubernetes cluster in memory and in virtual time, as far as fleets depend on it. Nothing happens by itself: each
 * controller does what is due when it is told to.
 */
export class VirtualCluster {
  readonly random: Random;
  readonly api: VirtualApi;
  readonly engines = new Engines();
  readonly replicaSets: ReplicaSetController;
  readonly scheduler: Scheduler;
  readonly kubelet: Kubelet;
  #nowMs: number;

  constructor({ seed, startMs, startSeconds, isBad }: VirtualClusterOptions) {
    this.random = seededRandom(seed);
    this.#nowMs = startMs;
    const now = (): number => this.#nowMs;
    this.api = new VirtualApi(now, this.random);
    this.replicaSets = new ReplicaSetController(this.api, now, this.random);
    this.scheduler = new Scheduler(this.api, now);
    this.kubelet = new Kubelet({ api: this.api, engines: this.engines, now, startSeconds, isBad });
    // Whoever removes a pod, its process does not outlive it.
    this.api.onChange(({ plural }, { type, object }) => {
      if (plural === RESOURCE_TYPES.pod.plural && type === 'Deleted') this.engines.stop(object.metadata.uid);
    });
  }

  /** Milliseconds since the epoch. */
  get nowMs(): number {
    return this.#nowMs;
  }

  advance(seconds: number): void {
    this.#nowMs += seconds * 1000;
    this.engines.step(this.#nowMs);
  }

  stepEndpointSlices(): void {
    stepEndpointSlices(this.api);
  }

  stepGarbageCollector(): void {
    stepGarbageCollector(this.api, this.scheduler.nodes);
  }

  /** Everything that its caches show is done for each ReplicaSet. */
  stepReplicaSets(): void {
    for (const key of this.replicaSets.keys) this.replicaSets.sync(key);
  }

  /** Every controller sees all and does what is due; with a `share` below 1 each does so only now and then. */
  settle(share = 1): void {
    const parts = [
      () => this.replicaSets.podFeed.deliver(),
      () => this.replicaSets.setFeed.deliver(),
      () => this.stepReplicaSets(),
      () => this.stepGarbageCollector(),
      () => this.scheduler.step(),
      () => this.kubelet.step(),
      () => this.stepEndpointSlices(),
    ];
    for (const part of parts) if (share >= 1 || this.random() < share) part();
  }
}
