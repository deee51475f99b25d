import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { hostname } from 'node:os';
import type { z } from 'zod';
import { FIELD_MANAGERS, LABELS } from '../api/v1alpha1/constants.ts';
import { VLLMDeployment } from '../api/v1alpha1/vllm-deployment.ts';
import { fleetKeys, newCaches, type Caches } from '../controllers/vllm-deployment/caches.ts';
import { FleetController, isUrgent } from '../controllers/vllm-deployment/controller.ts';
import { changesListing } from '../controllers/vllm-deployment/endpoint-slices.ts';
import {
  AutoscalerProjection,
  DisruptionBudgetProjection,
  EndpointSliceProjection,
  PodProjection,
  ReplicaSetProjection,
  ServiceProjection,
} from '../controllers/vllm-deployment/projections.ts';
import { RESOURCE_TYPES } from '../controllers/vllm-deployment/resource-types.ts';
import { asWardenError } from '../errors.ts';
import { HistoryStore } from '../history/history-store.ts';
import { createKubeClient, type KubeClient } from '../kube/client.ts';
import type { ResourceType } from '../kube/resource-type.ts';
import { systemClock } from '../kube/system-clock.ts';
import { Controller } from '../runtime/controller.ts';
import { EventRecorder } from '../runtime/event-recorder.ts';
import { LeaderElector } from '../runtime/leader-elector.ts';
import { Manager, type ManagerExit } from '../runtime/manager.ts';
import { Reflector } from '../runtime/reflector.ts';
import type { Store } from '../runtime/store.ts';
import { Wakes } from '../runtime/wakes.ts';
import { WriteBarrier } from '../runtime/write-barrier.ts';
import { Prober } from '../probe/prober.ts';
import { MemoryReader } from '../usage/memory-reader.ts';
import { Scraper } from '../scraper/scraper.ts';
import { startHealthServer } from '../telemetry/health-server.ts';
import { createLogger } from '../telemetry/logger.ts';
import { startMetricsServer } from '../telemetry/metrics-server.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import type { CommandIo } from './inspect.ts';
import { parseOptions, USAGE, type OperatorOptions } from './operator-options.ts';

const LEASE_NAME = 'vllm-warden';
const USER_AGENT = 'vllm-warden';
const EXIT = { stopped: 0, failed: 1, usage: 2 } as const;

/** `vllm-warden operator`: runs until SIGTERM or SIGINT (status 0), or until the lease is lost (status 1). */
export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const parsed = parseOptions(args);
  if (parsed.kind === 'Help') {
    io.stdout.write(USAGE);
    return EXIT.stopped;
  }
  if (parsed.kind === 'Refused') {
    io.stderr.write(`${parsed.message}\n\n${USAGE}`);
    return EXIT.usage;
  }
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGTERM', onSignal);
  process.once('SIGINT', onSignal);
  try {
    const exit = await operate(parsed.options, stop.signal);
    return exit.reason === 'Stopped' ? EXIT.stopped : EXIT.failed;
  } catch (error) {
    const { message, remedy } = asWardenError(error);
    io.stderr.write(`${message} ${remedy ?? ''}\n`);
    return EXIT.failed;
  } finally {
    process.off('SIGTERM', onSignal);
    process.off('SIGINT', onSignal);
  }
}

/** Wires the operator and runs it. */
async function operate(options: OperatorOptions, stop: AbortSignal): Promise<ManagerExit> {
  const log = createLogger(options.logLevel);
  const metrics = createMetrics();
  const identity = `${hostname()}_${randomUUID()}`;
  const kube = createKubeClient({ ...options, userAgent: USER_AGENT, log, onRequest: metrics.apiRequest });
  const shared = { clock: systemClock, random: Math.random, log, metrics: metrics.runtime };
  const caches = newCaches(log);
  const barrier = new WriteBarrier(systemClock);
  const events = new EventRecorder({
    ...shared,
    sink: kube.events({ controller: USER_AGENT, instance: identity }),
  });
  const scraper = new Scraper({
    ...shared,
    metrics: metrics.fleets,
    engineProxyUrl: options.engineProxyUrl,
    onPage: (key, _uid, sample) => {
      const fleet = caches.fleets.get(key);
      if (fleet !== undefined && isUrgent(fleet, sample)) wakes.wake(key);
    },
  });
  const prober = new Prober({
    clock: systemClock,
    engineProxyUrl: options.engineProxyUrl,
    onResult: (uid) => {
      const pod = caches.pods.list().find(({ metadata }) => metadata.uid === uid);
      for (const key of pod === undefined ? [] : fleetKeys(pod)) wakes.wake(key);
    },
  });
  const usage = new MemoryReader({ source: kube, clock: systemClock, log });
  const histories = new HistoryStore({
    ...shared,
    maps: kube.configMaps(options.namespace, FIELD_MANAGERS.history),
    livingFleets: () => livingFleets(caches),
  });
  const fleets = new FleetController({
    kube,
    caches,
    barrier,
    scraper,
    prober,
    usage,
    histories,
    events,
    metrics: metrics.fleets,
    statusRefreshMs: options.statusRefreshMs,
  });
  const controller = new Controller({
    ...shared,
    name: 'vllmdeployment',
    reconcile: (request, context) => fleets.reconcile(request, context),
    caughtUp: (key) => barrier.caughtUp(key),
  });
  const wakes = new Wakes(systemClock, (key) => controller.enqueue(key));
  watchCaches(controller, caches);
  const manager = new Manager({
    ...shared,
    caches: reflectors(kube, caches, shared),
    elector: new LeaderElector({
      ...shared,
      client: kube.lease({ namespace: options.namespace, name: LEASE_NAME }),
      identity,
      timing: options,
    }),
    controllers: [controller],
    tasks: [
      { name: 'scraper', run: (signal) => stopAfter(scraper, signal) },
      { name: 'prober', run: (signal) => stopAfter(prober, signal) },
      usage,
      histories,
    ],
    events,
    close: () => kube.close(),
  });
  const health = await startHealthServer({ address: options.healthAddress, isReady: () => manager.ready });
  try {
    const exporter = await startMetricsServer(options.metricsAddress, metrics.registry);
    try {
      return await manager.run(stop);
    } finally {
      await exporter.close();
    }
  } finally {
    await health.close();
  }
}

/** Scraping and probing begin with the first targets and end with the leadership, before the lease is released. */
async function stopAfter(readers: Pick<Scraper, 'stop'>, signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
  await readers.stop();
}

/** UIDs of all fleets, those with a spec that cannot be read too. */
function livingFleets({ fleets }: Caches): ReadonlySet<string> {
  return new Set(
    fleets.keys().flatMap((key) => fleets.get(key)?.metadata.uid ?? fleets.invalid(key)?.meta.uid ?? []),
  );
}

/** Which fleets a change concerns. */
function watchCaches(controller: Controller, caches: Caches): void {
  controller.watch(caches.fleets, ({ key }) => [key]);
  for (const store of [caches.pods, caches.replicaSets, caches.services]) {
    controller.watch<Parameters<typeof fleetKeys>[0]>(store, ({ object, previous }) =>
      [object, previous].flatMap((version) => (version === undefined ? [] : fleetKeys(version))),
    );
  }
  controller.watch(caches.endpointSlices, ({ object, previous }) => {
    const slice = object ?? previous;
    return slice !== undefined && changesListing(previous, object) ? fleetKeys(slice) : [];
  });
  const neighbours = ({ meta }: { meta: { namespace: string | undefined } }): readonly string[] =>
    caches.fleets.keys().filter((key) => key.startsWith(`${meta.namespace ?? ''}/`));
  controller.watch(caches.disruptionBudgets, neighbours);
  controller.watch(caches.autoscalers, neighbours);
}

type Shared = Omit<ConstructorParameters<typeof Reflector>[0], 'name' | 'source' | 'store'>;

/** One reflector a cache: what is ours is found by its label, what may be anybody's is read whole. */
function reflectors(kube: KubeClient, caches: Caches, shared: Shared): readonly Reflector<unknown>[] {
  const ours = { labelSelector: LABELS.fleet };
  const reflector = <T>(
    type: ResourceType,
    schema: z.ZodType<T>,
    store: Pick<Store<T>, 'replace' | 'apply' | 'hasSynced' | 'whenSynced'>,
    scope: { labelSelector?: string } = {},
  ): Reflector<T> =>
    new Reflector({ ...shared, name: type.plural, source: kube.listWatch(type, schema, scope), store });
  return [
    reflector(RESOURCE_TYPES.fleet, VLLMDeployment, caches.fleets),
    reflector(RESOURCE_TYPES.pod, PodProjection, caches.pods, ours),
    reflector(RESOURCE_TYPES.replicaSet, ReplicaSetProjection, caches.replicaSets, ours),
    reflector(RESOURCE_TYPES.service, ServiceProjection, caches.services, ours),
    reflector(RESOURCE_TYPES.endpointSlice, EndpointSliceProjection, caches.endpointSlices, ours),
    reflector(RESOURCE_TYPES.disruptionBudget, DisruptionBudgetProjection, caches.disruptionBudgets),
    reflector(RESOURCE_TYPES.autoscaler, AutoscalerProjection, caches.autoscalers),
  ];
}
