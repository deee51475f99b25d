import type { Step } from './steps.ts';
import type { Setting } from './world.ts';

/** A history that once broke a promise, as it was shrunk, or that was made to show a danger. */
export interface NamedHistory {
  readonly name: string;
  readonly setting?: Partial<Setting>;
  readonly steps: readonly Step[];
}

/** The setting of all that a history does not say. */
export const PLAIN: Setting = {
  seed: 1,
  size: 2,
  sizedBy: 'Fixed',
  strategy: 'SurgeFirst',
  maxUnavailable: 0,
  allowDowntime: false,
  maxConcurrent: 1,
  settleSeconds: 0,
  spareAccelerators: 0,
};

const run = (seconds: number): Step => ({ kind: 'Run', seconds });
const promptly = (seconds: number): Step => ({ kind: 'Run', seconds, isPrompt: true });
const act = (name: Extract<Step, { kind: 'Foreign' }>['act'], which = 0): Step => ({
  kind: 'Foreign',
  act: name,
  which,
});
const GOES_FIRST = { strategy: 'DrainFirst', maxUnavailable: 1 } as const;

/** Seconds from the change of a template to the pass that is about to remove the first old engine. */
const REMOVAL_BEGINS_AFTER = 10;

/** Seconds from the last step of an engine that stands still to the pass that is about to claim it, and to its proof. */
const ISOLATION_BEGINS_AFTER = 31;
const PROVED_AFTER = 150;

/** Where a leader may fall asleep: before or after each request of the pass that writes a size, and of those around. */
const asleepAt = (atCall: number, when: 'Before' | 'After'): Step => ({
  kind: 'Stop',
  stop: { atCall, when, ending: 'Suspend', meanwhile: [] },
});

export const NAMED_HISTORIES: readonly NamedHistory[] = [
  {
    name: 'an engine that is being replaced when somebody empties the claims is claimed once',
    setting: { size: 1 },
    steps: [act('RestartAll'), run(2), act('EmptyClaims'), run(2)],
  },
  {
    name: 'a roll-out that takes the engine for which a replace waits does not wait for the replace',
    setting: { ...GOES_FIRST, size: 1, allowDowntime: true },
    steps: [act('AskForReplace'), run(1), act('ChangeTemplate'), { kind: 'NewLeader' }],
  },
  {
    name: 'the only engine stays when somebody takes the other one during a scale-down and changes the template',
    setting: { ...GOES_FIRST, seed: 1464596838 },
    steps: [act('ChangeSize'), run(1), act('ScaleReplicaSetDown'), act('ChangeTemplate'), run(1)],
  },
  {
    name: 'a scale-down does not begin to drain while an engine that was lost is not made anew',
    setting: { seed: 289648799, size: 4, settleSeconds: 2 },
    steps: [
      act('ChangeSize', 0),
      run(1),
      act('ChangeSize', 1),
      run(5),
      {
        kind: 'Stop',
        stop: {
          atCall: 1,
          when: 'Before',
          ending: 'Nothing',
          meanwhile: [{ kind: 'Foreign', act: 'LoseNode', which: 3 }],
        },
      },
      act('ScaleReplicaSetDown'),
      run(2),
    ],
  },
  {
    name: 'a mark without a claim is taken off before another engine is claimed',
    setting: { seed: 225057596 },
    steps: [act('ChangeSize'), run(2), act('EmptyClaims'), asleepAt(1, 'After'), run(1)],
  },
  {
    name: 'an engine that was put back since the fleet is to be larger is not drained again',
    setting: GOES_FIRST,
    steps: [act('ChangeSize', 0), run(1), act('ChangeTemplate'), run(1), act('ChangeSize', 2), run(1)],
  },
  {
    name: 'what a roll-out that was taken back leaves over is no change of the size',
    setting: { size: 1 },
    steps: [
      act('ChangeTemplate'),
      run(1),
      act('ChangeSize', 2),
      run(2),
      act('ChangeSize', 0),
      run(1),
      act('RestoreTemplate'),
      run(1),
      act('DeletePod'),
      run(3),
      run(3),
    ],
  },
  {
    name: 'a fleet that a quota kept from growing finds room for its roll-out once the quota is gone',
    setting: { size: 1 },
    steps: [
      act('ChangeTemplate'),
      run(1),
      act('RefusePods'),
      act('ChangeSize', 3),
      run(1),
      act('DeletePod'),
      run(3),
      run(5),
    ],
  },
  {
    name: 'a fleet that is to be larger after all keeps the engine that serves, not the one that starts',
    setting: { seed: 60656005 },
    steps: [act('ChangeSize', 2), run(1), act('ChangeSize', 0), run(1), act('ChangeSize', 1), run(1)],
  },
  {
    name: 'a fleet whose size others have written three times gets its size once the operator no longer stands back',
    setting: { size: 3, sizedBy: 'Scaled' },
    steps: [
      act('ChangeSize'),
      run(1),
      act('ScaleReplicaSetDown'),
      run(1),
      act('ScaleReplicaSetUp'),
      run(1),
      act('ScaleReplicaSetDown'),
      run(1),
    ],
  },
  {
    name: 'an engine that somebody took out of the Service is back before the next one leaves it',
    setting: { size: 4 },
    steps: [
      act('ChangeSize', 0),
      run(4),
      {
        kind: 'Stop',
        stop: {
          atCall: 9,
          when: 'Before',
          ending: 'Nothing',
          meanwhile: [{ kind: 'Foreign', act: 'LabelNotServing', which: 0 }],
        },
      },
      { kind: 'Tick', seconds: 1 },
      act('ChangeSize', 1),
      run(4),
    ],
  },
  {
    name: 'two engines that stand still at once do not wait for each other',
    setting: { size: 3, spareAccelerators: 1 },
    steps: [promptly(30), act('Wedge', 0), act('Wedge', 1), promptly(10)],
  },
  ...[1, 2, 3, 4, 5, 6].flatMap((call) =>
    (['Before', 'After'] as const).map((when) => ({
      name: `a leader that falls asleep ${when.toLowerCase()} request ${call} of a removal that is taken back removes nothing`,
      setting: { spareAccelerators: 2 },
      steps: [
        act('ChangeTemplate'),
        promptly(REMOVAL_BEGINS_AFTER),
        asleepAt(call, when),
        promptly(2),
        act('RestoreTemplate'),
        promptly(4),
        { kind: 'Wake', calls: 9 } as const,
        promptly(2),
      ],
    })),
  ),
  ...[1, 3, 5].flatMap((call) =>
    (['Before', 'After'] as const).flatMap((when) =>
      (
        [
          ['an isolation takes no well engine out of the Service', ISOLATION_BEGINS_AFTER],
          ['the end of a dead engine deletes none that is well again', PROVED_AFTER],
        ] as const
      ).map(([what, seconds]) => ({
        name: `a leader that falls asleep ${when.toLowerCase()} request ${call} of ${what}`,
        setting: { size: 3, maxUnavailable: 1, spareAccelerators: 1 },
        steps: [
          promptly(30),
          act('Wedge'),
          promptly(seconds),
          asleepAt(call, when),
          promptly(4),
          act('Unwedge'),
          promptly(100),
          { kind: 'Wake', calls: 9 } as const,
          promptly(2),
        ],
      })),
    ),
  ),
];
