import { describe, expect, test } from 'vitest';
import type { PageState } from '../../snapshot/engine-snapshot.ts';
import { isEngine, observeEngine, servingPort } from './observe-engine.ts';
import { PodProjection } from './projections.ts';

const CREATED = '2026-03-01T03:00:00Z';
const STARTED = '2026-03-01T03:01:00Z';
const LATER = '2026-03-01T03:05:00Z';
const PAGE: PageState = { state: 'Missing', reason: 'NoPageYet', message: 'none' };

interface PodParts {
  readonly metadata?: object;
  readonly spec?: object;
  readonly status?: object;
}

function pod({ metadata, spec, status }: PodParts): PodProjection {
  return PodProjection.parse({
    metadata: {
      name: 'chat-1-abcde',
      namespace: 'default',
      uid: 'u1',
      resourceVersion: '7',
      creationTimestamp: CREATED,
      labels: { 'vllm.warden.dev/revision': '1' },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'chat-1', uid: 'rs', controller: true },
      ],
      ...metadata,
    },
    spec: { containers: [{ name: 'engine', ports: [{ name: 'http', containerPort: 8001 }] }], ...spec },
    status: { ...status },
  });
}

function running(started: boolean): object {
  return {
    containerStatuses: [
      { name: 'engine', started, restartCount: 0, state: { running: { startedAt: STARTED } } },
    ],
  };
}

function ready(status: 'True' | 'False', lastTransitionTime: string): object {
  return { conditions: [{ type: 'Ready', status, lastTransitionTime }] };
}

describe('the life of an engine', () => {
  const onNode = { nodeName: 'gpu-1' };
  test.each<[what: string, parts: PodParts, lifecycle: string]>([
    ['no node yet', {}, 'Pending'],
    ['on a node, container not started', { spec: onNode, status: running(false) }, 'Loading'],
    [
      'started, first readiness probe awaited',
      { spec: onNode, status: { ...running(true), ...ready('False', CREATED) } },
      'Loading',
    ],
    ['ready', { spec: onNode, status: { ...running(true), ...ready('True', LATER) } }, 'Ready'],
    [
      'was ready and is not',
      { spec: onNode, status: { ...running(true), ...ready('False', LATER) } },
      'Unready',
    ],
    [
      'on its way out, though still ready',
      { spec: onNode, metadata: { deletionTimestamp: LATER }, status: ready('True', LATER) },
      'Terminating',
    ],
  ])('%s', (_what, parts, lifecycle) => {
    expect(observeEngine(pod(parts), PAGE).lifecycle).toBe(lifecycle);
  });
});

test('a pod that no node takes says why, in the words of the scheduler', () => {
  const message = '0/1 nodes are available: 1 Insufficient nvidia.com/gpu.';
  const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }];
  expect(observeEngine(pod({ status: { conditions } }), PAGE).unschedulable).toBe(message);
});

test('the time at which a node was found is taken over', () => {
  const conditions = [{ type: 'PodScheduled', status: 'True', lastTransitionTime: STARTED }];
  const engine = observeEngine(pod({ spec: { nodeName: 'gpu-1' }, status: { conditions } }), PAGE);
  expect(engine.scheduledAtMs).toBe(Date.parse(STARTED));
});

test('a container that keeps crashing is trouble, with its last exit', () => {
  const container = {
    name: 'engine',
    restartCount: 4,
    state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s' } },
    lastState: { terminated: { reason: 'Error', exitCode: 2 } },
  };
  const engine = observeEngine(
    pod({ spec: { nodeName: 'gpu-1' }, status: { containerStatuses: [container] } }),
    PAGE,
  );
  expect(engine.trouble).toEqual({
    reason: 'CrashLoopBackOff',
    message: 'back-off 40s; last exit Error (code 2)',
  });
  expect(engine.restarts).toBe(4);
});

test('a container that is being created is not trouble', () => {
  const container = { name: 'engine', state: { waiting: { reason: 'ContainerCreating' } } };
  expect(observeEngine(pod({ status: { containerStatuses: [container] } }), PAGE).trouble).toBeUndefined();
});

test.each([
  ['-1073741824', -1_073_741_824],
  ['not a number', undefined],
])('a deletion cost of %s is read as %s', (text, cost) => {
  const annotations = { 'controller.kubernetes.io/pod-deletion-cost': text };
  expect(observeEngine(pod({ metadata: { annotations } }), PAGE).deletionCost).toBe(cost);
});

test('identity, owner, revision and time of ready are taken over', () => {
  expect(
    observeEngine(pod({ spec: { nodeName: 'gpu-1' }, status: ready('True', LATER) }), PAGE),
  ).toMatchObject({
    uid: 'u1',
    name: 'chat-1-abcde',
    revision: '1',
    replicaSet: 'chat-1',
    nodeName: 'gpu-1',
    createdAtMs: Date.parse(CREATED),
    readyAtMs: Date.parse(LATER),
  });
});

test.each([
  ['Running', true],
  ['Pending', true],
  ['Succeeded', false],
  ['Failed', false],
])('a pod that is %s counts as an engine: %s', (phase, expected) => {
  expect(isEngine(pod({ status: { phase } }))).toBe(expected);
});

test('the serving port is that of the container port of this name', () => {
  expect(servingPort(pod({}), 'http')).toBe(8001);
  expect(servingPort(pod({}), 'grpc')).toBeUndefined();
});
