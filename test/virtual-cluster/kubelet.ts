import { ENGINE_CONTAINER } from '../../src/api/v1alpha1/constants.ts';
import { RESOURCE_TYPES } from '../../src/controllers/vllm-deployment/resource-types.ts';
import { timestamp } from './api-objects.ts';
import type { Engines } from './engines.ts';
import { isReady, readPod, type VirtualPod } from './kinds.ts';
import type { VirtualApi } from './virtual-api.ts';

const { pod: POD } = RESOURCE_TYPES;
export const KUBELET = 'kubelet';

export interface KubeletOptions {
  readonly api: VirtualApi;
  readonly engines: Engines;
  readonly now: () => number;
  /** Seconds from the container's start until it is ready. */
  readonly startSeconds: number;
  /** Whether the engine of a pod ends instead of getting ready. */
  readonly isBad: (pod: VirtualPod) => boolean;
}

/** All kubelets: containers start, get ready, crash, start again, and end when they are told to. */
export class Kubelet {
  readonly #options: KubeletOptions;
  readonly #addresses = new Map<string, string>();

  constructor(options: KubeletOptions) {
    this.#options = options;
  }

  /** What is due for every pod. */
  step(): void {
    for (const pod of this.#options.api.list(POD).map(readPod)) this.#stepPod(pod);
  }

  /** The engine's process ends by itself; the kubelet starts it anew. */
  crash(pod: VirtualPod): void {
    if (this.#options.engines.startedAtMs(pod.metadata.uid) === undefined) return;
    this.#start(pod, (pod.status.containerStatuses[0]?.restartCount ?? 0) + 1);
  }

  #stepPod(pod: VirtualPod): void {
    const { api, engines, now, startSeconds, isBad } = this.#options;
    const { metadata, spec } = pod;
    const { uid, deletionTimestamp } = metadata;
    if (spec.nodeName === undefined) return;
    if (deletionTimestamp !== undefined) {
      // It ends once it has answered all, at the latest when its grace is over.
      if (engines.inside(uid) > 0 && now() < Date.parse(deletionTimestamp)) return;
      api.delete(POD, metadata, { uid, gracePeriodSeconds: 0 }, KUBELET);
      return;
    }
    const startedAtMs = engines.startedAtMs(uid);
    if (startedAtMs === undefined) this.#start(pod, 0);
    else if (!isReady(pod) && now() - startedAtMs >= startSeconds * 1000) {
      if (isBad(pod)) this.crash(pod);
      else this.#getReady(pod, startedAtMs);
    }
  }

  #start(pod: VirtualPod, restartCount: number): void {
    const { engines, now } = this.#options;
    engines.stop(pod.metadata.uid);
    engines.start(pod.metadata.uid, now());
    this.#write(pod, false, { ...this.#container(pod, now(), false), restartCount });
  }

  #getReady(pod: VirtualPod, startedAtMs: number): void {
    this.#options.engines.open(pod.metadata.uid);
    this.#write(pod, true, this.#container(pod, startedAtMs, true));
  }

  #container({ status }: VirtualPod, startedAtMs: number, started: boolean): object {
    const restartCount = status.containerStatuses[0]?.restartCount ?? 0;
    const state = { running: { startedAt: timestamp(startedAtMs) } };
    return { name: ENGINE_CONTAINER, started, restartCount, state };
  }

  #write({ metadata, status }: VirtualPod, ready: boolean, container: object): void {
    const others = status.conditions.filter(({ type }) => type !== 'Ready');
    const condition = {
      type: 'Ready',
      status: ready ? 'True' : 'False',
      lastTransitionTime: timestamp(this.#options.now()),
    };
    const patch = {
      status: {
        phase: 'Running',
        podIP: this.#address(metadata.uid),
        conditions: [...others, condition],
        containerStatuses: [container],
      },
    };
    this.#options.api.patch(POD, metadata, { patch, subresource: 'status', by: KUBELET });
  }

  #address(uid: string): string {
    const known =
      this.#addresses.get(uid) ?? `198.18.${this.#addresses.size >> 8}.${this.#addresses.size & 255}`;
    this.#addresses.set(uid, known);
    return known;
  }
}
