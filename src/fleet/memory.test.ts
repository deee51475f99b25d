import { expect, test } from 'vitest';
import { ServingFleet } from '../../test/builders/serving-fleet.ts';
import { decideFleet } from './decide-fleet.ts';
import { recallMemory } from './memory.ts';

const MINUTE_MS = 60_000;

/** A fleet that has met the limit of its engines, and the snapshot of its last pass. */
function overloadedOnce() {
  const served = new ServingFleet({ scaling: { minReplicas: 1, maxReplicas: 20 } });
  const passes = [...served.run({ seconds: 600, rate: 4 }), ...served.run({ seconds: 1200, rate: 40 })];
  const last = passes.at(-1);
  if (last === undefined || served.left.status === undefined) throw new Error('no pass was made');
  const { snapshot, decision } = last;
  return { decision, snapshot: { ...snapshot, fleet: { ...snapshot.fleet, status: served.left.status } } };
}

test('what an engine was seen to carry outlives the leader that saw it', () => {
  const { snapshot, decision } = overloadedOnce();
  expect(decision.size.learned?.load).toBeGreaterThan(0);
  expect(snapshot.fleet.status.scaling?.learnedCapacity).toEqual({
    subject: decision.size.learned?.subject,
    promptTokensPerSecond: Number(decision.size.learned?.load.toPrecision(4)),
  });
  const nowMs = Date.parse(snapshot.fleet.status.scaling?.decidedAt ?? '') + MINUTE_MS;
  const next = decideFleet(snapshot, recallMemory(snapshot, nowMs), nowMs).decision.size;
  const { learnedCapacity } = snapshot.fleet.status.scaling ?? {};
  expect(next.learned).toEqual({
    subject: learnedCapacity?.subject,
    load: learnedCapacity?.promptTokensPerSecond,
  });
});

test('it is void for another revision and for another promise', () => {
  const { snapshot } = overloadedOnce();
  const nowMs = Date.parse(snapshot.fleet.status.scaling?.decidedAt ?? '') + MINUTE_MS;
  const rolledOut = { ...snapshot, revision: 'other' };
  expect(decideFleet(rolledOut, recallMemory(rolledOut, nowMs), nowMs).decision.size.learned).toBeUndefined();
  const { fleet } = snapshot;
  const spec = { ...fleet.spec, latency: { ...fleet.spec.latency, ttftMilliseconds: 900 } };
  const promised = { ...snapshot, fleet: { ...fleet, spec } };
  expect(decideFleet(promised, recallMemory(promised, nowMs), nowMs).decision.size.learned).toBeUndefined();
});
