import type { z } from 'zod';
import { observe } from '../../src/kube/observe.ts';
import type { ResourceType } from '../../src/kube/resource-type.ts';
import type { Observed } from '../../src/runtime/ports.ts';
import type { Store } from '../../src/runtime/store.ts';
import type { StoredObject } from './api-objects.ts';
import type { VirtualApi } from './virtual-api.ts';

/** The part of a store that a feed fills. */
type Sink<T> = Pick<Store<T>, 'replace' | 'apply'>;

/** One kind of object as those who watch see it: all of the kind, or those that carry a label. */
export class WatchSource<T> {
  readonly api: VirtualApi;
  readonly type: ResourceType;
  readonly #schema: z.ZodType<T>;
  readonly #label: string | undefined;
  readonly #observed = new WeakMap<StoredObject, Observed<T>>();

  constructor(api: VirtualApi, type: ResourceType, schema: z.ZodType<T>, label?: string) {
    this.api = api;
    this.type = type;
    this.#schema = schema;
    this.#label = label;
  }

  /** Fills the store with a complete list of now, and returns the watch that goes on from there. */
  follow(store: Sink<T>): Feed<T> {
    return new Feed(this, store);
  }

  selects({ metadata }: StoredObject): boolean {
    const { labels } = metadata;
    return (
      this.#label === undefined || (typeof labels === 'object' && labels !== null && this.#label in labels)
    );
  }

  /** The object as it enters a store; parsed once for all who watch. */
  observe(object: StoredObject): Observed<T> {
    const known = this.#observed.get(object) ?? observe('a watch event', object, this.#schema);
    this.#observed.set(object, known);
    return known;
  }
}

/** A watch whose events wait until they are delivered: in order, and as late as the test likes. */
export class Feed<T> {
  readonly #source: WatchSource<T>;
  readonly #store: Sink<T>;
  #next: number;

  constructor(source: WatchSource<T>, store: Sink<T>) {
    const { api, type } = source;
    this.#source = source;
    this.#store = store;
    this.#next = api.changes(type).length;
    const items = api.list(type).filter((object) => source.selects(object));
    store.replace({
      items: items.map((object) => source.observe(object)),
      resourceVersion: api.resourceVersion,
    });
  }

  /** Changes of this kind that wait to be delivered. */
  get waiting(): number {
    const { api, type } = this.#source;
    return api.changes(type).length - this.#next;
  }

  /**
   * Delivers at most so many of them. An object that loses the label is deleted for this watch, one that gains it is
   * new, as in a watch with a label selector. Returns how many were delivered.
   */
  deliver(most = Infinity): number {
    const { api, type } = this.#source;
    const due = api.changes(type).slice(this.#next, this.#next + most);
    for (const { type: kind, object, previous } of due) {
      const was = previous !== undefined && this.#source.selects(previous);
      const is = kind !== 'Deleted' && this.#source.selects(object);
      const item = this.#source.observe(object);
      if (is) this.#store.apply({ type: was ? 'Modified' : 'Added', item });
      else if (was) this.#store.apply({ type: 'Deleted', item });
    }
    this.#next += due.length;
    return due.length;
  }
}
