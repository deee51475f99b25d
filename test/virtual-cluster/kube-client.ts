import type { KubeClient } from '../../src/kube/client.ts';
import { errorOfResponse } from '../../src/kube/api-error.ts';
import { metaOf, observe } from '../../src/kube/observe.ts';
import type { ObjectRef, ResourceType } from '../../src/kube/resource-type.ts';
import type { ScaleView } from '../../src/kube/scale.ts';
import { WardenError } from '../../src/errors.ts';
import { isJsonObject, type JsonObject } from '../../src/api/json.ts';
import { mapAt, type StoredObject } from './api-objects.ts';
import { withAppliedStatus, withReplicas } from './managed-fields.ts';
import type { VirtualApi } from './virtual-api.ts';

/** A request of the operator, before it takes effect. */
export interface ApiCall {
  readonly verb:
    'get' | 'list' | 'create' | 'apply' | 'applyStatus' | 'mergePatch' | 'delete' | 'getScale' | 'setScale';
  readonly type: ResourceType;
  readonly name: string;
}

/** Lets a request take effect and its answer arrive; either may be kept back for good. */
export type Gate = <T>(call: ApiCall, effect: () => T) => Promise<T>;

/** The operator's client over the virtual API server; each request passes the gate. */
export function virtualKubeClient(api: VirtualApi, gate: Gate): KubeClient {
  const call = <T>(verb: ApiCall['verb'], type: ResourceType, name: string, effect: () => T): Promise<T> =>
    gate({ verb, type, name }, effect);
  return {
    get: (type, ref, schema) =>
      call('get', type, ref.name, () => {
        const found = api.get(type, ref);
        if (found === undefined) return undefined;
        const { meta, parsed } = observe(`GET ${ref.name}`, found, schema);
        if (!parsed.ok) throw new WardenError('ApiBadResponse', `GET ${ref.name}: ${parsed.message}`);
        return { meta, object: parsed.object };
      }),
    list: (type, schema, { namespace, labelSelector }) =>
      call('list', type, labelSelector ?? '', () => ({
        items: api
          .list(type)
          .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
          .filter((object) => isSelected(object, labelSelector))
          .map((object) => observe('LIST', object, schema)),
        resourceVersion: api.resourceVersion,
      })),
    create: (type, object, by) =>
      call('create', type, object.metadata.name, () => metaOf('POST', api.create(type, json(object), by))),
    apply: (type, object, by) =>
      call('apply', type, object.metadata.name, () => {
        const sent = json(object);
        const isThere = api.get(type, object.metadata) !== undefined;
        const write = { patch: sent, by };
        return metaOf(
          'APPLY',
          isThere ? api.patch(type, object.metadata, write) : api.create(type, sent, by),
        );
      }),
    applyStatus: (type, target, status, by) =>
      call('applyStatus', type, target.name, () => {
        const { resourceVersion } = target;
        const sent = mapAt(json({ status }), 'status');
        const change = (object: StoredObject): StoredObject => withAppliedStatus(object, sent, by);
        return metaOf('APPLY', api.update(type, target, { by, resourceVersion }, change));
      }),
    mergePatch: (type, ref, { patch, fieldManager, subresource, resourceVersion }) =>
      call('mergePatch', type, ref.name, () =>
        metaOf(
          'PATCH',
          api.patch(type, ref, { patch: json(patch), by: fieldManager, subresource, resourceVersion }),
        ),
      ),
    delete: (type, ref, conditions) =>
      call('delete', type, ref.name, () => api.delete(type, ref, conditions, OPERATOR_DELETES)),
    getScale: (type, ref) => call('getScale', type, ref.name, () => scaleOf(expectObject(api, type, ref))),
    setScale: (type, ref, { replicas, resourceVersion }, by) =>
      call('setScale', type, ref.name, () =>
        scaleOf(
          api.update(type, ref, { by, resourceVersion }, (object) => withReplicas(object, replicas, by)),
        ),
      ),
    listWatch: () => absent('a watch: stores are fed by WatchSource'),
    lease: () => absent('leases'),
    events: () => absent('events'),
    close: () => Promise.resolve(),
  };
}

/** A DELETE has no field manager. */
export const OPERATOR_DELETES = 'vllm-warden';

/** What goes over the wire: fields that are undefined do not exist there. */
function json(value: object): JsonObject {
  const parsed: unknown = JSON.parse(JSON.stringify(value));
  return isJsonObject(parsed) ? parsed : {};
}

function expectObject(api: VirtualApi, type: ResourceType, ref: ObjectRef): StoredObject {
  const found = api.get(type, ref);
  if (found === undefined) throw errorOfResponse(`GET ${ref.name}`, 404, '');
  return found;
}

function scaleOf(object: StoredObject): ScaleView {
  const { replicas } = mapAt(object, 'spec');
  return {
    replicas: typeof replicas === 'number' ? replicas : 0,
    resourceVersion: object.metadata.resourceVersion,
  };
}

/** `a=b,c=d`; nothing else is asked for. */
function isSelected({ metadata }: StoredObject, selector: string | undefined): boolean {
  if (selector === undefined) return true;
  const wanted = selector.split(',').map((term) => term.split('=', 2));
  const { labels } = metadata;
  return wanted.every(([key = '', value]) => isJsonObject(labels) && labels[key] === value);
}

function absent(what: string): never {
  throw new Error(`the virtual cluster has no ${what}`);
}
