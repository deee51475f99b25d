import type { z } from 'zod';
import { WardenError } from '../errors.ts';
import type {
  Clock,
  EventSink,
  LeaseClient,
  ListResult,
  ListWatch,
  Log,
  ObjectMeta,
  Random,
} from '../runtime/ports.ts';
import { apply, applyStatus, create, type ObjectToWrite } from './apply.ts';
import { PooledKubeConfig } from './config.ts';
import { newConfigMapClient, type ConfigMapClient } from './config-maps.ts';
import { newEventSink, type Reporter } from './events.ts';
import { newLeaseClient } from './leases.ts';
import { listAll, newListWatch, SILENCE_MS, type Scope } from './list-watch.ts';
import { nodeMemory } from './nodes.ts';
import { observe } from './observe.ts';
import { deleteObject, mergePatch, type DeletePreconditions, type MergePatch } from './patch.ts';
import { listPodMetrics, type PodUsages } from './pod-metrics.ts';
import { objectPath, type ObjectRef, type ResourceType } from './resource-type.ts';
import { RestClient, type OnRequest } from './rest.ts';
import { getScale, setScale, type ScaleView } from './scale.ts';
import { systemClock } from './system-clock.ts';

export interface KubeClientOptions {
  /** Path of a kubeconfig; default: KUBECONFIG, ~/.kube/config, then the pod's ServiceAccount. */
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly userAgent: string;
  readonly log: Log;
  readonly onRequest?: OnRequest;
  /** How long one attempt of a request may take, in ms; default 30 s. */
  readonly requestTimeoutMs?: number;
  /** How long a watch may be silent before it counts as dead, in ms; default 90 s. */
  readonly watchSilenceMs?: number;
}

/** An object read from the API server just now. */
export interface Live<T> {
  readonly meta: ObjectMeta;
  readonly object: T;
}

/** Everything the operator does with the Kubernetes API. Errors are `WardenError`s; see docs/errors.md. */
export interface KubeClient {
  /** Undefined when there is no such object. `ApiBadResponse` when it does not fit the schema. */
  get<T>(
    type: ResourceType,
    ref: ObjectRef,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<Live<T> | undefined>;
  /** All pages, consistent; objects that do not fit the schema are listed with the reason. */
  list<T>(
    type: ResourceType,
    schema: z.ZodType<T>,
    scope: Scope,
    signal: AbortSignal,
  ): Promise<ListResult<T>>;
  create<O extends ObjectToWrite>(
    type: ResourceType,
    object: O,
    fieldManager: string,
    signal: AbortSignal,
  ): Promise<ObjectMeta>;
  /** Server-side apply, forced: what the object declares is ours from then on. */
  apply<O extends ObjectToWrite>(
    type: ResourceType,
    object: O,
    fieldManager: string,
    signal: AbortSignal,
  ): Promise<ObjectMeta>;
  /** Server-side apply of `/status`; `ApiConflict` unless the object is still at `resourceVersion`. */
  applyStatus(
    type: ResourceType,
    target: ObjectRef & { readonly resourceVersion: string },
    status: object,
    fieldManager: string,
    signal: AbortSignal,
  ): Promise<ObjectMeta>;
  /** `ApiConflict` unless the object is still at `change.resourceVersion`. */
  mergePatch(
    type: ResourceType,
    ref: ObjectRef,
    change: MergePatch,
    signal: AbortSignal,
  ): Promise<ObjectMeta>;
  /** `ApiConflict` if the name belongs to another uid by now. */
  delete(
    type: ResourceType,
    ref: ObjectRef,
    conditions: DeletePreconditions,
    signal: AbortSignal,
  ): Promise<'Deleted' | 'NotFound'>;
  getScale(type: ResourceType, ref: ObjectRef, signal: AbortSignal): Promise<ScaleView>;
  /** `ApiConflict` unless the object is still at `scale.resourceVersion`. */
  setScale(
    type: ResourceType,
    ref: ObjectRef,
    scale: ScaleView,
    fieldManager: string,
    signal: AbortSignal,
  ): Promise<ScaleView>;
  listWatch<T>(type: ResourceType, schema: z.ZodType<T>, scope: Scope): ListWatch<T>;
  lease(ref: { readonly namespace: string; readonly name: string }): LeaseClient;
  events(reporter: Reporter): EventSink;
  /** Cuts every connection; requests under way fail. */
  close(): Promise<void>;
}

/** What beside the fleets' own objects is read and kept. */
export interface OperatorKubeClient extends KubeClient {
  /** What metrics-server has measured of the pods of a namespace. */
  podMetrics(namespace: string, labelSelector: string, signal: AbortSignal): Promise<PodUsages>;
  /** Allocatable memory of a node in bytes; undefined when there is no such node. */
  nodeMemory(name: string, signal: AbortSignal): Promise<number | undefined>;
  configMaps(namespace: string, fieldManager: string): ConfigMapClient;
}

const REQUEST_TIMEOUT_MS = 30_000;

/** @throws WardenError `KubeconfigInvalid` */
export function createKubeClient(options: KubeClientOptions): OperatorKubeClient {
  const clock: Clock = systemClock;
  const config = PooledKubeConfig.load(options, clock);
  const random: Random = Math.random;
  const { userAgent, log, onRequest = () => undefined, watchSilenceMs = SILENCE_MS } = options;
  const timeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  const rest = new RestClient({ config, userAgent, clock, random, log, onRequest, timeoutMs });
  return {
    get: (type, ref, schema, signal) => get(rest, type, ref, schema, signal),
    list: (type, schema, scope, signal) => listAll(rest, type, schema, scope, signal),
    create: (type, object, manager, signal) => create(rest, type, object, manager, signal),
    apply: (type, object, manager, signal) => apply(rest, type, object, manager, signal),
    applyStatus: (type, target, status, manager, signal) =>
      applyStatus(rest, type, target, status, manager, signal),
    mergePatch: (type, ref, change, signal) => mergePatch(rest, type, ref, change, signal),
    delete: (type, ref, conditions, signal) => deleteObject(rest, type, ref, conditions, signal),
    getScale: (type, ref, signal) => getScale(rest, type, ref, signal),
    setScale: (type, ref, scale, manager, signal) => setScale(rest, type, ref, scale, manager, signal),
    listWatch: (type, schema, scope) => newListWatch(rest, random, type, schema, scope, watchSilenceMs),
    lease: (ref) => newLeaseClient(rest, ref),
    events: (reporter) => newEventSink(rest, reporter),
    podMetrics: (namespace, labelSelector, signal) =>
      listPodMetrics(rest, { namespace, labelSelector }, signal),
    nodeMemory: (name, signal) => nodeMemory(rest, name, signal),
    configMaps: (namespace, fieldManager) => newConfigMapClient(rest, namespace, fieldManager),
    close: () => config.close(),
  };
}

async function get<T>(
  rest: RestClient,
  type: ResourceType,
  ref: ObjectRef,
  schema: z.ZodType<T>,
  signal: AbortSignal,
): Promise<Live<T> | undefined> {
  const path = objectPath(type, ref);
  try {
    const { meta, parsed } = observe(
      `GET ${path}`,
      await rest.request({ method: 'GET', path, signal }),
      schema,
    );
    if (parsed.ok) return { meta, object: parsed.object };
    throw new WardenError('ApiBadResponse', `GET ${path}: ${parsed.message}`);
  } catch (error) {
    if (error instanceof WardenError && error.code === 'ApiNotFound') return undefined;
    throw error;
  }
}
