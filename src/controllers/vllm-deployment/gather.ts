import { HTTP_PORT_NAME, LABELS, SERVING } from '../../api/v1alpha1/constants.ts';
import type { VLLMDeployment } from '../../api/v1alpha1/vllm-deployment.ts';
import { formatVersion } from '../../engine/version.ts';
import { targetRevision } from '../../fleet/target-revision.ts';
import { keyOf } from '../../runtime/keys.ts';
import type { MeasuredEngine } from '../../usage/usage-source.ts';
import type { MemoryReader } from '../../usage/memory-reader.ts';
import type { Prober } from '../../probe/prober.ts';
import type { Scraper } from '../../scraper/scraper.ts';
import type { ScrapeTarget } from '../../scraper/target.ts';
import { SIGNALS } from '../../signals/catalogue.ts';
import { EMPTY_HISTORY } from '../../signals/history.ts';
import { judgePage, missingAfterMs } from '../../signals/page-age.ts';
import { requestTimeSeconds } from '../../signals/request-time.ts';
import { windowOf, type Window } from '../../signals/window.ts';
import { loadOf } from '../../snapshot/engine-load.ts';
import type { PageState } from '../../snapshot/engine-snapshot.ts';
import type { ChildState, FleetSnapshot, ReplicaSetSnapshot } from '../../snapshot/fleet-snapshot.ts';
import { servingLabels } from '../../workload/names.ts';
import { buildPodDisruptionBudget } from '../../workload/pod-disruption-budget.ts';
import { buildReplicaSet } from '../../workload/replica-set.ts';
import { revisionOf } from '../../workload/revision.ts';
import { buildService } from '../../workload/service.ts';
import { engineVersion } from '../../workload/version.ts';
import type { Caches } from './caches.ts';
import { contains } from './contains.ts';
import { listedUids } from './endpoint-slices.ts';
import { foreignScaleOf } from './foreign-scale.ts';
import { memoryLimit, observeEngine, servingPort, type SeenElsewhere } from './observe-engine.ts';
import { isOwnedBy, ownPods, ownReplicaSets } from './owned.ts';
import type { PodProjection, ReplicaSetProjection } from './projections.ts';
import type { SizeDates } from './size-dates.ts';
import { selects } from './selector.ts';
import { whyStalled } from './stalled.ts';

/** What the scraper knows; a port, so that gathering stays a plain read. */
export type Pages = Pick<Scraper, 'history' | 'version'>;

/** What is known of engines from elsewhere than their pods. */
export interface Senses {
  readonly pages: Pages;
  readonly usage: Pick<MemoryReader, 'memory' | 'unavailable'>;
  readonly prober: Pick<Prober, 'record'>;
}

/** What the process knows beside caches and pages; times are milliseconds since the epoch. */
export interface Watch {
  readonly nowMs: number;
  /** Since when this process has watched the fleet: before, it can have read no page. */
  readonly watchedSinceMs: number;
  readonly sizeDates: SizeDates;
}

/**
 * All reads of a pass: the caches and the pages, no request. A pod counts only if this very fleet or a ReplicaSet of
 * it owns the pod, so that a fleet made anew under an old name does not take its predecessor's for its own.
 */
export function gather(fleet: VLLMDeployment, caches: Caches, senses: Senses, watch: Watch): FleetSnapshot {
  const { pages } = senses;
  const specRevision = revisionOf(fleet.spec);
  const sets = ownReplicaSets(fleet, caches);
  const pods = ownPods(fleet, sets, caches);
  const listed = listedUids(caches.endpointSlices.byIndex('fleet', keyOf(fleet.metadata)));
  const intervalMs = fleet.spec.engine.metrics.intervalSeconds * 1000;
  const replicaSets = observeReplicaSets(fleet, sets, watch);
  const stalled = whyStalled(fleet, buildReplicaSet(fleet, specRevision, 0));
  const version = versionOf(fleet, pods, pages);
  const memoryUnavailable = senses.usage.unavailable(fleet.metadata.namespace);
  const p99 = isDisrupted(fleet) ? requestTimeP99(pods, pages) : undefined;
  return {
    fleet,
    revision: targetRevision(fleet, specRevision, replicaSets),
    specRevision,
    replicaSets,
    engines: pods.map((pod) =>
      observeEngine(pod, {
        page: pageState(pod, pages, watch, intervalMs),
        ...sensed(pod, senses),
        isListed: listed.has(pod.metadata.uid),
        ...(leaves(pod) && { recentPages: recentPages(pod, pages, watch.nowMs, intervalMs) }),
      }),
    ),
    children: { service: serviceState(fleet, caches), podDisruptionBudget: budgetState(fleet, caches) },
    autoscalers: autoscalersOf(fleet, sets, caches),
    ...(version !== undefined && { engineVersion: version }),
    ...(memoryUnavailable !== undefined && { memoryUnavailable }),
    ...(p99 !== undefined && { requestTimeP99Seconds: p99 }),
    ...(stalled !== undefined && { stalled }),
  };
}

function sensed(
  { metadata: { uid } }: PodProjection,
  { pages, usage, prober }: Senses,
): Pick<SeenElsewhere, 'history' | 'memory' | 'probe'> {
  const history = pages.history(uid);
  const memory = usage.memory(uid);
  const probe = prober.record(uid);
  return {
    ...(history !== undefined && { history }),
    ...(memory !== undefined && { memory }),
    ...(probe !== undefined && { probe }),
  };
}

/** The engines whose memory is to be read: those that are on a node. */
export function measuredEngines(fleet: VLLMDeployment, caches: Caches): readonly MeasuredEngine[] {
  const { namespace } = fleet.metadata;
  return ownPods(fleet, ownReplicaSets(fleet, caches), caches)
    .filter(({ metadata, spec }) => metadata.deletionTimestamp === undefined && spec.nodeName !== undefined)
    .map((pod) => ({
      namespace,
      name: pod.metadata.name,
      uid: pod.metadata.uid,
      createdAtMs: Date.parse(pod.metadata.creationTimestamp ?? ''),
      nodeName: pod.spec.nodeName,
      hasLimit: memoryLimit(pod) !== undefined,
    }));
}

/** The engines whose pages are to be read: those that have started. */
export function scrapeTargets(fleet: VLLMDeployment, caches: Caches): readonly ScrapeTarget[] {
  const { metrics, port } = fleet.spec.engine;
  return ownPods(fleet, ownReplicaSets(fleet, caches), caches)
    .filter(({ metadata, status }) => metadata.deletionTimestamp === undefined && hasStarted(status))
    .flatMap((pod) => {
      const { podIP } = pod.status;
      if (podIP === undefined) return [];
      return [
        {
          uid: pod.metadata.uid,
          name: pod.metadata.name,
          address: podIP,
          port: metrics.port ?? servingPort(pod, HTTP_PORT_NAME) ?? port,
          path: metrics.path,
          intervalMs: metrics.intervalSeconds * 1000,
        },
      ];
    });
}

function hasStarted({ containerStatuses }: PodProjection['status']): boolean {
  return containerStatuses.some(({ started }) => started === true);
}

function observeReplicaSets(
  fleet: VLLMDeployment,
  sets: readonly ReplicaSetProjection[],
  { sizeDates, nowMs }: Watch,
): readonly ReplicaSetSnapshot[] {
  const size = sets.reduce((sum, { spec }) => sum + spec.replicas, 0);
  return sets.map((set) => observeReplicaSet(set, sizeDates.dateOf(set, fleet, size, nowMs)));
}

function observeReplicaSet(set: ReplicaSetProjection, sizedAtMs: number): ReplicaSetSnapshot {
  const { metadata, spec, status } = set;
  const foreign = foreignScaleOf(set);
  const failure = status.conditions.find(
    ({ type, status: value }) => type === 'ReplicaFailure' && value === 'True',
  );
  return {
    name: metadata.name,
    uid: metadata.uid,
    revision: metadata.labels?.[LABELS.revision] ?? '',
    createdAtMs: Date.parse(metadata.creationTimestamp ?? ''),
    replicas: spec.replicas,
    isSizeObserved: status.observedGeneration >= (metadata.generation ?? 0),
    ...(foreign !== undefined && {
      scaledBy: { manager: foreign.manager, atMs: foreign.atMs ?? sizedAtMs },
    }),
    ...(failure !== undefined && { failure: failure.message ?? 'no reason given' }),
    ...(failure?.lastTransitionTime != null && { failureSinceMs: Date.parse(failure.lastTransitionTime) }),
  };
}

function pageState(pod: PodProjection, pages: Pages, watch: Watch, intervalMs: number): PageState {
  const { nowMs, watchedSinceMs } = watch;
  const age = judgePage(pages.history(pod.metadata.uid) ?? EMPTY_HISTORY, nowMs, intervalMs);
  if (age.state !== 'missing') return { state: 'Fresh', load: loadOf(age.page) };
  const awaitedSinceMs = Math.max(readySinceMs(pod), watchedSinceMs);
  const isNew = age.reason === 'NoPageYet' && nowMs - awaitedSinceMs < missingAfterMs(intervalMs);
  return {
    state: 'Missing',
    reason: isNew ? 'FirstPageAwaited' : age.reason,
    message: isNew ? 'its first metrics page is awaited' : age.message,
    ...(age.lastLoaded !== undefined && { lastLoad: loadOf(age.lastLoaded) }),
  };
}

/** Whether the engine was taken out of the Service and is still to end its requests. */
function leaves({ metadata }: PodProjection): boolean {
  return metadata.deletionTimestamp === undefined && metadata.labels?.[LABELS.serving] !== SERVING.true;
}

/** Whether an engine is empty shows within two intervals; who goes on sending to it, within two minutes. */
const RECENT_INTERVALS = 3;
const RECENT_MS = 120_000;

function recentPages({ metadata }: PodProjection, pages: Pages, nowMs: number, intervalMs: number): Window {
  const lengthMs = Math.max(RECENT_MS, RECENT_INTERVALS * intervalMs);
  return windowOf(pages.history(metadata.uid) ?? EMPTY_HISTORY, nowMs, lengthMs);
}

/** Whether a claim stands: only then does anybody ask how long requests take. */
function isDisrupted({ status }: VLLMDeployment): boolean {
  return (status?.disruptions ?? []).length > 0;
}

/** Over all pages that are kept, since the slowest requests are few. */
function requestTimeP99(pods: readonly PodProjection[], pages: Pages): number | undefined {
  const windows = pods.map(({ metadata }) => pages.history(metadata.uid)?.samples ?? []);
  return requestTimeSeconds(windows, 0.99);
}

/** When the pod became ready; a pod that is not is as good as one that just did. */
function readySinceMs({ status }: PodProjection): number {
  const ready = status.conditions.find(({ type, status: value }) => type === 'Ready' && value === 'True');
  return ready?.lastTransitionTime == null ? Infinity : Date.parse(ready.lastTransitionTime);
}

/** What the status tells of the traffic, beside the load that decides. */
const TRAFFIC = [
  'requestRate',
  'generationTokenRate',
  'ttftP95',
  'interTokenLatencyP95',
  'preemptionRate',
] as const;
const TRAFFIC_WINDOW_MS = 60_000;

/** What the fleet did over the last minute. Costs more than all else of a pass: a minute of pages of every engine. */
export function gatherTraffic(
  fleet: VLLMDeployment,
  caches: Caches,
  pages: Pages,
  nowMs: number,
): NonNullable<FleetSnapshot['traffic']> {
  const windows = ownPods(fleet, ownReplicaSets(fleet, caches), caches).map(({ metadata }) =>
    windowOf(pages.history(metadata.uid) ?? EMPTY_HISTORY, nowMs, TRAFFIC_WINDOW_MS),
  );
  return Object.fromEntries(
    TRAFFIC.flatMap((id) => {
      const figure = SIGNALS[id].compute(windows);
      return figure === undefined ? [] : [[id, figure]];
    }),
  );
}

function versionOf(fleet: VLLMDeployment, pods: readonly PodProjection[], pages: Pages): string | undefined {
  const stated = engineVersion(fleet.spec.engine);
  if (stated !== undefined) return formatVersion(stated);
  return pods.map(({ metadata }) => pages.version(metadata.uid)).find((version) => version !== undefined);
}

function serviceState(fleet: VLLMDeployment, caches: Caches): ChildState {
  const found = caches.services.get(keyOf(fleet.metadata));
  if (found === undefined || !isOwnedBy(found.metadata, fleet.metadata.uid)) return 'Absent';
  return contains(found.spec, buildService(fleet).spec) ? 'Current' : 'Differs';
}

function budgetState(fleet: VLLMDeployment, caches: Caches): ChildState | 'Unwanted' {
  const found = caches.disruptionBudgets.get(keyOf(fleet.metadata));
  if (found !== undefined && isOwnedBy(found.metadata, fleet.metadata.uid)) {
    return contains(found.spec, buildPodDisruptionBudget(fleet).spec) ? 'Current' : 'Differs';
  }
  const labels = { ...fleet.spec.template.labels, ...servingLabels(fleet.metadata.name) };
  const isTaken = caches.disruptionBudgets
    .byIndex('namespace', fleet.metadata.namespace)
    .some(({ spec }) => spec.selector != null && selects(spec.selector, labels));
  return isTaken ? 'Unwanted' : 'Absent';
}

function autoscalersOf(
  fleet: VLLMDeployment,
  sets: readonly ReplicaSetProjection[],
  caches: Caches,
): readonly string[] {
  const names = new Set(sets.map(({ metadata }) => metadata.name));
  return caches.autoscalers
    .byIndex('namespace', fleet.metadata.namespace)
    .filter(({ spec: { scaleTargetRef } }) =>
      scaleTargetRef.kind === 'ReplicaSet'
        ? names.has(scaleTargetRef.name)
        : scaleTargetRef.kind === fleet.kind && scaleTargetRef.name === fleet.metadata.name,
    )
    .map(({ metadata }) => metadata.name)
    .toSorted((a, b) => a.localeCompare(b));
}
