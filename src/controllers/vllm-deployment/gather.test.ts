import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { NOW, secondsAgo } from '../../../test/builders/engines.ts';
import { fleet } from '../../../test/builders/fleets.ts';
import { observed, pageOf } from '../../../test/builders/pages.ts';
import type { VLLMDeployment } from '../../api/v1alpha1/vllm-deployment.ts';
import { observe } from '../../kube/observe.ts';
import { silentLog } from '../../runtime/silent.ts';
import type { Store } from '../../runtime/store.ts';
import type { EngineHistory } from '../../signals/history.ts';
import type { FleetSnapshot } from '../../snapshot/fleet-snapshot.ts';
import { revisionOf } from '../../workload/revision.ts';
import { newCaches, type Caches } from './caches.ts';
import { gather, scrapeTargets } from './gather.ts';
import { EndpointSliceProjection, PodProjection, ReplicaSetProjection } from './projections.ts';
import { SizeDates } from './size-dates.ts';
import { sensesOf } from '../../../test/builders/senses.ts';

const LABEL = 'vllm.warden.dev/';
const ORDINARY = fleet();
const SET = {
  kind: 'ReplicaSet',
  name: 'chat-aaa',
  uid: 'uid-chat-aaa',
  apiVersion: 'apps/v1',
  controller: true,
};
const ITSELF = { ...SET, kind: 'VLLMDeployment', name: 'chat', uid: ORDINARY.metadata.uid };

function meta(name: string, more: object = {}): object {
  return { name, namespace: 'models', uid: `uid-${name}`, resourceVersion: '5', ...more };
}

interface PodParts {
  readonly owners?: readonly object[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly metadata?: object;
}

/** A pod that runs on a node, of the fleet's ReplicaSet unless said. */
function pod(name: string, { owners = [SET], labels, metadata }: PodParts = {}): object {
  const ours = { fleet: 'chat', revision: 'aaa', member: 'true', serving: 'true', ...labels };
  return {
    metadata: meta(name, {
      labels: Object.fromEntries(Object.entries(ours).map(([key, value]) => [`${LABEL}${key}`, value])),
      ownerReferences: owners,
      ...metadata,
    }),
    spec: { nodeName: 'node-1', containers: [{ name: 'engine' }] },
    status: { podIP: '10.0.0.1', containerStatuses: [{ name: 'engine', started: true }] },
  };
}

function slice(service: string, ...uids: readonly string[]): object {
  return {
    metadata: meta(`${service}-x1`, {
      labels: { [`${LABEL}fleet`]: 'chat', 'kubernetes.io/service-name': service },
    }),
    endpoints: uids.map((uid) => ({ conditions: { ready: true }, targetRef: { uid } })),
  };
}

interface World {
  readonly pods?: readonly object[];
  readonly slices?: readonly object[];
  readonly replicaSets?: readonly object[];
}

function replicaSet(name: string, more: object = {}): object {
  const labels = { [`${LABEL}fleet`]: 'chat', [`${LABEL}revision`]: name.replace('chat-', '') };
  return {
    metadata: meta(name, { labels, ownerReferences: [ITSELF] }),
    spec: { replicas: 1 },
    ...more,
  };
}

function cachesOf({ pods = [], slices = [], replicaSets = [replicaSet('chat-aaa')] }: World): Caches {
  const caches = newCaches(silentLog);
  fill(caches.pods, PodProjection, pods);
  fill(caches.replicaSets, ReplicaSetProjection, replicaSets);
  fill(caches.endpointSlices, EndpointSliceProjection, slices);
  return caches;
}

function fill<T>(store: Pick<Store<T>, 'replace'>, schema: z.ZodType<T>, objects: readonly object[]): void {
  store.replace({ items: objects.map((raw) => observe('a list', raw, schema)), resourceVersion: '9' });
}

function see(
  world: World,
  of: VLLMDeployment = ORDINARY,
  histories: Readonly<Record<string, EngineHistory>> = {},
): FleetSnapshot {
  const pages = { history: (uid: string) => histories[uid], version: () => undefined };
  const watch = { nowMs: NOW, watchedSinceMs: NOW, sizeDates: new SizeDates() };
  return gather(of, cachesOf(world), sensesOf(pages), watch);
}

const names = ({ engines }: FleetSnapshot): readonly string[] => engines.map(({ name }) => name);

describe('the engines of a fleet', () => {
  const pods = [
    pod('member'),
    pod('detached', { owners: [ITSELF], labels: { member: 'detached' } }),
    pod('orphan', { owners: [] }),
    pod('of-somebody', { owners: [{ ...SET, uid: 'uid-else' }] }),
    pod('of-a-former-fleet', { owners: [{ ...ITSELF, uid: 'uid-former' }] }),
    pod('merely-named', { owners: [{ ...ITSELF, controller: false }] }),
  ];

  test('are the pods of its ReplicaSets and those that it owns itself while they are replaced', () => {
    expect(names(see({ pods }))).toEqual(['member', 'detached']);
  });

  test('have their pages read, whoever owns them', () => {
    expect(scrapeTargets(ORDINARY, cachesOf({ pods })).map(({ name }) => name)).toEqual([
      'member',
      'detached',
    ]);
  });

  test("are listed by the slices of the fleet's own Service alone", () => {
    const slices = [slice('chat', 'uid-member'), slice('monitoring', 'uid-detached')];
    expect(see({ pods, slices }).engines.map(({ isListed }) => isListed)).toEqual([true, false]);
  });
});

describe('pages', () => {
  const page = (secondsBefore: number): EngineHistory['samples'][number] => ({
    atMs: secondsAgo(secondsBefore),
    sample: pageOf({ running: 1 }),
  });
  const samples = [page(121), page(120), page(60), page(2)];

  test('of the last two minutes are told of an engine that is out of the Service and still runs', () => {
    const pods = [
      pod('serves'),
      pod('drains', { labels: { serving: 'draining' } }),
      pod('ends', {
        labels: { serving: 'draining' },
        metadata: { deletionTimestamp: '2026-03-02T10:00:00Z' },
      }),
    ];
    const histories = { 'uid-serves': { samples }, 'uid-drains': { samples }, 'uid-ends': { samples } };
    const { engines } = see({ pods }, ORDINARY, histories);
    expect(engines.map(({ recentPages }) => recentPages)).toEqual([undefined, samples.slice(1), undefined]);
  });

  test('at intervals of a minute are told for three minutes, or there might be only one', () => {
    const pods = [pod('drains', { labels: { serving: 'draining' } })];
    const slow = fleet({ engine: { image: 'vllm/vllm-openai:v0.30.0', metrics: { intervalSeconds: 60 } } });
    const { engines } = see({ pods }, slow, { 'uid-drains': { samples } });
    expect(engines[0]?.recentPages).toEqual(samples);
  });
});

test('how long requests take is told while a claim stands, over all pages that are kept', () => {
  const at = (secondsBefore: number, count: number): EngineHistory['samples'][number] => ({
    atMs: secondsAgo(secondsBefore),
    sample: pageOf({ histograms: { e2e: observed([1, 100], [count, 1]) } }),
  });
  const histories = { 'uid-member': { samples: [at(800, 0), at(2, 20)] } };
  const claim = {
    victimUID: 'uid-member',
    engine: 'member',
    command: 'Shrink',
    cause: 'ScaleDown',
    revision: 'aaa',
    step: 'Draining',
    claimedAt: '2026-03-02T09:59:00Z',
    deadline: '2026-03-02T10:10:00Z',
  };
  const pods = [pod('member')];
  const claimed = fleet({}, { disruptions: [claim] });
  expect(see({ pods }, claimed, histories).requestTimeP99Seconds).toBeCloseTo(0.99, 9);
  expect(see({ pods }, ORDINARY, histories).requestTimeP99Seconds).toBeUndefined();
});

test('what is to serve is another revision than that of the spec while the fleet is rolled back', () => {
  const specRevision = revisionOf(ORDINARY.spec);
  expect(see({})).toMatchObject({ revision: specRevision, specRevision });
  const rolledBack = fleet({ rollout: { rollbackTo: 'aaa' } });
  expect(see({}, rolledBack)).toMatchObject({ revision: 'aaa', specRevision });
});

test('a ReplicaSet whose pods are refused says why, and since when', () => {
  const since = '2026-03-02T09:58:00Z';
  const refused = {
    type: 'ReplicaFailure',
    status: 'True',
    message: 'exceeded quota',
    lastTransitionTime: since,
  };
  const replicaSets = [replicaSet('chat-aaa', { status: { conditions: [refused] } })];
  expect(see({ replicaSets }).replicaSets).toMatchObject([
    { failure: 'exceeded quota', failureSinceMs: Date.parse(since) },
  ]);
});
