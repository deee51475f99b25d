import { describe, expect, test } from 'vitest';
import {
  loading,
  NOW,
  ready,
  secondsAgo,
  terminating,
  unready,
  unschedulable,
} from '../../test/builders/engines.ts';
import { fleet, fleetSnapshot, of, replicaSet } from '../../test/builders/fleets.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { ReplicaSetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { failureToStart, refusalOf, startFailure } from './start-failure.ts';

const limits = { startupTimeoutSeconds: 600, surgeTimeoutSeconds: 120 };
const trouble = (reason: string) => ({ trouble: { reason, message: 'the last words' } });

function told(engine: EngineSnapshot): string | undefined {
  const failure = startFailure(engine, limits, NOW);
  return failure && `${failure.kind} ${failure.reason}: ${failure.message}`;
}

describe('an engine', () => {
  test.each<[what: string, engine: EngineSnapshot, failure: string | undefined]>([
    ['that loads may still come', loading('a', 600), undefined],
    ['that is ready has come', ready('a', {}, { restarts: 9 }), undefined],
    ['that is on its way out is not waited for', terminating('a', { restarts: 9 }), undefined],
    ['that restarted once had a bad moment', loading('a', 60, { restarts: 1 }), undefined],
    [
      'that restarted twice is in a loop',
      loading('a', 60, { restarts: 2, ...trouble('CrashLoopBackOff') }),
      'Failed CrashLoop: a has restarted 2 times; CrashLoopBackOff: the last words',
    ],
    [
      'that served and restarts again and again is in a loop too',
      unready('a', { restarts: 2 }),
      'Failed CrashLoop: a has restarted 2 times',
    ],
    [
      'whose image cannot be pulled does not come by itself',
      loading('a', 60, trouble('ImagePullBackOff')),
      'Failed ContainerRefused: a cannot start: ImagePullBackOff: the last words',
    ],
    [
      'whose secret is missing does not come by itself',
      loading('a', 60, trouble('CreateContainerConfigError')),
      'Failed ContainerRefused: a cannot start: CreateContainerConfigError: the last words',
    ],
    [
      'whose image could not be pulled once more either does not come: the verdict does not flap between two tries',
      loading('a', 60, trouble('ErrImagePull')),
      'Failed ContainerRefused: a cannot start: ErrImagePull: the last words',
    ],
    ['whose container is being made may come', loading('a', 60, trouble('ContainerCreating')), undefined],
    [
      'that loads for longer than it may has failed',
      loading('a', 601),
      'Failed NotReadyInTime: a is not ready after 601 s, engine.startupTimeoutSeconds is 600',
    ],
    [
      'that waited for a node long has its whole time from there',
      loading('a', 2000, { scheduledAtMs: secondsAgo(500) }),
      undefined,
    ],
    ['that was ready is not judged by its start', unready('a'), undefined],
    ['that has found no node yet may find one', unschedulable('a'), undefined],
    [
      'that finds no node has no room',
      unschedulable('a', { createdAtMs: secondsAgo(120) }),
      'NoRoom Unschedulable: a has found no node for 120 s: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu',
    ],
  ])('%s', (_what, engine, failure) => {
    expect(told(engine)).toBe(failure);
  });
});

describe('a ReplicaSet whose pods are refused', () => {
  const refused = (seconds?: number): ReplicaSetSnapshot =>
    replicaSet('aaa', 2, {
      failure: 'exceeded quota',
      ...(seconds !== undefined && { failureSinceMs: secondsAgo(seconds) }),
    });

  test.each([
    ['may get room yet', refused(119), undefined],
    [
      'has none after surgeTimeoutSeconds',
      refused(120),
      'ReplicaSet chat-aaa may make no engine: exceeded quota',
    ],
    [
      'has none when nobody knows since when',
      refused(),
      'ReplicaSet chat-aaa may make no engine: exceeded quota',
    ],
    ['is one that says so', replicaSet('aaa', 2), undefined],
  ])('%s', (_what, set, message) => {
    expect(refusalOf(set, limits, NOW)?.message).toBe(message);
  });
});

describe('what keeps engines of a ReplicaSet from starting', () => {
  const homeless = unschedulable('homeless', { createdAtMs: secondsAgo(300) });
  const crashing = loading('crashing', 60, { restarts: 3 });
  const set = replicaSet('aaa', 2, { failure: 'exceeded quota' });
  const reasonOf = (engines: readonly EngineSnapshot[], sinceMs?: number): string | undefined =>
    failureToStart(fleetSnapshot(engines, { fleet: fleet() }), set, NOW, sinceMs)?.reason;

  test('a bad revision says more than a lack of room', () => {
    expect(reasonOf([homeless, crashing])).toBe('CrashLoop');
  });

  test('an engine without a node says more than a quota', () => {
    expect(reasonOf([homeless])).toBe('Unschedulable');
    expect(reasonOf([ready('a')])).toBe('PodsRefused');
  });

  test('an engine that leaves makes room: only a bad revision is told meanwhile', () => {
    expect(reasonOf([homeless, terminating('leaves')])).toBeUndefined();
    expect(reasonOf([homeless, crashing, terminating('leaves')])).toBe('CrashLoop');
    expect(reasonOf([homeless, terminating('leaves', { endsByMs: secondsAgo(59) })])).toBeUndefined();
  });

  test('is not waited for on a node that is lost', () => {
    const stuck = terminating('stuck', { endsByMs: secondsAgo(61) });
    expect(reasonOf([homeless, stuck])).toBe('Unschedulable');
  });

  test('engines of other revisions, and those made before, say nothing', () => {
    expect(reasonOf([of('bbb', crashing)])).toBe('PodsRefused');
    expect(reasonOf([crashing], secondsAgo(30))).toBe('PodsRefused');
  });
});
