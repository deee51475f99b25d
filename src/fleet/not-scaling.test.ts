import { expect, test } from 'vitest';
import { sizeDecision } from '../../test/builders/decisions.ts';
import { loading, NOW, ready, readyEngines, secondsAgo, unschedulable } from '../../test/builders/engines.ts';
import { fleet, fleetSnapshot, replicaSet } from '../../test/builders/fleets.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { decideFleet } from './decide-fleet.ts';
import { recallMemory } from './memory.ts';
import { findNotScaling } from './not-scaling.ts';

/** A fleet of engines that may take ten minutes to start. */
const fleetOf = (engines: readonly EngineSnapshot[], overrides: Partial<FleetSnapshot> = {}): FleetSnapshot =>
  fleetSnapshot(engines, {
    fleet: fleet({ engine: { image: 'vllm/vllm-openai:v0.30.0', startupTimeoutSeconds: 600 } }),
    ...overrides,
  });
const told = (snapshot: FleetSnapshot, desired: number): string | undefined =>
  findNotScaling(snapshot, sizeDecision(desired, desired), NOW)?.message;

const crashing = {
  restarts: 4,
  trouble: { reason: 'CrashLoopBackOff', message: 'back-off 40s; last exit Error (code 1)' },
};
const noImage = { trouble: { reason: 'ImagePullBackOff', message: 'not found' } };

test.each<[what: string, engines: readonly EngineSnapshot[], desired: number, message: string]>([
  [
    'is past the start-up time-out, while too few starts were seen to learn from',
    [ready('a'), loading('b', 660)],
    2,
    '1 of 2 engines ready, 1 does not come: b has been starting for 11 min, 10 min were allowed ' +
      '(engine.startupTimeoutSeconds); see kubectl -n models logs b -c engine, ' +
      'and raise engine.startupTimeoutSeconds if all it needs is time',
  ],
  [
    'is past twice the time that others took',
    [...readyEngines(4), loading('b', 300), loading('c', 290)],
    6,
    '4 of 6 engines ready, 2 do not come: b has been starting for 5 min, 2 min were allowed ' +
      '(twice the 90th percentile of 4 starts); see kubectl -n models logs b -c engine',
  ],
  [
    'crashes again and again',
    [...readyEngines(3), loading('b', 300, crashing)],
    4,
    '3 of 4 engines ready, 1 does not come: b has been starting for 5 min, 2 min were allowed ' +
      '(twice the 90th percentile of 3 starts); CrashLoopBackOff: back-off 40s; last exit Error (code 1); ' +
      'see kubectl -n models logs b -c engine --previous',
  ],
  [
    'has no logs yet, since its image cannot be pulled',
    [...readyEngines(3), loading('b', 300, noImage)],
    4,
    '3 of 4 engines ready, 1 does not come: b has been starting for 5 min, 2 min were allowed ' +
      '(twice the 90th percentile of 3 starts); ImagePullBackOff: not found; see kubectl -n models describe pod b',
  ],
  [
    'finds no node, and has waited longest',
    [...readyEngines(3), loading('b', 300), unschedulable('c', { createdAtMs: secondsAgo(900) })],
    5,
    '3 of 5 engines ready, 2 do not come: c has found no node for 15 min: ' +
      '0/3 nodes are available: 3 Insufficient nvidia.com/gpu; add a node with room for it',
  ],
])('an engine that %s is named, with what to do', (_what, engines, desired, message) => {
  expect(told(fleetOf(engines), desired)).toBe(message);
});

test('a quota that forbids new engines is named', () => {
  const replicaSets = [replicaSet('aaa', 3, { failure: 'exceeded quota: gpus' })];
  expect(told(fleetOf(readyEngines(2), { replicaSets }), 3)).toBe(
    '2 of 3 engines ready, the API server refuses new ones: exceeded quota: gpus',
  );
});

test.each<[what: string, engines: readonly EngineSnapshot[], desired: number]>([
  ['an engine starts within its credit', [...readyEngines(3), loading('b', 60)], 4],
  ['as many are ready as are wanted, though another is stuck', [...readyEngines(3), loading('b', 300)], 3],
])('nothing is wrong while %s', (_what, engines, desired) => {
  expect(told(fleetOf(engines), desired)).toBeUndefined();
});

test('a size that is only advice is not missed', () => {
  const advice = sizeDecision(3, 5, { carriedOut: false });
  expect(findNotScaling(fleetOf([...readyEngines(3), loading('b', 300)]), advice, NOW)).toBeUndefined();
});

test('the decision about a fleet carries it', () => {
  const snapshot = fleetOf([ready('a', { waiting: 0, kvCacheUsage: 0.8 }), loading('b', 700)]);
  const { decision } = decideFleet(snapshot, recallMemory(snapshot, NOW), NOW);
  expect(decision.notScaling?.message).toContain('b has been starting for 12 min');
});
