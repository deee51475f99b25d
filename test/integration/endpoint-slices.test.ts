import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { LABELS } from '../../src/api/v1alpha1/constants.ts';
import type { VLLMDeployment } from '../../src/api/v1alpha1/vllm-deployment.ts';
import { newCaches } from '../../src/controllers/vllm-deployment/caches.ts';
import { gather } from '../../src/controllers/vllm-deployment/gather.ts';
import {
  EndpointSliceProjection,
  PodProjection,
  ReplicaSetProjection,
} from '../../src/controllers/vllm-deployment/projections.ts';
import { RESOURCE_TYPES } from '../../src/controllers/vllm-deployment/resource-types.ts';
import { SizeDates } from '../../src/controllers/vllm-deployment/size-dates.ts';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import type { ResourceType } from '../../src/kube/resource-type.ts';
import { systemClock } from '../../src/kube/system-clock.ts';
import { Reflector } from '../../src/runtime/reflector.ts';
import { silentLog, silentMetrics } from '../../src/runtime/silent.ts';
import type { Store } from '../../src/runtime/store.ts';
import type { EngineSnapshot } from '../../src/snapshot/engine-snapshot.ts';
import { ownerReference, replicaSetName } from '../../src/workload/names.ts';
import { buildReplicaSet } from '../../src/workload/replica-set.ts';
import { revisionOf } from '../../src/workload/revision.ts';
import { buildService } from '../../src/workload/service.ts';
import { startPlayground, type Playground } from '../../playground/playground.ts';
import { applyManifest, installWarden } from '../../playground/warden/install.ts';
import { applyFleet, readFleet } from '../e2e/support/fleets.ts';
import { eventually } from './playground/eventually.ts';
import { sensesOf } from '../builders/senses.ts';

const FLEET = 'sliced';

let pg: Playground;
/** With the rights of the operator, and no more. */
let kube: KubeClient;
let fleet: VLLMDeployment;
let reflecting: Promise<unknown>;
const caches = newCaches(silentLog);
const stop = new AbortController();

beforeAll(async () => {
  pg = await startPlayground({
    nodes: [{ name: 'node-a', gpus: 4 }],
    simulator: { flags: ['--sim-startup-seconds', '0'] },
  });
  await installWarden(pg);
  kube = createKubeClient({
    kubeconfig: pg.kubeconfig('operator'),
    userAgent: 'vllm-warden/test',
    log: silentLog,
  });
  const { pod, replicaSet, endpointSlice } = RESOURCE_TYPES;
  reflecting = Promise.all([
    reflect(pod, PodProjection, caches.pods),
    reflect(replicaSet, ReplicaSetProjection, caches.replicaSets),
    reflect(endpointSlice, EndpointSliceProjection, caches.endpointSlices),
  ]);
  await applyFleet(pg, FLEET);
  fleet = await readFleet(pg, FLEET);
  const set = buildReplicaSet(fleet, revisionOf(fleet.spec), 2);
  if (!set.ok) throw new Error(set.message);
  await applyManifest(pg, JSON.stringify(buildService(fleet)));
  await applyManifest(pg, JSON.stringify(set.value));
});

afterAll(async () => {
  stop.abort();
  await reflecting;
  await kube.close();
  await pg.stop();
});

/** Fills a cache as the operator does, with what carries the label of a fleet. */
function reflect<T>(
  type: ResourceType,
  schema: z.ZodType<T>,
  store: Pick<Store<T>, 'replace' | 'apply' | 'hasSynced' | 'whenSynced'>,
): Promise<void> {
  const reflector = new Reflector({
    name: type.plural,
    source: kube.listWatch(type, schema, { labelSelector: LABELS.fleet }),
    store,
    clock: systemClock,
    random: () => 0,
    log: silentLog,
    metrics: silentMetrics,
  });
  return reflector.run(stop.signal);
}

/** What a pass would see now. */
function engines(): readonly EngineSnapshot[] {
  const nowMs = Date.now();
  const noPages = { history: () => undefined, version: () => undefined };
  const watch = { nowMs, watchedSinceMs: nowMs, sizeDates: new SizeDates() };
  return gather(fleet, caches, sensesOf(noPages), watch).engines;
}

/** The first of the two engines, once both are listed. */
function listedEngine(): Promise<EngineSnapshot> {
  return eventually(() => {
    const [first, ...others] = engines();
    expect([first, ...others].map((engine) => engine?.isListed)).toEqual([true, true]);
    if (first === undefined) throw new Error('the fleet has no engine');
    return first;
  });
}

async function patchPod({ name }: EngineSnapshot, metadata: object): Promise<void> {
  const path = `/api/v1/namespaces/default/pods/${name}`;
  await pg.call(z.unknown(), 'PATCH', path, { metadata }, 'application/merge-patch+json');
}

test('an engine is listed until its serving label is taken off, and again once it is back', async () => {
  const engine = await listedEngine();
  await patchPod(engine, { labels: { [LABELS.serving]: 'draining' } });
  await eventually(() => {
    expect(engines().map(({ isListed }) => isListed)).toEqual(expect.arrayContaining([true, false]));
    const drained = { serving: 'draining', isListed: false, lifecycle: 'Ready', isMember: true };
    expect(seen(engine)).toMatchObject(drained);
  });
  await patchPod(engine, { labels: { [LABELS.serving]: 'true' } });
  await listedEngine();
});

test('an engine that the fleet itself owns is seen and listed beside the one that its ReplicaSet makes', async () => {
  const engine = await listedEngine();
  await patchPod(engine, {
    labels: { [LABELS.member]: 'detached' },
    ownerReferences: [ownerReference(fleet)],
  });
  const replicaSet = replicaSetName(FLEET, revisionOf(fleet.spec));
  await eventually(() => {
    expect(engines().map(({ isListed }) => isListed)).toEqual([true, true, true]);
    expect(seen(engine)).toMatchObject({ replicaSet, isMember: false });
    const others = engines().filter(({ uid }) => uid !== engine.uid);
    expect(others).toMatchObject(others.map(() => ({ replicaSet, isMember: true })));
  });
});

function seen({ uid }: EngineSnapshot): EngineSnapshot | undefined {
  return engines().find((engine) => engine.uid === uid);
}
