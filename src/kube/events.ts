import type { EventRecord, EventSink, ObjectReference } from '../runtime/ports.ts';
import { microTime } from './micro-time.ts';
import { collectionPath, objectPath, type ResourceType } from './resource-type.ts';
import type { RestClient } from './rest.ts';

const EVENT: ResourceType = {
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};

/** Who reports: `vllm-warden`, and which of its replicas. */
export interface Reporter {
  readonly controller: string;
  readonly instance: string;
}

/** Cluster-scoped objects have their events here, as client-go has it. */
const DEFAULT_NAMESPACE = 'default';

/** Events as events.k8s.io/v1, which `kubectl describe` and `kubectl events` both read. */
export function newEventSink(rest: RestClient, reporter: Reporter): EventSink {
  return {
    async create(event, signal) {
      const path = collectionPath(EVENT, namespaceOf(event));
      await rest.request({ method: 'POST', path, body: eventObject(event, reporter), signal });
    },
    async updateSeries(event, signal) {
      const path = objectPath(EVENT, { namespace: namespaceOf(event), name: event.name });
      const body = { series: seriesObject(event) };
      await rest.request({
        method: 'PATCH',
        path,
        body,
        contentType: 'application/merge-patch+json',
        signal,
      });
    },
  };
}

function eventObject(event: EventRecord, reporter: Reporter): object {
  return {
    apiVersion: EVENT.apiVersion,
    kind: EVENT.kind,
    metadata: { namespace: namespaceOf(event), name: event.name },
    eventTime: microTime(event.eventTimeMs),
    reportingController: reporter.controller,
    reportingInstance: reporter.instance,
    type: event.type,
    reason: event.reason,
    action: event.action,
    note: event.note,
    regarding: referenceObject(event.regarding),
    related: event.related === undefined ? undefined : referenceObject(event.related),
    series: seriesObject(event),
  };
}

function seriesObject({ series }: EventRecord): object | undefined {
  return series === undefined
    ? undefined
    : { count: series.count, lastObservedTime: microTime(series.lastObservedTimeMs) };
}

function referenceObject({ apiVersion, kind, namespace, name, uid }: ObjectReference): object {
  return { apiVersion, kind, name, uid, namespace: namespace === '' ? undefined : namespace };
}

function namespaceOf(event: EventRecord): string {
  return event.regarding.namespace === '' ? DEFAULT_NAMESPACE : event.regarding.namespace;
}
