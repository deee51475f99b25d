import fc from 'fast-check';
import { expect, test } from 'vitest';
import { claimInShort, inShort } from '../../test/builders/claims.ts';
import { disruptedFleets, type DisruptedFleet } from '../../test/builders/disrupted-fleets.ts';
import { NOW } from '../../test/builders/engines.ts';
import { servingFloor } from '../disruption/floor.ts';
import { membersOf, removalRank } from '../disruption/members.ts';
import { isServing, type EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import { planDisruptions, type DisruptionPlan } from './plan-disruptions.ts';

const RUNS = { numRuns: 150 };

function holds(property: (plan: DisruptionPlan, fleet: DisruptedFleet) => void): void {
  fc.assert(
    fc.property(disruptedFleets, (fleet) => property(planDisruptions(fleet.snapshot, fleet.inputs), fleet)),
    RUNS,
  );
}

const claimsOf = ({ snapshot }: DisruptedFleet) => snapshot.fleet.status?.disruptions ?? [];

test('no marks leave fewer engines in the Service than the floor of those that are replaced', () => {
  holds(({ actions }, { snapshot, inputs }) => {
    const marked = actions.flatMap((action) =>
      action.kind === 'MarkDraining' && isServing(action.engine) && action.claim.cause !== 'ScaleDown'
        ? [action]
        : [],
    );
    if (marked.length === 0) return;
    const left = snapshot.engines.filter(isServing).length - marked.length;
    const { rollout } = snapshot.fleet.spec;
    const floors = marked.map(({ claim }) =>
      servingFloor(inputs.desired, rollout, claim.strategy ?? 'SurgeFirst'),
    );
    expect(left).toBeGreaterThanOrEqual(Math.min(...floors));
  });
});

test('of a ReplicaSet one engine is being removed at a time', () => {
  holds((plan, fleet) => {
    const removing = (plan.claims ?? claimsOf(fleet)).filter(
      ({ command, step }) => command === 'Shrink' && step === 'Removing',
    );
    expect(new Set(removing.map(({ revision }) => revision)).size).toBe(removing.length);
    const shrunk = plan.actions.flatMap((action) =>
      action.kind === 'ShrinkReplicaSet' ? [action.replicaSet] : [],
    );
    expect(new Set(shrunk).size).toBe(shrunk.length);
  });
});

test('a ReplicaSet is told to remove an engine only when that is the one it takes, by exactly one', () => {
  holds(({ actions }, { snapshot }) => {
    for (const action of actions) {
      if (action.kind !== 'ShrinkReplicaSet') continue;
      const set = snapshot.replicaSets.find(({ name }) => name === action.replicaSet);
      if (set === undefined) throw new Error('no such ReplicaSet');
      expect(action.to).toBe(set.replicas - 1);
      const byOrder = membersOf(snapshot, set).toSorted(
        (a, b) => removalRank(a) - removalRank(b) || cost(a) - cost(b),
      );
      expect(byOrder[0]?.uid).toBe(action.engine.uid);
      expect(action.engine.serving).toBe('draining');
    }
  });
});

test('a claim ends whose engine has vanished, once its deadline is over', () => {
  fc.assert(
    fc.property(disruptedFleets, ({ snapshot, inputs }) => {
      const present = new Set(snapshot.engines.map(({ uid }) => uid));
      const plan = planDisruptions(snapshot, { ...inputs, nowMs: NOW + 61_000 });
      const left = plan.claims ?? snapshot.fleet.status?.disruptions ?? [];
      expect(left.filter(({ victimUID }) => !present.has(victimUID)).map(claimInShort)).toEqual([]);
    }),
    RUNS,
  );
});

test('nothing is done to an engine without a claim, but to put it back', () => {
  holds(({ actions }, fleet) => {
    const claimed = new Set(claimsOf(fleet).map(({ victimUID }) => victimUID));
    const wrong = victimsOf({ actions }).filter((action) => {
      const isBack = action.kind === 'PutBack' && action.claim === undefined;
      return claimed.has(action.engine.uid) === isBack;
    });
    expect(wrong.map(inShort)).toEqual([]);
  });
});

test('an engine is claimed once, and at most one thing is done to it in a pass', () => {
  holds((plan, fleet) => {
    const claimed = (plan.claims ?? claimsOf(fleet)).map(({ victimUID }) => victimUID);
    expect(new Set(claimed).size).toBe(claimed.length);
    const touched = victimsOf(plan).map(({ engine }) => engine.uid);
    expect(new Set(touched).size).toBe(touched.length);
  });
});

test('no engine that serves is deleted', () => {
  holds(({ actions }) => {
    const deleted = actions.flatMap((action) => (action.kind === 'DeleteEngine' ? [action.engine] : []));
    expect(deleted.filter(isServing)).toEqual([]);
  });
});

test('the same fleet is planned the same, whatever the order in which its engines are seen', () => {
  fc.assert(
    fc.property(disruptedFleets, fc.infiniteStream(fc.nat(1000)), ({ snapshot, inputs }, dice) => {
      const told = (plan: DisruptionPlan) => ({
        claims: plan.claims?.map(claimInShort),
        actions: victimsOf(plan).map(inShort).toSorted(),
        ended: plan.ended.map(({ claim, outcome }) => `${claim.engine} ${outcome}`),
      });
      const first = planDisruptions(snapshot, inputs);
      expect(planDisruptions(snapshot, inputs)).toEqual(first);
      const engines = snapshot.engines
        .map((engine) => [engine, Number(dice.next().value)] as const)
        .toSorted(([, a], [, b]) => a - b)
        .map(([engine]) => engine);
      expect(told(planDisruptions({ ...snapshot, engines }, inputs))).toEqual(told(first));
    }),
    RUNS,
  );
});

/** What is done to the engines of claims; of several that stand in for one which returns, any may be marked. */
function victimsOf({ actions }: Pick<DisruptionPlan, 'actions'>): DisruptionPlan['actions'] {
  return actions.filter(({ kind }) => kind !== 'MarkStandIn' && kind !== 'Reattach');
}

function cost({ deletionCost = 0 }: EngineSnapshot): number {
  return deletionCost;
}
