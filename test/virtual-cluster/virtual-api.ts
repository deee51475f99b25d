import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../src/api/json.ts';
import { ApiError } from '../../src/kube/api-error.ts';
import type { DeletePreconditions } from '../../src/kube/patch.ts';
import type { ObjectRef, ResourceType } from '../../src/kube/resource-type.ts';
import { keyOf } from '../../src/runtime/keys.ts';
import type { Random } from '../../src/runtime/ports.ts';
import { deletePod, mapAt, mapOf, StoredMeta, timestamp, type StoredObject } from './api-objects.ts';
import { mergePatch } from './merge-patch.ts';
import { randomHex } from './random.ts';

/** A change of one object, as a watch tells it and as a check sees it. */
export interface ApiChange {
  readonly type: 'Added' | 'Modified' | 'Deleted';
  /** The object afterwards; of one that is gone its last state, at the version of its end. */
  readonly object: StoredObject;
  readonly previous: StoredObject | undefined;
  /** Who wrote: a field manager, or a controller of the cluster. */
  readonly by: string;
}

/** Who writes, and at which version: a conflict if the object is at another one. */
export interface Write {
  readonly by: string;
  readonly resourceVersion?: string | undefined;
}

export interface Patch extends Write {
  readonly patch: JsonObject;
  /** Only `/status` changes a status, and nothing else. */
  readonly subresource?: 'status' | undefined;
}

/** Refuses a new object, as a quota or a webhook would: the message, or undefined. */
export type Admission = (type: ResourceType, object: JsonObject) => string | undefined;

/**
 * An API server of one process: objects by kind and name, optimistic locking by one counter for all, graceful
 * deletion of pods, and a log of changes a kind for those who watch. Every call takes effect at once.
 */
export class VirtualApi {
  readonly #now: () => number;
  readonly #random: Random;
  readonly #objects = new Map<string, Map<string, StoredObject>>();
  readonly #changes = new Map<string, ApiChange[]>();
  readonly #watchers: ((type: ResourceType, change: ApiChange) => void)[] = [];
  #resourceVersion = 100;
  admission: Admission = () => undefined;

  constructor(now: () => number, random: Random) {
    this.#now = now;
    this.#random = random;
  }

  get resourceVersion(): string {
    return String(this.#resourceVersion);
  }

  get(type: ResourceType, ref: ObjectRef): StoredObject | undefined {
    return this.#kind(type).get(refKey(ref));
  }

  list(type: ResourceType): readonly StoredObject[] {
    return [...this.#kind(type).values()];
  }

  /** All changes of a kind so far, in order. */
  changes(type: ResourceType): readonly ApiChange[] {
    return this.#changes.get(type.plural) ?? [];
  }

  /** Calls back after each change. */
  onChange(watcher: (type: ResourceType, change: ApiChange) => void): void {
    this.#watchers.push(watcher);
  }

  /** @throws ApiError `ApiAlreadyExists`, `ApiForbidden` */
  create(type: ResourceType, object: JsonObject, by: string): StoredObject {
    const meta = mapAt(object, 'metadata');
    const ref = { namespace: String(meta['namespace']), name: String(meta['name']) };
    const what = `POST ${type.plural} ${refKey(ref)}`;
    if (this.get(type, ref) !== undefined) throw refused(what, 409, 'AlreadyExists');
    const message = this.admission(type, object);
    if (message !== undefined) throw refused(`${what}: ${message}`, 403, 'Forbidden');
    const metadata: StoredMeta = {
      ...meta,
      ...ref,
      uid: this.#uid(),
      resourceVersion: this.#nextVersion(),
      generation: 1,
      creationTimestamp: timestamp(this.#now()),
    };
    const stored = { apiVersion: type.apiVersion, kind: type.kind, ...object, metadata };
    return this.#put(type, { type: 'Added', object: stored, previous: undefined, by });
  }

  /** Changes an object; what changes nothing moves no version. @throws ApiError `ApiNotFound`, `ApiConflict` */
  update(
    type: ResourceType,
    ref: ObjectRef,
    { by, resourceVersion }: Write,
    change: (object: StoredObject) => StoredObject,
  ): StoredObject {
    const found = this.get(type, ref);
    const what = `PATCH ${type.plural} ${refKey(ref)}`;
    if (found === undefined) throw refused(what, 404, 'NotFound');
    const { resourceVersion: is } = found.metadata;
    if (resourceVersion !== undefined && resourceVersion !== is) {
      throw refused(`${what}: at ${is}, not at ${resourceVersion}`, 409, 'Conflict');
    }
    return this.#write(type, found, change(found), by);
  }

  /** Applies a merge patch. @throws ApiError `ApiNotFound`, `ApiConflict` */
  patch(type: ResourceType, ref: ObjectRef, { patch, subresource, ...write }: Patch): StoredObject {
    const { metadata, status, ...rest } = patch;
    return this.update(type, ref, write, (object) =>
      subresource === 'status'
        ? { ...mergePatch(object, { status }), metadata: object.metadata }
        : { ...mergePatch(object, rest), metadata: mergeMeta(object.metadata, mapOf(metadata)) },
    );
  }

  /** @throws ApiError `ApiConflict` if the preconditions do not hold */
  delete(
    type: ResourceType,
    ref: ObjectRef,
    conditions: Partial<DeletePreconditions>,
    by: string,
  ): 'Deleted' | 'NotFound' {
    const found = this.get(type, ref);
    if (found === undefined) return 'NotFound';
    const { uid, resourceVersion } = conditions;
    const isOther = uid !== undefined && uid !== found.metadata.uid;
    const isStale = resourceVersion !== undefined && resourceVersion !== found.metadata.resourceVersion;
    if (isOther || isStale) throw refused(`DELETE ${type.plural} ${refKey(ref)}`, 409, 'Conflict');
    const metadata = type.plural === 'pods' ? deletePod(found, conditions, this.#now()) : 'Removed';
    if (metadata === 'Removed') this.#remove(type, found, by);
    else if (metadata !== 'Unchanged') this.#write(type, found, { ...found, metadata }, by);
    return 'Deleted';
  }

  #write(type: ResourceType, previous: StoredObject, next: StoredObject, by: string): StoredObject {
    if (isDeepStrictEqual(previous, next)) return previous;
    const isNewSpec = !isDeepStrictEqual(previous['spec'], next['spec']);
    const metadata = {
      ...next.metadata,
      generation: next.metadata.generation + (isNewSpec ? 1 : 0),
      resourceVersion: this.#nextVersion(),
    };
    return this.#put(type, { type: 'Modified', object: { ...next, metadata }, previous, by });
  }

  #put(type: ResourceType, change: ApiChange): StoredObject {
    this.#kind(type).set(refKey(change.object.metadata), change.object);
    this.#tell(type, change);
    return change.object;
  }

  #remove(type: ResourceType, found: StoredObject, by: string): void {
    this.#kind(type).delete(refKey(found.metadata));
    const metadata = { ...found.metadata, resourceVersion: this.#nextVersion() };
    this.#tell(type, { type: 'Deleted', object: { ...found, metadata }, previous: found, by });
  }

  #tell(type: ResourceType, change: ApiChange): void {
    const log = this.#changes.get(type.plural) ?? [];
    log.push(change);
    this.#changes.set(type.plural, log);
    for (const watcher of this.#watchers) watcher(type, change);
  }

  #kind(type: ResourceType): Map<string, StoredObject> {
    const known = this.#objects.get(type.plural) ?? new Map<string, StoredObject>();
    this.#objects.set(type.plural, known);
    return known;
  }

  #nextVersion(): string {
    this.#resourceVersion += 1;
    return String(this.#resourceVersion);
  }

  #uid(): string {
    const part = (digits: number): string => randomHex(this.#random, digits);
    return [part(8), part(4), part(4), part(4), part(12)].join('-');
  }
}

function refKey({ namespace, name }: ObjectRef): string {
  return keyOf({ namespace, name });
}

/** The changed metadata; what identifies an object no patch changes. */
function mergeMeta(found: StoredMeta, changes: JsonObject): StoredMeta {
  const { namespace, name, uid, resourceVersion, generation, creationTimestamp } = found;
  const identity = { namespace, name, uid, resourceVersion, generation, creationTimestamp };
  return StoredMeta.parse({ ...mergePatch(found, changes), ...identity });
}

function refused(what: string, status: number, apiReason: string): ApiError {
  return new ApiError(`${what}: ${status} ${apiReason}`, { status, apiReason, retryAfterMs: undefined });
}
