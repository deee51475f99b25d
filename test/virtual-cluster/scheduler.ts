import { RESOURCE_TYPES } from '../../src/controllers/vllm-deployment/resource-types.ts';
import { timestamp } from './api-objects.ts';
import { isActive, readPod, type VirtualPod } from './kinds.ts';
import type { VirtualApi } from './virtual-api.ts';

const { pod: POD } = RESOURCE_TYPES;
const BY = 'scheduler';

/** Nodes with so many accelerators each; every engine takes one, and holds it until its pod is gone. */
export class Scheduler {
  readonly #api: VirtualApi;
  readonly #now: () => number;
  readonly #accelerators = new Map<string, number>();

  constructor(api: VirtualApi, now: () => number) {
    this.#api = api;
    this.#now = now;
  }

  get nodes(): readonly string[] {
    return [...this.#accelerators.keys()];
  }

  setNode(name: string, accelerators: number): void {
    this.#accelerators.set(name, accelerators);
  }

  removeNode(name: string): void {
    this.#accelerators.delete(name);
  }

  /** Binds what waits to the emptiest node, or says that there is no room. */
  step(): void {
    const pods = this.#api.list(POD).map(readPod);
    const waiting = pods.filter((pod) => isActive(pod) && pod.spec.nodeName === undefined);
    for (const pod of waiting) this.#place(pod);
  }

  #place({ metadata, status }: VirtualPod): void {
    const node = this.#emptiest();
    const isPlaced = node !== undefined;
    const known = status.conditions.find(({ type }) => type === 'PodScheduled');
    if (!isPlaced && known !== undefined) return;
    const condition = {
      type: 'PodScheduled',
      status: isPlaced ? 'True' : 'False',
      ...(!isPlaced && { reason: 'Unschedulable', message: 'Insufficient nvidia.com/gpu' }),
      lastTransitionTime: timestamp(this.#now()),
    };
    const conditions = { status: { conditions: [condition] } };
    if (isPlaced) this.#api.patch(POD, metadata, { patch: { spec: { nodeName: node } }, by: BY });
    this.#api.patch(POD, metadata, { patch: conditions, subresource: 'status', by: BY });
  }

  #emptiest(): string | undefined {
    const used = new Map<string, number>();
    for (const { spec } of this.#api.list(POD).map(readPod)) {
      const node = spec.nodeName ?? '';
      used.set(node, (used.get(node) ?? 0) + 1);
    }
    const free = ([name, size]: readonly [string, number]): number => size - (used.get(name) ?? 0);
    const [first] = [...this.#accelerators].toSorted((a, b) => free(b) - free(a));
    return first !== undefined && free(first) > 0 ? first[0] : undefined;
  }
}
