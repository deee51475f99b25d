import type { ObjectMeta } from '../runtime/ports.ts';
import { metaOf } from './observe.ts';
import { collectionPath, objectPath, type ObjectRef, type ResourceType } from './resource-type.ts';
import type { RestClient } from './rest.ts';

/** An object to write: any shape with a name. */
export interface ObjectToWrite {
  readonly metadata: { readonly name: string; readonly namespace?: string | undefined };
}

/** JSON is YAML, so a JSON body is valid under this type. */
const APPLY = 'application/apply-patch+yaml';

/** POST: `ApiAlreadyExists` if the name is taken. */
export async function create(
  rest: RestClient,
  type: ResourceType,
  object: ObjectToWrite,
  fieldManager: string,
  signal: AbortSignal,
): Promise<ObjectMeta> {
  const path = collectionPath(type, object.metadata.namespace);
  const body = { apiVersion: type.apiVersion, kind: type.kind, ...object };
  return metaOf(
    `POST ${path}`,
    await rest.request({ method: 'POST', path, query: { fieldManager }, body, signal }),
  );
}

/**
 * Server-side apply: the object is made to have these fields, and loses those that this manager set
 * before and no longer sends. Takes fields over from other managers: what we declare, we own.
 */
export async function apply(
  rest: RestClient,
  type: ResourceType,
  object: ObjectToWrite,
  fieldManager: string,
  signal: AbortSignal,
): Promise<ObjectMeta> {
  const path = objectPath(type, object.metadata);
  const body = { apiVersion: type.apiVersion, kind: type.kind, ...object };
  return patchByApply(rest, path, body, fieldManager, signal);
}

/**
 * Server-side apply of a status that was computed from the object at `resourceVersion`: `ApiConflict`
 * if it has changed since. A manager of its own owns exactly the fields of `status`.
 */
export async function applyStatus(
  rest: RestClient,
  type: ResourceType,
  target: ObjectRef & { readonly resourceVersion: string },
  status: object,
  fieldManager: string,
  signal: AbortSignal,
): Promise<ObjectMeta> {
  const metadata = {
    namespace: target.namespace,
    name: target.name,
    resourceVersion: target.resourceVersion,
  };
  const body = { apiVersion: type.apiVersion, kind: type.kind, metadata, status };
  return patchByApply(rest, objectPath(type, target, 'status'), body, fieldManager, signal);
}

async function patchByApply(
  rest: RestClient,
  path: string,
  body: object,
  fieldManager: string,
  signal: AbortSignal,
): Promise<ObjectMeta> {
  const query = { fieldManager, force: 'true' };
  const answer = await rest.request({ method: 'PATCH', path, query, body, contentType: APPLY, signal });
  return metaOf(`PATCH ${path}`, answer);
}
