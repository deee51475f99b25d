import { describe, expect, test } from 'vitest';
import { isEngine, observeEngine, servingPort, type SeenElsewhere } from './observe-engine.ts';
import { PodProjection } from './projections.ts';

const CREATED = '2026-03-01T03:00:00Z';
const STARTED = '2026-03-01T03:01:00Z';
const LATER = '2026-03-01T03:05:00Z';
const SEEN: SeenElsewhere = {
  page: { state: 'Missing', reason: 'NoPageYet', message: 'none' },
  isListed: false,
};

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
    expect(observeEngine(pod(parts), SEEN).lifecycle).toBe(lifecycle);
  });
});

test('a pod that no node takes says why, in the words of the scheduler', () => {
  const message = '0/1 nodes are available: 1 Insufficient nvidia.com/gpu.';
  const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }];
  expect(observeEngine(pod({ status: { conditions } }), SEEN).unschedulable).toBe(message);
});

test('the time at which a node was found is taken over', () => {
  const conditions = [{ type: 'PodScheduled', status: 'True', lastTransitionTime: STARTED }];
  const engine = observeEngine(pod({ spec: { nodeName: 'gpu-1' }, status: { conditions } }), SEEN);
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
    SEEN,
  );
  expect(engine.trouble).toEqual({
    reason: 'CrashLoopBackOff',
    message: 'back-off 40s; last exit Error (code 2)',
  });
  expect(engine.restarts).toBe(4);
});

test('the last exit ends with the last line that the container wrote', () => {
  const message = 'usage: vllm serve [model_tag]\nvllm: error: unrecognized arguments: --typo\n';
  const container = {
    name: 'engine',
    restartCount: 1,
    state: { running: { startedAt: STARTED } },
    lastState: { terminated: { reason: 'Error', exitCode: 2, message } },
  };
  const engine = observeEngine(
    pod({ spec: { nodeName: 'gpu-1' }, status: { containerStatuses: [container] } }),
    SEEN,
  );
  expect(engine.lastExit).toBe('last exit Error (code 2): vllm: error: unrecognized arguments: --typo');
});

test('a container that is being created is not trouble', () => {
  const container = { name: 'engine', state: { waiting: { reason: 'ContainerCreating' } } };
  expect(observeEngine(pod({ status: { containerStatuses: [container] } }), SEEN).trouble).toBeUndefined();
});

test.each([
  ['-1073741824', -1_073_741_824],
  ['not a number', undefined],
])('a deletion cost of %s is read as %s', (text, cost) => {
  const annotations = { 'controller.kubernetes.io/pod-deletion-cost': text };
  expect(observeEngine(pod({ metadata: { annotations } }), SEEN).deletionCost).toBe(cost);
});

test('identity, phase, owner, revision and time of ready are taken over', () => {
  expect(
    observeEngine(
      pod({ spec: { nodeName: 'gpu-1' }, status: { phase: 'Running', ...ready('True', LATER) } }),
      SEEN,
    ),
  ).toMatchObject({
    phase: 'Running',
    uid: 'u1',
    name: 'chat-1-abcde',
    revision: '1',
    replicaSet: 'chat-1',
    nodeName: 'gpu-1',
    createdAtMs: Date.parse(CREATED),
    readyAtMs: Date.parse(LATER),
  });
});

test('an engine that was taken out of its ReplicaSet still belongs to that of its revision', () => {
  const labels = { 'vllm.warden.dev/revision': '1', 'vllm.warden.dev/member': 'detached' };
  const owner = { apiVersion: 'vllm.warden.dev/v1alpha1', kind: 'VLLMDeployment', name: 'chat', uid: 'f' };
  const metadata = { labels, ownerReferences: [{ ...owner, controller: true }] };
  expect(observeEngine(pod({ metadata }), SEEN)).toMatchObject({ replicaSet: 'chat-1', isMember: false });
});

test('a member that serves and is listed is seen as such', () => {
  const labels = { 'vllm.warden.dev/member': 'true', 'vllm.warden.dev/serving': 'true' };
  const engine = observeEngine(pod({ metadata: { labels } }), { ...SEEN, isListed: true });
  expect(engine).toMatchObject({ isMember: true, serving: 'true', isListed: true });
});

test('an engine without the label that takes part in the Service does not serve, whatever else it has', () => {
  expect(observeEngine(pod({}), SEEN).serving).toBeUndefined();
});

test('the claim and the time to its end are taken over', () => {
  const annotations = { 'vllm.warden.dev/claim': CREATED };
  const metadata = { annotations, deletionTimestamp: LATER, deletionGracePeriodSeconds: 5 };
  expect(observeEngine(pod({ metadata }), SEEN)).toMatchObject({ claim: CREATED, deletionGraceSeconds: 5 });
});

test.each([
  ['{"team.example/route":"chat"}', { 'team.example/route': 'chat' }],
  ['{}', {}],
  ['{"team.example/route":1}', undefined],
  ['["team.example/route"]', undefined],
  ['{"team.example', undefined],
  ['{"vllm.warden.dev/serving":"true"}', undefined],
])('labels to be put back that read %s are taken for %j', (text, expected) => {
  const annotations = { 'vllm.warden.dev/drained-labels': text };
  expect(observeEngine(pod({ metadata: { annotations } }), SEEN).drainedLabels).toEqual(expected);
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
