import { describe, expect, test } from 'vitest';
import {
  inSeconds,
  loading,
  NOW,
  readyEngines,
  readyWith,
  secondsAgo,
  silent,
} from '../../test/builders/engines.ts';
import { scalingInput, watchedForAnHour } from '../../test/builders/scaling.ts';
import { decideSize, rememberChange } from './decide-size.ts';
import type { ScalingInput, SizeDecision } from './types.ts';

const decide = (input: ScalingInput): SizeDecision => decideSize(input, watchedForAnHour(), NOW).decision;
const quiet = { kvCacheUsage: 0.1, waiting: 0 };
const queued = { kvCacheUsage: 0.5, waiting: 9 };
const full = { kvCacheUsage: 1, waiting: 0 };

type Case = readonly [
  what: string,
  input: ScalingInput,
  action: SizeDecision['action'],
  desired: number,
  reason: string,
];

describe('the largest proposal that speaks wins', () => {
  const cases: readonly Case[] = [
    [
      'queues grow a fleet whose KV rule would hold',
      scalingInput(readyEngines(4, queued)),
      'Grow',
      5,
      'QueueOverTarget',
    ],
    ['KV usage grows a fleet without queues', scalingInput(readyEngines(4, full)), 'Grow', 5, 'KVOverTarget'],
    [
      'KV usage asks for more than the queues',
      scalingInput(readyEngines(10, { kvCacheUsage: 1, waiting: 9 }), {
        targets: { queueDepth: 5, kvCacheUsage: 0.5 },
      }),
      'Grow',
      20,
      'KVOverTarget',
    ],
    [
      'the queue rule wins where it asks for more',
      scalingInput(readyEngines(10, { kvCacheUsage: 0.9, waiting: 9 })),
      'Grow',
      13,
      'QueueOverTarget',
    ],
    [
      'a fleet within its targets is held',
      scalingInput(readyEngines(4, { kvCacheUsage: 0.8, waiting: 1 })),
      'Hold',
      4,
      'KVWithinTolerance',
    ],
    [
      'a quiet fleet shrinks by its policy',
      scalingInput(readyEngines(4, quiet)),
      'Shrink',
      3,
      'ScaleDownLimit',
    ],
  ];
  test.each(cases)('%s', (_what, input, action, desired, reason) => {
    expect(decide(input)).toMatchObject({ action, desired, reason, carriedOut: true });
  });
});

describe('all abstain: hold', () => {
  const cases: readonly (readonly [what: string, input: ScalingInput])[] = [
    ['every page is missing', scalingInput([silent('a'), silent('b')])],
    ['every engine is starting', scalingInput([loading('a'), loading('b')])],
    ['pages tell nothing', scalingInput(readyEngines(2))],
  ];
  test.each(cases)('%s', (_what, input) => {
    const decision = decide(input);
    expect(decision).toMatchObject({ action: 'Hold', desired: 2, reason: 'NoProposal', limits: [] });
    expect(decision.proposals.map(({ kind }) => kind)).toEqual(['Abstain', 'Abstain', 'Abstain']);
  });
});

describe('the bounds', () => {
  const floor = { replicas: 5, untilMs: inSeconds(60) };
  const cases: readonly Case[] = [
    [
      'a proposal stops at maxReplicas',
      scalingInput(readyEngines(4, queued), { maxReplicas: 4 }),
      'Hold',
      4,
      'TooManyReplicas',
    ],
    [
      'a proposal stops at minReplicas',
      scalingInput(readyEngines(2, quiet), { minReplicas: 2 }),
      'Hold',
      2,
      'TooFewReplicas',
    ],
    [
      'a fleet below minReplicas is lifted at once',
      scalingInput([], { minReplicas: 9 }),
      'Grow',
      9,
      'TooFewReplicas',
    ],
    [
      'a fleet above maxReplicas is cut at once',
      scalingInput(readyEngines(9, queued), { maxReplicas: 3 }),
      'Shrink',
      3,
      'TooManyReplicas',
    ],
    [
      'a manual floor lifts the fleet at once',
      scalingInput(readyEngines(2, quiet), { manualFloor: floor }),
      'Grow',
      5,
      'TooFewReplicas',
    ],
    [
      'a manual floor is not undercut',
      scalingInput(readyEngines(5, quiet), { manualFloor: floor }),
      'Hold',
      5,
      'TooFewReplicas',
    ],
    [
      'a manual floor does not hinder growth',
      scalingInput(readyEngines(6, queued), { manualFloor: floor }),
      'Grow',
      8,
      'QueueOverTarget',
    ],
    [
      'a manual floor that is over holds nothing',
      scalingInput(readyEngines(5, quiet), { manualFloor: { replicas: 5, untilMs: NOW } }),
      'Shrink',
      4,
      'ScaleDownLimit',
    ],
  ];
  test.each(cases)('%s', (_what, input, action, desired, reason) => {
    expect(decide(input)).toMatchObject({ action, desired, reason });
  });

  test('names the floor that held', () => {
    expect(decide(scalingInput(readyEngines(5, quiet), { manualFloor: floor })).message).toBe(
      'KVCache asks for 1 (5 engines at 0.10 mean KV usage / target 0.80 = 1), limited to 5: manual floor is 5',
    );
  });
});

describe('the mode', () => {
  test('Advisory decides all the same, and does not carry it out', () => {
    expect(decide(scalingInput(readyEngines(4, queued), { mode: 'Advisory' }))).toMatchObject({
      action: 'Grow',
      desired: 5,
      carriedOut: false,
    });
  });

  test('Paused keeps the size and still says what the signals ask for', () => {
    const decision = decide(scalingInput(readyEngines(4, queued), { mode: 'Paused' }));
    expect(decision).toMatchObject({ action: 'Hold', desired: 4, reason: 'Paused' });
    expect(decision.message).toBe(
      'scaling.mode is Paused; QueueDepth asks for 5 (4 of 4 ready engines have more than 5 waiting: 4 + max(1, 25 %) = 5)',
    );
  });

  test('Paused does not even correct a size outside the bounds', () => {
    expect(decide(scalingInput(readyEngines(4), { mode: 'Paused', minReplicas: 6 }))).toMatchObject({
      desired: 4,
    });
  });
});

test('every decision carries its inputs, each proposal with its arithmetic, the limit that bound and what would change it', () => {
  const engines = readyWith(
    { running: 9, waiting: 7, kvCacheUsage: 0.9 },
    { running: 8, waiting: 6, kvCacheUsage: 0.7 },
  );
  expect(decide(scalingInput(engines, { maxReplicas: 2 }))).toEqual({
    action: 'Hold',
    current: 2,
    desired: 2,
    carriedOut: true,
    reason: 'TooManyReplicas',
    message:
      'QueueDepth asks for 3 (2 of 2 ready engines have more than 5 waiting: 2 + max(1, 25 %) = 3), ' +
      'limited to 2: maxReplicas is 2',
    inputs: { ready: 2, starting: 0, missing: 0, running: 17, waiting: 13, kvCacheUsage: 0.8 },
    proposals: [
      {
        signal: 'Demand',
        kind: 'Abstain',
        reason: 'NothingLearned',
        message: 'no page has counted a served request since this operator began to watch',
      },
      {
        signal: 'QueueDepth',
        kind: 'Size',
        size: 3,
        reason: 'QueueOverTarget',
        message: '2 of 2 ready engines have more than 5 waiting: 2 + max(1, 25 %) = 3',
      },
      {
        signal: 'KVCache',
        kind: 'Size',
        size: 2,
        reason: 'KVWithinTolerance',
        message: '2 engines at 0.80 mean KV usage / target 0.80 = 2, within 10 % of the target: keep 2',
      },
    ],
    limits: [{ name: 'Bounds', reason: 'TooManyReplicas', message: 'maxReplicas is 2', from: 3, to: 2 }],
    wouldChange:
      'cannot grow: maxReplicas is 2; shrinks when mean KV usage stays below 0.40 for 300 s ' +
      'with fewer than 2 waiting an engine',
  });
});

test('a change is remembered as long as a policy can count it: half an hour', () => {
  const change = (seconds: number) => ({ atMs: secondsAgo(seconds), from: 2, to: 3 });
  const many = Array.from({ length: 200 }, (_, index) => change(1799 - index));
  const memory = many.reduce(rememberChange, watchedForAnHour([change(1800)]));
  expect(rememberChange(memory, change(0)).changes).toEqual([...many, change(0)]);
});
