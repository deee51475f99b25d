import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { RuntimeMetrics } from '../runtime/ports.ts';

/** From a pass that finds nothing to do to one that waits for the API server's time-out. */
const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30];

/** The work queues, passes, caches and the lease, as controller-runtime names them where it has the same figure. */
export function createRuntimeMetrics(registry: Registry): RuntimeMetrics {
  const registers = [registry];
  const perController = { labelNames: ['controller'], registers } as const;
  const perResource = { labelNames: ['resource'], registers } as const;
  const depth = new Gauge({
    name: 'vllm_warden_workqueue_depth',
    help: 'Keys that wait for a pass.',
    ...perController,
  });
  const adds = new Counter({
    name: 'vllm_warden_workqueue_adds_total',
    help: 'Keys that were queued.',
    ...perController,
  });
  const retries = new Counter({
    name: 'vllm_warden_workqueue_retries_total',
    help: 'Keys that were queued again after a failed pass.',
    ...perController,
  });
  const waited = new Histogram({
    name: 'vllm_warden_workqueue_queue_duration_seconds',
    help: 'How long a key waited for its pass.',
    buckets: SECONDS,
    ...perController,
  });
  const passes = new Counter({
    name: 'vllm_warden_reconcile_total',
    help: 'Passes by outcome.',
    labelNames: ['controller', 'outcome'],
    registers,
  });
  const passSeconds = new Histogram({
    name: 'vllm_warden_reconcile_duration_seconds',
    help: 'How long a pass took.',
    buckets: SECONDS,
    ...perController,
  });
  const active = new Gauge({
    name: 'vllm_warden_reconcile_active_workers',
    help: 'Passes that run now.',
    ...perController,
  });
  const lists = new Counter({
    name: 'vllm_warden_lists_total',
    help: 'Complete lists that were read; more than one means that a watch had to start anew.',
    ...perResource,
  });
  const listed = new Gauge({
    name: 'vllm_warden_listed_objects',
    help: 'Objects in the last complete list.',
    ...perResource,
  });
  const watchEvents = new Counter({
    name: 'vllm_warden_watch_events_total',
    help: 'Events of watches, bookmarks too.',
    ...perResource,
  });
  const lastWatchEvent = new Gauge({
    name: 'vllm_warden_watch_last_event_timestamp_seconds',
    help: 'When a watch last said anything; bookmarks come about once a minute, so silence is a dead watch.',
    ...perResource,
  });
  const watchFailures = new Counter({
    name: 'vllm_warden_watch_failures_total',
    help: 'Watches that ended with an error, by its code.',
    labelNames: ['resource', 'code'],
    registers,
  });
  const dropped = new Counter({
    name: 'vllm_warden_events_dropped_total',
    help: 'Kubernetes events that were not written, by reason.',
    labelNames: ['reason'],
    registers,
  });
  const leads = new Gauge({
    name: 'vllm_warden_leader',
    help: '1 while this process holds the lease.',
    registers,
  });
  return {
    queueDepth: (controller, keys) => depth.set({ controller }, keys),
    queueAdd: (controller) => adds.inc({ controller }),
    queueRetry: (controller) => retries.inc({ controller }),
    queueSeconds: (controller, seconds) => waited.observe({ controller }, seconds),
    reconciled(controller, outcome, seconds) {
      passes.inc({ controller, outcome });
      passSeconds.observe({ controller }, seconds);
    },
    activeWorkers: (controller, count) => active.set({ controller }, count),
    listed(resource, objects) {
      lists.inc({ resource });
      listed.set({ resource }, objects);
    },
    watchEvent(resource) {
      watchEvents.inc({ resource });
      lastWatchEvent.setToCurrentTime({ resource });
    },
    watchFailed: (resource, code) => watchFailures.inc({ resource, code }),
    eventDropped: (reason) => dropped.inc({ reason }),
    leader: (isLeader) => leads.set(isLeader ? 1 : 0),
  };
}
