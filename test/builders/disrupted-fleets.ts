import fc from 'fast-check';
import type { Disruption } from '../../src/api/v1alpha1/status.ts';
import type { DisruptionInputs } from '../../src/fleet/plan-disruptions.ts';
import { rolloutState } from '../../src/fleet/rollout-state.ts';
import type { EngineSnapshot } from '../../src/snapshot/engine-snapshot.ts';
import type { FleetSnapshot } from '../../src/snapshot/fleet-snapshot.ts';
import { aboutToGo, claimOn, EMPTY, fleetWith, markedBy, releasedFrom, unlisted } from './claims.ts';
import { loading, NOW, ready, secondsAgo, silent, terminating, unready, unschedulable } from './engines.ts';
import { fleetSnapshot, of, replicaSet } from './fleets.ts';
import { NOBODY_SICK } from '../../src/disruption/sick.ts';

/** A fleet in the midst of anything, and what is decided about it. */
export interface DisruptedFleet {
  readonly snapshot: FleetSnapshot;
  readonly inputs: DisruptionInputs;
}

const REVISIONS = ['aaa', 'bbb'] as const;

const engineOf: fc.Arbitrary<(name: string) => EngineSnapshot> = fc
  .tuple(
    fc.constantFrom(ready, ready, ready, silent, unready, terminating),
    fc.constantFrom(...REVISIONS),
    fc.nat(20),
  )
  .map(
    ([make, revision]) =>
      (name) =>
        of(revision, make(name)),
  );
const startingOf: fc.Arbitrary<(name: string) => EngineSnapshot> = fc
  .tuple(
    fc.constantFrom(loading, unschedulable),
    fc.constantFrom(...REVISIONS),
    fc.integer({ min: 1, max: 300 }),
  )
  .map(
    ([make, revision, age]) =>
      (name) =>
        of(revision, { ...make(name), createdAtMs: secondsAgo(age) }),
  );

interface Fate {
  readonly claim: Pick<Disruption, 'command' | 'cause' | 'step' | 'strategy'> | undefined;
  readonly mark: 'None' | 'Marked' | 'AboutToGo' | 'Released' | 'Edited';
  readonly isEmpty: boolean;
  readonly isOverdue: boolean;
  /** The pod is gone, or was never seen. */
  readonly isVanished: boolean;
}

const shrink = fc.record({
  command: fc.constant('Shrink' as const),
  cause: fc.constantFrom('ScaleDown' as const, 'RollOut' as const),
  step: fc.constantFrom('Claimed' as const, 'Draining' as const, 'Removing' as const),
  strategy: fc.constantFrom('SurgeFirst' as const, 'DrainFirst' as const),
});
const replace = fc.record({
  command: fc.constant('Replace' as const),
  cause: fc.constantFrom('Restart' as const, 'Requested' as const, 'Recovered' as const),
  step: fc.constantFrom(
    'Claimed' as const,
    'Surging' as const,
    'Draining' as const,
    'Removing' as const,
    'Returning' as const,
  ),
  strategy: fc.constantFrom('SurgeFirst' as const, 'DrainFirst' as const),
});
const fate: fc.Arbitrary<Fate> = fc.record({
  claim: fc.oneof(fc.constant(undefined), shrink, replace),
  mark: fc.constantFrom('None', 'Marked', 'AboutToGo', 'Released', 'Edited'),
  isEmpty: fc.boolean(),
  isOverdue: fc.boolean(),
  isVanished: fc.boolean(),
});

const rollout = fc.record({
  strategy: fc.constantFrom('SurgeFirst', 'DrainFirst'),
  maxUnavailable: fc.nat(2),
  maxConcurrent: fc.integer({ min: 1, max: 3 }),
  paused: fc.boolean(),
});

/** Fleets of up to six engines of two revisions, with claims at every step, marks of every kind, and sizes that differ. */
export const disruptedFleets: fc.Arbitrary<DisruptedFleet> = fc
  .record({
    engines: fc.array(fc.tuple(fc.oneof({ weight: 4, arbitrary: engineOf }, startingOf), fate), {
      maxLength: 6,
    }),
    offBy: fc.tuple(fc.constantFrom(0, 0, 0, 1, -1), fc.constantFrom(0, 0, 0, 1, -1)),
    isSizeObserved: fc.boolean(),
    desired: fc.nat(6),
    rollout,
    isRestarting: fc.boolean(),
  })
  .map(build);

interface Draw {
  readonly engines: readonly (readonly [make: (name: string) => EngineSnapshot, fate: Fate])[];
  readonly offBy: readonly [number, number];
  readonly isSizeObserved: boolean;
  readonly desired: number;
  readonly rollout: object;
  readonly isRestarting: boolean;
}

function build({
  engines,
  offBy,
  isSizeObserved,
  desired,
  rollout: settings,
  isRestarting,
}: Draw): DisruptedFleet {
  const removing = new Set<string>();
  const drawn = engines.map(([make, drawnFate], index) =>
    dressed(make(`engine-${index}`), drawnFate, removing),
  );
  const present = drawn.flatMap(({ engine, isVanished }) => (isVanished ? [] : [engine]));
  const counted = (revision: string): number =>
    present.filter((one) => one.revision === revision && one.isMember && one.lifecycle !== 'Terminating')
      .length;
  const replicaSets = REVISIONS.map((revision, index) =>
    replicaSet(revision, Math.max(0, counted(revision) + (offBy[index] ?? 0)), { isSizeObserved }),
  );
  const claims = drawn.flatMap(({ claim }) => {
    if (claim === undefined) return [];
    const set = replicaSets.find(({ revision }) => revision === claim.revision);
    const isLast = claim.command === 'Shrink' && claim.step === 'Removing';
    return [isLast ? { ...claim, toReplicas: Math.max(0, (set?.replicas ?? 1) - 1) } : claim];
  });
  const restart = isRestarting ? { restartAt: new Date(secondsAgo(1)).toISOString() } : {};
  const snapshot = fleetSnapshot(present, {
    fleet: fleetWith({ rollout: { ...settings, ...restart } }, claims),
    revision: 'bbb',
    replicaSets,
  });
  const watches = unlisted(...present.filter(({ isListed }) => !isListed));
  const inputs = {
    desired,
    rollout: rolloutState(snapshot, { desired, nowMs: NOW }),
    watches,
    sick: NOBODY_SICK,
    nowMs: NOW,
  };
  return { snapshot, inputs };
}

/** The engine as its claim left it; of a ReplicaSet one engine is being removed at most. */
function dressed(
  plain: EngineSnapshot,
  { claim: how, mark, isEmpty, isOverdue, isVanished }: Fate,
  removing: Set<string>,
): { readonly engine: EngineSnapshot; readonly claim?: Disruption; readonly isVanished: boolean } {
  const isSecond = how?.command === 'Shrink' && how.step === 'Removing' && removing.has(plain.revision);
  const isOut = how?.command === 'Replace' && how.strategy === 'SurgeFirst' && how.step !== 'Claimed';
  const base = isOut ? { ...plain, isMember: false } : plain;
  const claim = claimOn(base, {
    ...how,
    ...(isSecond && { step: 'Draining' as const }),
    deadline: new Date(isOverdue ? secondsAgo(1) : NOW + 60_000).toISOString(),
  });
  const isLast = how?.command === 'Shrink' && claim.step === 'Removing';
  if (isLast) removing.add(base.revision);
  const pages = isEmpty ? EMPTY : {};
  const marks: Readonly<Record<Fate['mark'], EngineSnapshot>> = {
    None: base,
    Marked: markedBy(base, claim, pages),
    AboutToGo: isLast ? aboutToGo(base, claim) : markedBy(base, claim, pages),
    Released: releasedFrom(base, claim),
    Edited: { ...markedBy(base, claim), serving: 'true' },
  };
  return {
    engine: marks[mark],
    ...(how !== undefined && { claim }),
    isVanished: isVanished && how !== undefined,
  };
}
