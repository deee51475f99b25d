import { describe, expect, test } from 'vitest';
import { containerStatus, podConditions, podPhase, type ContainerView } from './pod-status.ts';

const startedAt = '2026-01-01T00:00:00Z';
const finishedAt = '2026-01-01T00:01:00Z';
const crash = { terminated: { exitCode: 1, reason: 'Error', startedAt, finishedAt } };
const success = { terminated: { exitCode: 0, reason: 'Completed', startedAt, finishedAt } };

function view(change: Partial<ContainerView>): ContainerView {
  return {
    name: 'engine',
    image: 'vllm/vllm-openai:v0.32.0',
    state: { running: { startedAt } },
    lastState: undefined,
    restartCount: 0,
    started: true,
    ready: true,
    finished: false,
    ...change,
  };
}

const creating = view({ state: { waiting: { reason: 'ContainerCreating' } }, started: false, ready: false });
const crashLoop = view({
  state: { waiting: { reason: 'CrashLoopBackOff' } },
  lastState: crash,
  started: false,
  ready: false,
});

describe('phase', () => {
  test.each([
    ['a container that never ran makes the pod Pending', [view({}), creating], 'Pending'],
    ['a container in back-off has run: Running', [crashLoop], 'Running'],
    ['a container that ended and will run again: Running', [view({ state: crash, ready: false })], 'Running'],
    [
      'all ended well for good: Succeeded',
      [view({ state: success, finished: true, ready: false })],
      'Succeeded',
    ],
    ['one ended badly for good: Failed', [view({ state: crash, finished: true, ready: false })], 'Failed'],
    ['one goes on: Running', [view({ state: success, finished: true, ready: false }), view({})], 'Running'],
  ])('%s', (_, containers, phase) => {
    expect(podPhase(containers)).toBe(phase);
  });
});

test('a pod is ready when all containers are; the message names the others', () => {
  const [, , , ready] = podConditions([view({}), view({ name: 'sidecar', ready: false })], [], 0);
  expect(ready).toMatchObject({
    type: 'Ready',
    status: 'False',
    reason: 'ContainersNotReady',
    message: 'containers with unready status: [sidecar]',
  });
});

test('a condition keeps its transition time until its status changes', () => {
  const first = podConditions([creating], [], 1000);
  const same = podConditions([creating], first, 60_000);
  expect(same).toEqual(first);
  const ready = podConditions([view({})], same, 120_000);
  expect(ready.map(({ lastTransitionTime }) => lastTransitionTime)).toEqual([
    '1970-01-01T00:00:01Z',
    '1970-01-01T00:00:01Z',
    '1970-01-01T00:02:00Z',
    '1970-01-01T00:02:00Z',
  ]);
});

test('a container that never ran has no id, so that nobody takes it for one that did', () => {
  expect(containerStatus(creating)).not.toHaveProperty('containerID');
  expect(containerStatus(crashLoop)).toMatchObject({
    containerID: 'playground://engine-0',
    lastState: crash,
  });
});
