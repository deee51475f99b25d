import { describe, expect, test } from 'vitest';
import { loading, ready, readyEngines, silent, terminating } from '../../test/builders/engines.ts';
import { fleet, fleetSnapshot, replicaSet } from '../../test/builders/fleets.ts';
import { VICTIM_DELETION_COST } from '../disruption/pick-victim.ts';
import { sizeDecision } from '../../test/builders/decisions.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { planFleet, type Action } from './plan.ts';

const marked = { deletionCost: VICTIM_DELETION_COST };
const idle = { running: 0, waiting: 0 };

/** The plan in short: what happens to whom. */
function plan(
  snapshot: FleetSnapshot,
  current: number,
  desired: number,
  carriedOut = true,
): readonly string[] {
  return planFleet(snapshot, { size: sizeDecision(current, desired, { carriedOut }) }).map(short);
}

function short(action: Action): string {
  switch (action.kind) {
    case 'CreateReplicaSet':
      return `create ${action.revision} with ${action.replicas}`;
    case 'Grow':
    case 'CancelOrders':
      return `${action.kind} ${action.replicaSet} ${action.from} → ${action.to}`;
    case 'MarkVictim':
    case 'UnmarkEngine':
      return `${action.kind} ${action.engine.name}`;
    case 'RemoveVictim':
      return `remove ${action.engine.name} from ${action.replicaSet} at ${action.from}`;
    case 'DeleteReplicaSet':
      return `delete ${action.name}`;
    case 'ApplyService':
    case 'ApplyPodDisruptionBudget':
      return action.kind;
  }
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
  test('orders all engines at once', () => {
    expect(plan(fleetSnapshot(readyEngines(2)), 2, 5)).toEqual(['Grow chat-aaa 2 → 5']);
  });

  test('is told as the change of the fleet', () => {
    const [growth] = planFleet(fleetSnapshot(readyEngines(2)), { size: sizeDecision(2, 5) });
    expect(growth).toMatchObject({ change: { from: 2, to: 5 } });
  });

  test('fills a revision that has no engine at all', () => {
    expect(plan(fleetSnapshot([], { replicaSets: [replicaSet('aaa', 0)] }), 0, 1)).toEqual([
      'Grow chat-aaa 0 → 1',
    ]);
  });

  test('calls off a removal that the ReplicaSet has not carried out yet', () => {
    const removing = fleetSnapshot([ready('a', idle, marked), ready('b')], {
      replicaSets: [replicaSet('aaa', 1)],
    });
    expect(plan(removing, 1, 2)).toEqual(['Grow chat-aaa 1 → 2']);
  });
});

describe('a shrink takes one engine in two passes', () => {
  const busy = ready('busy', { running: 9, waiting: 0 });

  test('the first marks the victim', () => {
    expect(plan(fleetSnapshot([busy, ready('idle', idle)]), 2, 1)).toEqual(['MarkVictim idle']);
  });

  test('the second removes it', () => {
    const snapshot = fleetSnapshot([busy, ready('idle', idle, marked)]);
    expect(plan(snapshot, 2, 1)).toEqual(['remove idle from chat-aaa at 2']);
    expect(planFleet(snapshot, { size: sizeDecision(2, 1) })).toMatchObject([{ change: { from: 2, to: 1 } }]);
  });

  test('one at a time, however many are too many', () => {
    expect(plan(fleetSnapshot(readyEngines(5, idle)), 5, 1)).toEqual(['MarkVictim engine-0']);
  });

  test('and waits while the ReplicaSet is removing one: marks stay', () => {
    const removing = fleetSnapshot([busy, ready('idle', idle, marked)], {
      replicaSets: [replicaSet('aaa', 1)],
    });
    expect(plan(removing, 1, 1)).toEqual([]);
    const another = fleetSnapshot([busy, ready('b', idle), ready('idle', idle, marked)], {
      replicaSets: [replicaSet('aaa', 2)],
    });
    expect(plan(another, 2, 1)).toEqual([]);
  });

  test('goes on when the removed engine is on its way out', () => {
    const snapshot = fleetSnapshot([terminating('gone'), busy, ready('idle', idle)]);
    expect(plan(snapshot, 2, 1)).toEqual(['MarkVictim idle']);
  });

  test('takes nobody whose page is missing, marked or not', () => {
    expect(plan(fleetSnapshot([silent('a'), silent('b')]), 2, 1)).toEqual([]);
    expect(plan(fleetSnapshot([silent('a', undefined, marked), silent('b')]), 2, 1)).toEqual([
      'UnmarkEngine a',
    ]);
  });

  test('takes back orders for engines that do not exist before it touches one that does', () => {
    const refused = fleetSnapshot([busy], {
      replicaSets: [replicaSet('aaa', 4, { failure: 'exceeded quota' })],
    });
    expect(plan(refused, 4, 2)).toEqual(['CancelOrders chat-aaa 4 → 2']);
    expect(planFleet(refused, { size: sizeDecision(4, 2) })).toMatchObject([{ change: { from: 4, to: 2 } }]);
  });
});

describe('a mark that no shrink stands behind', () => {
  test('is taken off', () => {
    expect(plan(fleetSnapshot([ready('a', idle, marked), ready('b')]), 2, 2)).toEqual(['UnmarkEngine a']);
  });

  test('is taken off before anything is removed: of two marked engines a ReplicaSet may take either', () => {
    const crashed = fleetSnapshot([ready('a', idle, marked), ready('b', { running: 9, waiting: 9 }, marked)]);
    expect(plan(crashed, 2, 1)).toEqual(['UnmarkEngine b']);
  });

  test('goes from the engine that is ready when another is not: the ReplicaSet would take that one', () => {
    expect(plan(fleetSnapshot([ready('a', idle, marked), loading('b')]), 2, 1)).toEqual([
      'MarkVictim b',
      'UnmarkEngine a',
    ]);
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
