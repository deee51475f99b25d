import { z } from 'zod';
import { WardenError } from '../errors.ts';
import type { ObjectMeta } from '../runtime/ports.ts';
import { apply } from './apply.ts';
import { listAll } from './list-watch.ts';
import { observe } from './observe.ts';
import { deleteObject, type DeletePreconditions } from './patch.ts';
import { objectPath, type ResourceType } from './resource-type.ts';
import type { RestClient } from './rest.ts';

const CONFIG_MAP: ResourceType = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
};

/** Nobody's of ours is larger; whatever is was written by somebody else. */
const MAX_DATA_LENGTH = 64 * 1024;

const ConfigMap = z.object({
  data: z
    .record(z.string(), z.string())
    .default({})
    .refine((data) => Object.values(data).reduce((sum, { length }) => sum + length, 0) <= MAX_DATA_LENGTH, {
      error: `more than ${MAX_DATA_LENGTH} characters`,
    }),
  binaryData: z.record(z.string(), z.never()).optional(),
});

/** What a ConfigMap holds, or why it cannot be one of ours. */
export interface ConfigMapView {
  readonly meta: ObjectMeta;
  readonly content:
    | { readonly ok: true; readonly data: Readonly<Record<string, string>> }
    | { readonly ok: false; readonly message: string };
}

/** A ConfigMap to write. With a `resourceVersion`: only if it has not changed since. */
export interface ConfigMapToWrite {
  readonly name: string;
  readonly resourceVersion?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
}

/** The ConfigMaps of one namespace. */
export interface ConfigMapClient {
  get(name: string, signal: AbortSignal): Promise<ConfigMapView | undefined>;
  /** Server-side apply, forced. `ApiConflict` if it is no longer at `resourceVersion`. */
  apply(map: ConfigMapToWrite, signal: AbortSignal): Promise<ObjectMeta>;
  list(labelSelector: string, signal: AbortSignal): Promise<readonly ObjectMeta[]>;
  /** `ApiConflict` if another object has the name by now, or it has changed since. */
  delete(name: string, conditions: DeletePreconditions, signal: AbortSignal): Promise<'Deleted' | 'NotFound'>;
}

export function newConfigMapClient(
  rest: RestClient,
  namespace: string,
  fieldManager: string,
): ConfigMapClient {
  return {
    async get(name, signal) {
      const path = objectPath(CONFIG_MAP, { namespace, name });
      try {
        const raw = await rest.request({ method: 'GET', path, signal });
        const { meta, parsed } = observe(`GET ${path}`, raw, ConfigMap);
        return { meta, content: parsed.ok ? { ok: true, data: parsed.object.data } : parsed };
      } catch (error) {
        if (error instanceof WardenError && error.code === 'ApiNotFound') return undefined;
        throw error;
      }
    },
    apply({ name, resourceVersion, labels, annotations, data }, signal) {
      const metadata = {
        namespace,
        name,
        labels,
        annotations,
        ...(resourceVersion !== undefined && { resourceVersion }),
      };
      const written = { metadata, data };
      return apply(rest, CONFIG_MAP, written, fieldManager, signal);
    },
    async list(labelSelector, signal) {
      const { items } = await listAll(rest, CONFIG_MAP, z.unknown(), { namespace, labelSelector }, signal);
      return items.map(({ meta }) => meta);
    },
    delete: (name, conditions, signal) =>
      deleteObject(rest, CONFIG_MAP, { namespace, name }, conditions, signal),
  };
}
