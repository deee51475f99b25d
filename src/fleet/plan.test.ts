import { describe, expect, test } from 'vitest';
import { loading, readyEngines, ready, terminating } from '../../test/builders/engines.ts';
import { claimOn, claiming, inShort } from '../../test/builders/claims.ts';
import { fleet, fleetSnapshot, of, replicaSet } from '../../test/builders/fleets.ts';
import { fleetDecision, sizeDecision } from '../../test/builders/decisions.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { planFleet, type Action } from './plan.ts';

/** The plan in short: what happens to whom. */
function plan(
  snapshot: FleetSnapshot,
  current: number,
  desired: number,
  carriedOut = true,
): readonly string[] {
  return actionsOf(snapshot, current, desired, carriedOut).map(inShort);
}

function actionsOf(
  snapshot: FleetSnapshot,
  current: number,
  desired: number,
  carriedOut = true,
): readonly Action[] {
  return planFleet(snapshot, fleetDecision(snapshot, sizeDecision(current, desired, { carriedOut })));
}

describe('nothing is done', () => {
  test('in a settled fleet', () => {
    expect(plan(fleetSnapshot(readyEngines(3)), 3, 3)).toEqual([]);
  });

  const wanting = {
    replicaSets: [],
    children: { service: 'Absent', podDisruptionBudget: 'Absent' },
  } as const;
  test('while the fleet is suspended, whatever is wanted', () => {
    expect(plan(fleetSnapshot([], { ...wanting, fleet: fleet({ suspend: true }) }), 0, 3)).toEqual([]);
  });

  test('while the spec cannot be carried out', () => {
    const stalled = { reason: 'TemplateConflict', message: 'x' };
    expect(plan(fleetSnapshot([], { ...wanting, stalled }), 0, 3)).toEqual([]);
  });

  test('to the size when the decision is advice', () => {
    const snapshot = fleetSnapshot(readyEngines(3));
    expect([plan(snapshot, 3, 5, false), plan(snapshot, 3, 1, false)]).toEqual([[], []]);
  });
});

describe('what belongs to a fleet is made', () => {
  test('Service, budget and the first revision at its size', () => {
    const born = fleetSnapshot([], {
      replicaSets: [],
      children: { service: 'Absent', podDisruptionBudget: 'Absent' },
    });
    expect(plan(born, 0, 2)).toEqual(['ApplyService', 'ApplyPodDisruptionBudget', 'create aaa with 2']);
  });

  test('and mended when it differs; no second budget is made where one selects the engines already', () => {
    const children = { service: 'Differs', podDisruptionBudget: 'Unwanted' } as const;
    expect(plan(fleetSnapshot(readyEngines(1), { children }), 1, 1)).toEqual(['ApplyService']);
  });
});

describe('growth', () => {
  const rolling = (newcomer: EngineSnapshot): FleetSnapshot =>
    fleetSnapshot([...readyEngines(2), of('bbb', newcomer)], {
      revision: 'bbb',
      replicaSets: [replicaSet('aaa', 2), replicaSet('bbb', 1)],
    });

  test.each([
    ['is stopped', loading('new', 60, { restarts: 3 })],
    ['has yet to show a ready engine', loading('new', 60)],
  ])('does not count on the surge of a revision that %s', (_state, newcomer) => {
    expect(plan(rolling(newcomer), 2, 2)).toEqual([]);
    expect(plan(rolling(newcomer), 2, 3)).toEqual(['Grow chat-aaa 2 → 3']);
  });

  test('orders all engines at once', () => {
    expect(plan(fleetSnapshot(readyEngines(2)), 2, 5)).toEqual(['Grow chat-aaa 2 → 5']);
  });

  test('is told as the change of the fleet', () => {
    expect(actionsOf(fleetSnapshot(readyEngines(2)), 2, 5)).toMatchObject([{ change: { from: 2, to: 5 } }]);
  });

  test('fills a revision that has no engine at all', () => {
    expect(plan(fleetSnapshot([], { replicaSets: [replicaSet('aaa', 0)] }), 0, 1)).toEqual([
      'Grow chat-aaa 0 → 1',
    ]);
  });
});

describe('a smaller size', () => {
  const busy = ready('busy', { running: 9, waiting: 0 });
  const idle = ready('idle', { running: 0, waiting: 0 });

  test('begins with a claim on the victim, and nothing else is written', () => {
    const snapshot = fleetSnapshot([busy, idle]);
    expect(plan(snapshot, 2, 1)).toEqual(['WriteClaims: Shrink idle (ScaleDown) Claimed']);
    expect(actionsOf(snapshot, 2, 1)).toMatchObject([{ change: { from: 2, to: 1 } }]);
  });

  test('goes on while an engine that was removed is on its way out', () => {
    const snapshot = fleetSnapshot([terminating('gone'), busy, idle]);
    expect(plan(snapshot, 2, 1)).toEqual(['WriteClaims: Shrink idle (ScaleDown) Claimed']);
  });

  test('takes back orders for engines that do not exist before it claims one that does', () => {
    const refused = fleetSnapshot([busy], {
      replicaSets: [replicaSet('aaa', 4, { failure: 'exceeded quota' })],
    });
    expect(plan(refused, 4, 2)).toEqual(['CancelOrders chat-aaa 4 → 2']);
    expect(actionsOf(refused, 4, 2)).toMatchObject([{ change: { from: 4, to: 2 } }]);
  });

  test('takes back no order that stands in for an engine which is being replaced', () => {
    const replaced = ready('old', {}, { isMember: false });
    const claim = claimOn(replaced, { command: 'Replace', cause: 'Restart', step: 'Surging' });
    const refused = fleetSnapshot([replaced, busy, idle], {
      fleet: claiming(claim),
      replicaSets: [replicaSet('aaa', 3, { failure: 'exceeded quota' })],
    });
    expect(plan(refused, 3, 2).filter((action) => action.startsWith('CancelOrders'))).toEqual([]);
  });
});

describe('old revisions', () => {
  const old = (name: string, age: number) => replicaSet(name, 0, { createdAtMs: -age });

  test('are kept to go back to, the three youngest', () => {
    const sets = [replicaSet('aaa', 1), old('r5', 5), old('r1', 1), old('r4', 4), old('r2', 2), old('r3', 3)];
    expect(plan(fleetSnapshot(readyEngines(1), { replicaSets: sets }), 1, 1)).toEqual([
      'delete chat-r4',
      'delete chat-r5',
    ]);
  });
});
