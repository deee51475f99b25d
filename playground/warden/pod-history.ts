import { z } from 'zod';
import { ANNOTATIONS, LABELS, SERVING } from '../../src/api/v1alpha1/constants.ts';
import type { Playground } from '../playground.ts';
import { ServingTimeline } from './serving-timeline.ts';

const Pod = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    labels: z.record(z.string(), z.string()).default({}),
    annotations: z.record(z.string(), z.string()).default({}),
    deletionTimestamp: z.string().optional(),
  }),
  spec: z.object({
    nodeName: z.string().optional(),
    containers: z.array(z.object({ image: z.string() })),
  }),
  status: z.object({
    podIP: z.string().optional(),
    conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
  }),
});
export type Pod = z.infer<typeof Pod>;

export function podsPath(fleet: string): string {
  const selector = encodeURIComponent(`${LABELS.fleet}=${fleet}`);
  return `/api/v1/namespaces/default/pods?labelSelector=${selector}`;
}

/** The pods of a fleet that are not on their way out, by name. */
export async function readPods(pg: Playground, fleet: string): Promise<readonly Pod[]> {
  const { items } = await pg.call(z.object({ items: z.array(Pod) }), 'GET', podsPath(fleet));
  return items.filter(isStaying).toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name));
}

export function isReady({ status }: Pod): boolean {
  return status.conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True');
}

export function deletionCost({ metadata }: Pod): string | undefined {
  return metadata.annotations[ANNOTATIONS.podDeletionCost];
}

function isStaying({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp === undefined;
}

function isServing(pod: Pod): boolean {
  return isStaying(pod) && isReady(pod) && pod.metadata.labels[LABELS.serving] === SERVING.true;
}

/** The life of a fleet's pods as a watch of the API server tells it. */
export class PodHistory implements AsyncDisposable {
  readonly #pods = new Map<string, Pod>();
  readonly #created = new Set<string>();
  /** Each pod as it was when its deletion was first seen. */
  readonly #removed = new Map<string, Pod>();
  /** By name: when it was first seen outside the Service after it had served. */
  readonly #leftAtMs = new Map<string, number>();
  /** By uid: when its object was gone. */
  readonly #goneAtMs = new Map<string, number>();
  /** After each event. */
  readonly serving = new ServingTimeline();
  #most = 0;
  readonly #marked = Promise.withResolvers<void>();
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;

  constructor(playground: Playground, fleet: string) {
    this.#following = this.#follow(playground.watch(podsPath(fleet), this.#stop.signal));
  }

  get created(): number {
    return this.#created.size;
  }

  get removed(): readonly Pod[] {
    return [...this.#removed.values()];
  }

  /** Resolves at once when the first engine is marked as a victim. */
  firstMarked(): Promise<void> {
    return this.#marked.promise;
  }

  /** The most engines that there were at a time, those on their way out aside. */
  get most(): number {
    return this.#most;
  }

  /** The fewest engines that served at a time, since `engines` did for the first time. */
  leastServingSince(engines: number): number {
    return this.serving.leastSince(engines);
  }

  /** When the pod's object was gone, epoch milliseconds; undefined while it exists. */
  goneAtMs(uid: string): number | undefined {
    return this.#goneAtMs.get(uid);
  }

  /** When each engine was first seen outside the Service after it had served, by name; epoch milliseconds. */
  get leftAtMs(): ReadonlyMap<string, number> {
    return this.#leftAtMs;
  }

  /** @throws Error when the watch broke: what it told would not be the whole life */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  async #follow(events: ReturnType<Playground['watch']>): Promise<void> {
    for await (const { type, object } of events) {
      const pod = Pod.parse(object);
      const { uid, name } = pod.metadata;
      const atMs = Date.now();
      const before = this.#pods.get(uid);
      const hasLeft = type === 'DELETED' || !isServing(pod);
      if (before !== undefined && isServing(before) && hasLeft && !this.#leftAtMs.has(name)) {
        this.#leftAtMs.set(name, atMs);
      }
      if (type === 'DELETED') this.#goneAtMs.set(uid, atMs);
      this.#created.add(uid);
      if (deletionCost(pod) !== undefined) this.#marked.resolve();
      if (type === 'DELETED') this.#pods.delete(uid);
      else this.#pods.set(uid, pod);
      if ((type === 'DELETED' || !isStaying(pod)) && !this.#removed.has(uid)) this.#removed.set(uid, pod);
      this.#most = Math.max(this.#most, [...this.#pods.values()].filter(isStaying).length);
      this.serving.add(atMs, [...this.#pods.values()].filter(isServing).length);
    }
    if (!this.#stop.signal.aborted) throw new Error('the API server ended the watch of pods');
  }
}
