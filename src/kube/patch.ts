import { WardenError } from '../errors.ts';
import type { ObjectMeta } from '../runtime/ports.ts';
import { metaOf } from './observe.ts';
import { objectPath, type ObjectRef, type ResourceType } from './resource-type.ts';
import type { RestClient } from './rest.ts';

export interface MergePatch {
  /** The version the patch was made for: `ApiConflict` if the object has changed since. */
  readonly resourceVersion: string;
  readonly subresource?: 'status';
  /** JSON merge patch (RFC 7386): null removes, lists are replaced whole. */
  readonly patch: Readonly<Record<string, unknown>>;
  readonly fieldManager: string;
}

/** Merge-patch as compare and swap. */
export async function mergePatch(
  rest: RestClient,
  type: ResourceType,
  ref: ObjectRef,
  change: MergePatch,
  signal: AbortSignal,
): Promise<ObjectMeta> {
  const path = objectPath(type, ref, change.subresource);
  const metadata = change.patch['metadata'];
  const body = {
    ...change.patch,
    metadata: { ...(isRecord(metadata) ? metadata : {}), resourceVersion: change.resourceVersion },
  };
  const answer = await rest.request({
    method: 'PATCH',
    path,
    query: { fieldManager: change.fieldManager },
    body,
    contentType: 'application/merge-patch+json',
    signal,
  });
  return metaOf(`PATCH ${path}`, answer);
}

export interface DeletePreconditions {
  /** Only this incarnation: `ApiConflict` if another object has the name by now. */
  readonly uid: string;
  readonly resourceVersion?: string;
  /** Absent: the object's own. */
  readonly gracePeriodSeconds?: number;
}

/** Deletes one incarnation of an object; one that is gone already is `NotFound`, which is no error. */
export async function deleteObject(
  rest: RestClient,
  type: ResourceType,
  ref: ObjectRef,
  conditions: DeletePreconditions,
  signal: AbortSignal,
): Promise<'Deleted' | 'NotFound'> {
  const { gracePeriodSeconds, ...preconditions } = conditions;
  const body = {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    preconditions,
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
  };
  try {
    await rest.request({ method: 'DELETE', path: objectPath(type, ref), body, signal });
    return 'Deleted';
  } catch (error) {
    if (error instanceof WardenError && error.code === 'ApiNotFound') return 'NotFound';
    throw error;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
