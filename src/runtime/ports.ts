/**
 * What the controller machinery needs from outside. Adapters in `kube/` and `telemetry/` implement
 * these; nothing in this folder knows Kubernetes' HTTP or a metrics library.
 */

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(bindings: Record<string, unknown>): Log;
}

/** Cancels a timer; cancelling twice or after it fired does nothing. */
export type Cancel = () => void;

export interface Clock {
  /** Epoch milliseconds: for people and the API. May jump. */
  now(): number;
  /** Milliseconds of a clock that never jumps: for every deadline, interval and rate. */
  monotonic(): number;
  /** Calls back once after `ms`, never before this call has returned. */
  after(ms: number, callback: () => void): Cancel;
  /** Resolves after `ms`, or at once when `signal` aborts: callers look at the signal. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A number in [0, 1). */
export type Random = () => number;

/** The part of an object's metadata the machinery works with, whatever the object's own schema. */
export interface ObjectMeta {
  readonly namespace: string | undefined;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number | undefined;
}

/** An object as it came from the API: parsed, or why it could not be. */
export interface Observed<T> {
  readonly meta: ObjectMeta;
  readonly parsed:
    { readonly ok: true; readonly object: T } | { readonly ok: false; readonly message: string };
}

export type WatchEvent<T> =
  | { readonly type: 'Added' | 'Modified' | 'Deleted'; readonly item: Observed<T> }
  | { readonly type: 'Bookmark'; readonly resourceVersion: string };

export interface ListResult<T> {
  readonly items: readonly Observed<T>[];
  readonly resourceVersion: string;
}

/**
 * One resource type in one scope. Both reject with a `WardenError`; `ApiExpired` (HTTP 410 or the
 * same inside a watch) asks for a new list.
 */
export interface ListWatch<T> {
  /** All pages of a consistent list. */
  list(signal: AbortSignal): Promise<ListResult<T>>;
  /** Ends without an error when the server closes the watch, as it does every few minutes. */
  watch(resourceVersion: string, signal: AbortSignal): AsyncIterable<WatchEvent<T>>;
}

/** The fields of a coordination.k8s.io/v1 Lease; times in epoch milliseconds. */
export interface LeaseRecord {
  /** Empty when nobody holds it. */
  readonly holderIdentity: string;
  readonly leaseDurationSeconds: number;
  readonly acquireTimeMs: number | undefined;
  readonly renewTimeMs: number | undefined;
  readonly leaseTransitions: number;
}

export interface VersionedLease {
  readonly record: LeaseRecord;
  readonly resourceVersion: string;
}

/** One Lease object. Writes compare and swap: a lost race rejects with `ApiConflict` or `ApiAlreadyExists`. */
export interface LeaseClient {
  get(signal: AbortSignal): Promise<VersionedLease | undefined>;
  create(record: LeaseRecord, signal: AbortSignal): Promise<VersionedLease>;
  update(record: LeaseRecord, resourceVersion: string, signal: AbortSignal): Promise<VersionedLease>;
}

/** What an event is about. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** An event in the shape of events.k8s.io/v1; times in epoch milliseconds. */
export interface EventRecord {
  readonly name: string;
  readonly regarding: ObjectReference;
  readonly related: ObjectReference | undefined;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
  readonly note: string;
  readonly eventTimeMs: number;
  /** Absent for an event that happened once. */
  readonly series: { readonly count: number; readonly lastObservedTimeMs: number } | undefined;
}

export interface EventSink {
  create(event: EventRecord, signal: AbortSignal): Promise<void>;
  /** Updates the series of an event that was created; rejects with `ApiNotFound` once it has expired. */
  updateSeries(event: EventRecord, signal: AbortSignal): Promise<void>;
}

export type ReconcileOutcome =
  'success' | 'requeue-after' | 'stalled' | 'waiting' | 'conflict' | 'error' | 'aborted';

/** Hooks for telemetry; durations in seconds. */
export interface RuntimeMetrics {
  queueDepth(controller: string, depth: number): void;
  queueAdd(controller: string): void;
  queueRetry(controller: string): void;
  queueSeconds(controller: string, seconds: number): void;
  reconciled(controller: string, outcome: ReconcileOutcome, seconds: number): void;
  /** Passes that run at this moment. */
  activeWorkers(controller: string, count: number): void;
  listed(resource: string, objects: number): void;
  watchEvent(resource: string): void;
  watchFailed(resource: string, code: string): void;
  eventDropped(reason: string): void;
  leader(isLeader: boolean): void;
}
