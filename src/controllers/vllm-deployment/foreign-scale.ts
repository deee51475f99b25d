import { FIELD_MANAGERS } from '../../api/v1alpha1/constants.ts';
import type { ReplicaSetProjection } from './projections.ts';

const OURS: ReadonlySet<string> = new Set(Object.values(FIELD_MANAGERS));

/**
 * Who else owns `spec.replicas` of the ReplicaSet, and since when, if the entry says so. A manager owns a field after
 * it has changed it, and loses it when another one does, so our own next write ends a foreign ownership.
 */
export function foreignScaleOf({
  metadata,
}: ReplicaSetProjection): { readonly manager: string; readonly atMs?: number } | undefined {
  const entry = metadata.managedFields.find(
    ({ manager, fieldsV1 }) => manager !== undefined && !OURS.has(manager) && ownsReplicas(fieldsV1),
  );
  if (entry?.manager === undefined) return undefined;
  return { manager: entry.manager, ...(entry.time !== undefined && { atMs: Date.parse(entry.time) }) };
}

function ownsReplicas(fields: Readonly<Record<string, unknown>> | undefined): boolean {
  const spec = fields?.['f:spec'];
  return typeof spec === 'object' && spec !== null && 'f:replicas' in spec;
}
