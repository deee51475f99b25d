import { deepFreeze } from '../api/readonly.ts';
import { keyOf } from './keys.ts';
import type { ListResult, Log, ObjectMeta, Observed, WatchEvent } from './ports.ts';
import { compareResourceVersions } from './resource-version.ts';

/** What happened to one key; an object that could not be parsed counts as absent. */
export interface Change<T> {
  readonly key: string;
  readonly meta: ObjectMeta;
  readonly object: T | undefined;
  readonly previous: T | undefined;
}

export interface InvalidObject {
  readonly meta: ObjectMeta;
  readonly message: string;
}

/** The values under which an index lists an object. */
export type IndexFunction<T> = (object: T, meta: ObjectMeta) => readonly string[];

export interface StoreOptions<T, I extends string> {
  readonly log: Log;
  readonly indexes?: Readonly<Record<I, IndexFunction<T>>>;
}

/**
 * The cache of one resource type: frozen projections by `namespace/name`, with named indexes. Written
 * by one reflector; everyone else only reads. An object that does not parse is kept aside with its
 * reason, so that it can be reported and cannot pass for a healthy one.
 */
export class Store<T, I extends string = never> {
  readonly #log: Log;
  readonly #entries = new Map<string, Observed<T>>();
  readonly #indexes = new Map<
    string,
    { readonly values: IndexFunction<T>; readonly keys: Map<string, Set<string>> }
  >();
  readonly #handlers: ((change: Change<T>) => void)[] = [];
  readonly #synced = Promise.withResolvers<void>();
  #hasSynced = false;
  #resourceVersion: string | undefined;

  constructor(options: StoreOptions<T, I>) {
    this.#log = options.log;
    for (const [name, values] of Object.entries<IndexFunction<T>>(options.indexes ?? {})) {
      this.#indexes.set(name, { values, keys: new Map() });
    }
  }

  get(key: string): T | undefined {
    const parsed = this.#entries.get(key)?.parsed;
    return parsed?.ok === true ? parsed.object : undefined;
  }

  /** Metadata of an object, parsed or not. */
  meta(key: string): ObjectMeta | undefined {
    return this.#entries.get(key)?.meta;
  }

  /** Why the object of this key could not be parsed; undefined if it could, or is absent. */
  invalid(key: string): InvalidObject | undefined {
    const entry = this.#entries.get(key);
    return entry === undefined || entry.parsed.ok
      ? undefined
      : { meta: entry.meta, message: entry.parsed.message };
  }

  keys(): readonly string[] {
    return [...this.#entries.keys()];
  }

  list(): readonly T[] {
    return this.keys().flatMap((key) => this.get(key) ?? []);
  }

  /** The objects that the index lists under this value; no order is promised. */
  byIndex(index: I, value: string): readonly T[] {
    const keys = this.#indexes.get(index)?.keys.get(value) ?? [];
    return [...keys].flatMap((key) => this.get(key) ?? []);
  }

  /** True after the first complete list. */
  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  whenSynced(): Promise<void> {
    return this.#synced.promise;
  }

  /**
   * Whether everything up to this resourceVersion has arrived here. Events come in the order of their
   * resourceVersions, so the newest one (a bookmark counts) speaks for the whole type.
   */
  hasSeen(resourceVersion: string): boolean {
    if (this.#resourceVersion === undefined) return false;
    const order = compareResourceVersions(this.#resourceVersion, resourceVersion);
    return order !== undefined && order >= 0;
  }

  /** Calls back on each change, after the store has taken it in. What a handler throws is logged. */
  onChange(handler: (change: Change<T>) => void): void {
    this.#handlers.push(handler);
  }

  /** Takes in a complete list: what is not in it is gone, and a new uid under an old name is both. */
  replace(result: ListResult<T>): void {
    const listed = new Map(result.items.map((item) => [keyOf(item.meta), item]));
    for (const [key, entry] of this.#entries) {
      if (listed.get(key)?.meta.uid !== entry.meta.uid) this.#remove(key, entry.meta);
    }
    for (const [key, item] of listed) {
      if (this.#entries.get(key)?.meta.resourceVersion !== item.meta.resourceVersion) this.#put(key, item);
    }
    this.#resourceVersion = result.resourceVersion;
    this.#hasSynced = true;
    this.#synced.resolve();
  }

  /** Takes in one event of a watch. */
  apply(event: WatchEvent<T>): void {
    if (event.type === 'Bookmark') {
      this.#resourceVersion = event.resourceVersion;
      return;
    }
    const { meta } = event.item;
    const key = keyOf(meta);
    this.#resourceVersion = meta.resourceVersion;
    const known = this.#entries.get(key)?.meta.uid;
    if (event.type === 'Deleted' || (known !== undefined && known !== meta.uid)) this.#remove(key, meta);
    if (event.type !== 'Deleted') this.#put(key, event.item);
  }

  #put(key: string, item: Observed<T>): void {
    const previous = this.#unindex(key);
    deepFreeze(item);
    this.#entries.set(key, item);
    if (item.parsed.ok) this.#index(key, item.parsed.object, item.meta);
    this.#notify({ key, meta: item.meta, object: this.get(key), previous });
  }

  #remove(key: string, meta: ObjectMeta): void {
    const previous = this.#unindex(key);
    if (this.#entries.delete(key)) this.#notify({ key, meta, object: undefined, previous });
  }

  #index(key: string, object: T, meta: ObjectMeta): void {
    for (const index of this.#indexes.values()) {
      for (const value of index.values(object, meta)) {
        const keys = index.keys.get(value) ?? new Set();
        index.keys.set(value, keys.add(key));
      }
    }
  }

  /** Takes the object of a key out of all indexes and returns it. */
  #unindex(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || !entry.parsed.ok) return undefined;
    for (const index of this.#indexes.values()) {
      for (const value of index.values(entry.parsed.object, entry.meta)) {
        const keys = index.keys.get(value);
        keys?.delete(key);
        if (keys?.size === 0) index.keys.delete(value);
      }
    }
    return entry.parsed.object;
  }

  #notify(change: Change<T>): void {
    for (const handler of this.#handlers) {
      try {
        handler(change);
      } catch (error) {
        this.#log.error({ err: error, key: change.key }, 'a change handler threw');
      }
    }
  }
}
