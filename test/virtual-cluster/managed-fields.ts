import type { JsonObject } from '../../src/api/json.ts';
import type { StoredObject } from './api-objects.ts';
import { mapAt, mapOf } from './api-objects.ts';

/** As much of `metadata.managedFields` as the operator reads: who set a size, and which parts of a status an apply set. */

function entriesOf({ metadata }: StoredObject): readonly JsonObject[] {
  const { managedFields } = metadata;
  return Array.isArray(managedFields) ? managedFields.map(mapOf) : [];
}

function withEntries(object: StoredObject, managedFields: readonly JsonObject[]): StoredObject {
  return { ...object, metadata: { ...object.metadata, managedFields } };
}

/**
 * The object with a size that this manager set: it owns the field, and nobody else does. The entry has no time, as
 * `/scale` leaves it (apimachinery managedfields/scalehandler.go).
 */
export function withReplicas(object: StoredObject, replicas: number, manager: string): StoredObject {
  const spec = mapAt(object, 'spec');
  if (spec['replicas'] === replicas) return object;
  const others = entriesOf(object).filter(
    ({ fieldsV1 }) => !('f:replicas' in mapAt(mapOf(fieldsV1), 'f:spec')),
  );
  const fieldsV1 = { 'f:spec': { 'f:replicas': {} } };
  const entry = { manager, operation: 'Update', subresource: 'scale', fieldsV1 };
  return withEntries({ ...object, spec: { ...spec, replicas } }, [...others, entry]);
}

/**
 * The object with this status applied: what the manager applied before and does not send any more is gone, what
 * others wrote stays. Fields are those of the first level: no map below is written by two.
 */
export function withAppliedStatus(object: StoredObject, status: JsonObject, manager: string): StoredObject {
  const entries = entriesOf(object);
  const isOurs = (entry: JsonObject): boolean =>
    entry['manager'] === manager && entry['operation'] === 'Apply';
  const before = new Set(
    entries.filter(isOurs).flatMap(({ fieldsV1 }) => Object.keys(mapAt(mapOf(fieldsV1), 'f:status'))),
  );
  const kept = Object.entries(mapAt(object, 'status')).filter(([key]) => !before.has(`f:${key}`));
  const fieldsV1 = { 'f:status': Object.fromEntries(Object.keys(status).map((key) => [`f:${key}`, {}])) };
  const entry = { manager, operation: 'Apply', subresource: 'status', fieldsV1 };
  const others = entries.filter((other) => !isOurs(other));
  return withEntries({ ...object, status: { ...Object.fromEntries(kept), ...status } }, [...others, entry]);
}
