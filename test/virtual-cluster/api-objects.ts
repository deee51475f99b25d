import { z } from 'zod';
import { isJsonObject, type JsonObject } from '../../src/api/json.ts';
import type { DeletePreconditions } from '../../src/kube/patch.ts';

/** What the API server itself reads of an object's metadata; the rest is passed on. */
export const StoredMeta = z.looseObject({
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
  resourceVersion: z.string(),
  generation: z.int(),
  creationTimestamp: z.string(),
  deletionTimestamp: z.string().exactOptional(),
  deletionGracePeriodSeconds: z.int().exactOptional(),
});
export type StoredMeta = Readonly<z.output<typeof StoredMeta>>;

/** How the virtual API server keeps an object: as the JSON that clients see. */
export interface StoredObject extends JsonObject {
  readonly metadata: StoredMeta;
}

/** A value that is a map; an empty one if it is none. */
export function mapOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** A part of an object that is a map; an empty one if it is absent. */
export function mapAt(object: JsonObject, key: string): JsonObject {
  return mapOf(object[key]);
}

/** A time as Kubernetes writes it: to the second. */
export function timestamp(ms: number): string {
  return new Date(Math.floor(ms / 1000) * 1000).toISOString().replace('.000Z', 'Z');
}

const DEFAULT_GRACE_SECONDS = 30;

/**
 * What a DELETE makes of a pod: the pod with its deletion time, `Unchanged`, or `Removed` at once. A second DELETE
 * may shorten the grace, never lengthen it; a pod without a node, or one that has ended, has none
 * (apiserver registry/rest/delete.go `BeforeDelete`, registry/core/pod/strategy.go `CheckGracefulDelete`, 1.34.4).
 */
export function deletePod(
  pod: StoredObject,
  { gracePeriodSeconds }: Pick<DeletePreconditions, 'gracePeriodSeconds'>,
  nowMs: number,
): StoredMeta | 'Unchanged' | 'Removed' {
  const { metadata } = pod;
  const current = metadata.deletionGracePeriodSeconds;
  if (current === undefined || metadata.deletionTimestamp === undefined) {
    const grace = firstGrace(pod, gracePeriodSeconds);
    if (grace === 0) return 'Removed';
    return terminating({ ...metadata, generation: metadata.generation + 1 }, nowMs + grace * 1000, grace);
  }
  if (current === 0) return 'Removed';
  if (gracePeriodSeconds === undefined || gracePeriodSeconds >= current) return 'Unchanged';
  if (gracePeriodSeconds === 0) return 'Removed';
  const endsAtMs = Date.parse(metadata.deletionTimestamp) + (gracePeriodSeconds - current) * 1000;
  return endsAtMs < nowMs
    ? terminating(metadata, nowMs, 1)
    : terminating(metadata, endsAtMs, gracePeriodSeconds);
}

function firstGrace(pod: StoredObject, asked: number | undefined): number {
  const spec = mapAt(pod, 'spec');
  const { phase } = mapAt(pod, 'status');
  const hasEnded = phase === 'Succeeded' || phase === 'Failed';
  if (spec['nodeName'] === undefined || hasEnded) return 0;
  const own = spec['terminationGracePeriodSeconds'];
  return asked ?? (typeof own === 'number' ? own : DEFAULT_GRACE_SECONDS);
}

function terminating(metadata: StoredMeta, endsAtMs: number, graceSeconds: number): StoredMeta {
  return {
    ...metadata,
    deletionTimestamp: timestamp(endsAtMs),
    deletionGracePeriodSeconds: graceSeconds,
  };
}
