import fc from 'fast-check';
import { FOREIGN_ACTS, WISHES, type ForeignAct } from './acts.ts';
import { STORES, type StoreName } from './operator-watches.ts';
import type { Setting } from './world.ts';

/** The controllers of the cluster, each on its own. */
const CLUSTER_PARTS = [
  'ReplicaSets',
  'ReplicaSetsSeePods',
  'ReplicaSetsSeeSizes',
  'Scheduler',
  'Kubelet',
  'EndpointSlices',
  'GarbageCollector',
  'Traffic',
] as const;
export type ClusterPart = (typeof CLUSTER_PARTS)[number];

/** What happens without the operator, at once. */
export type WorldStep =
  | { readonly kind: 'Cluster'; readonly part: ClusterPart }
  | { readonly kind: 'Foreign'; readonly act: ForeignAct; readonly which: number };

/** A process is stopped at one of its requests, counted from now. */
export interface Stop {
  readonly atCall: number;
  readonly when: 'Before' | 'After';
  readonly ending: 'Nothing' | 'Crash' | 'Suspend';
  readonly meanwhile: readonly WorldStep[];
}

export type Step =
  | WorldStep
  /** Second by second, everybody does what is due; some of the cluster a second late now and then, unless all are prompt. */
  | { readonly kind: 'Run'; readonly seconds: number; readonly isPrompt?: true }
  /** Time passes: requests end and arrive, pages are read. */
  | { readonly kind: 'Tick'; readonly seconds: number }
  | { readonly kind: 'Deliver'; readonly store: StoreName; readonly most: number }
  | { readonly kind: 'Pass' }
  /** The leader will be stopped. */
  | { readonly kind: 'Stop'; readonly stop: Stop }
  /** The leader's process dies between two passes, and another one begins. */
  | { readonly kind: 'NewLeader' }
  /** A leader that was suspended goes on with its pass, for so many requests. */
  | { readonly kind: 'Wake'; readonly calls: number };

export const settings: fc.Arbitrary<Setting> = fc.record({
  seed: fc.integer({ min: 1, max: 2 ** 31 }),
  size: fc.integer({ min: 1, max: 4 }),
  sizedBy: fc.constantFrom('Fixed', 'Scaled'),
  strategy: fc.constantFrom('SurgeFirst', 'DrainFirst'),
  maxUnavailable: fc.integer({ min: 0, max: 1 }),
  allowDowntime: fc.boolean(),
  maxConcurrent: fc.integer({ min: 1, max: 2 }),
  settleSeconds: fc.constantFrom(0, 2),
  spareAccelerators: fc.integer({ min: 0, max: 2 }),
});

const which = fc.integer({ min: 0, max: 5 });
const worldStep: fc.Arbitrary<WorldStep> = fc.oneof(
  fc.record({ kind: fc.constant('Cluster' as const), part: fc.constantFrom(...CLUSTER_PARTS) }),
  fc.record({ kind: fc.constant('Foreign' as const), act: fc.constantFrom(...FOREIGN_ACTS), which }),
);

const stop: fc.Arbitrary<Stop> = fc.record({
  atCall: fc.integer({ min: 1, max: 10 }),
  when: fc.constantFrom('Before', 'After'),
  ending: fc.constantFrom('Nothing', 'Crash', 'Suspend'),
  meanwhile: fc.array(worldStep, { maxLength: 3 }),
});

const run = fc.record({ kind: fc.constant('Run' as const), seconds: fc.integer({ min: 1, max: 5 }) });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: worldStep },
  { weight: 5, arbitrary: run },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('Stop' as const), stop }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('Pass' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('Tick' as const), seconds: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('Deliver' as const),
      store: fc.constantFrom(...STORES),
      most: fc.constantFrom(1, 2, 100),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('NewLeader' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('Wake' as const), calls: fc.integer({ min: 1, max: 4 }) }),
  },
);

/** What makes engines leave. */
const wish: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('Foreign' as const),
  act: fc.constantFrom(...WISHES),
  which,
});

const chapter: fc.Arbitrary<readonly Step[]> = fc
  .tuple(wish, run, fc.array(step, { maxLength: 8 }))
  .map(([begin, then, steps]) => [begin, then, ...steps]);

/** Longer than a suspicion takes, and up to the proof of it. */
const watch = fc.record({
  kind: fc.constant('Run' as const),
  seconds: fc.integer({ min: 25, max: 110 }),
  isPrompt: fc.constant(true as const),
});

/** An engine stands still, and much comes between suspicion, proof and its end. */
const sickness: fc.Arbitrary<readonly Step[]> = fc
  .tuple(which, watch, fc.array(step, { maxLength: 5 }), watch, fc.array(step, { maxLength: 5 }))
  .map(([whose, untilSuspected, then, untilProved, last]) => [
    { kind: 'Foreign', act: 'Wedge', which: whose },
    untilSuspected,
    ...then,
    untilProved,
    ...last,
  ]);

/** What happens after the fleet has settled for the first time: somebody wants something, and much comes between. */
export const histories: fc.Arbitrary<readonly Step[]> = fc
  .array(fc.oneof({ weight: 9, arbitrary: chapter }, { weight: 1, arbitrary: sickness }), {
    minLength: 1,
    maxLength: 3,
  })
  .map((chapters) => chapters.flat());
