import { describe, expect, test } from 'vitest';
import { fleetDecision, sizeDecision } from '../../test/builders/decisions.ts';
import { loading, NOW, ready, readyEngines, silent, unschedulable } from '../../test/builders/engines.ts';
import { fleet, fleetSnapshot, of, replicaSet, SCALING } from '../../test/builders/fleets.ts';
import type { SizeDecision } from '../scaling/types.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { buildConditions } from './conditions.ts';
import type { FleetDecision } from './decide-fleet.ts';

const load = { waiting: 0, kvCacheUsage: 0.5 };
const three = fleetSnapshot(readyEngines(3, load));
const hold = sizeDecision(3, 3);

function condition(
  type: string,
  snapshot: FleetSnapshot,
  size: SizeDecision,
  more: Partial<FleetDecision> = {},
) {
  const found = buildConditions(snapshot, fleetDecision(snapshot, size, more), NOW).find(
    (one) => one.type === type,
  );
  return found === undefined ? undefined : `${found.status} ${found.reason}: ${found.message}`;
}

type Case = readonly [
  type: string,
  when: string,
  snapshot: FleetSnapshot,
  size: SizeDecision,
  expected: string,
];

const limits = [
  { name: 'Policies', reason: 'ScaleUpLimit', message: 'behavior.scaleUp allows 6 now', from: 9, to: 6 },
];
const conflict = { reason: 'ForeignWrites', message: '3 writes of the size' } as const;

const cases: readonly Case[] = [
  ['Ready', 'enough engines are ready', three, hold, 'True EnginesReady: 3 of 3 engines ready'],
  [
    'Ready',
    'fewer than minReplicas are',
    fleetSnapshot([ready('a', load), unschedulable('b')], {
      fleet: fleet({ scaling: { ...SCALING, minReplicas: 2 } }),
    }),
    sizeDecision(2, 2),
    'False TooFewEngines: 1 of 2 engines ready, at least 2 needed; b: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu',
  ],
  [
    'Ready',
    'none is',
    fleetSnapshot([loading('a', 30, { trouble: { reason: 'CrashLoopBackOff', message: 'exit 1' } })]),
    sizeDecision(1, 1),
    'False NoEngineReady: 0 of 1 engine ready, at least 1 needed; a: CrashLoopBackOff: exit 1',
  ],
  [
    'Ready',
    'the fleet was scaled to nothing',
    fleetSnapshot([], { fleet: fleet({ scaling: undefined, replicas: 0 }) }),
    sizeDecision(0, 0),
    'False ScaledToZero: the fleet has no engine, as it was asked for',
  ],
  ['Reconciling', 'all is done', three, hold, 'False Settled: 3 engines, all ready'],
  [
    'Reconciling',
    'a write failed',
    { ...three, failure: { reason: 'ApiForbidden', message: 'the operator may not create replicasets' } },
    hold,
    'True ApiForbidden: the operator may not create replicasets',
  ],
  [
    'Reconciling',
    'the size is not reached',
    three,
    sizeDecision(3, 5),
    'True Scaling: 3 engines ordered, 5 wanted',
  ],
  [
    'Reconciling',
    'the size is only advice',
    three,
    sizeDecision(3, 5, { carriedOut: false }),
    'False Settled: 3 engines, all ready',
  ],
  [
    'Reconciling',
    'engines are starting',
    fleetSnapshot([ready('a', load), loading('b')]),
    sizeDecision(2, 2),
    'True EnginesNotReady: 1 of 2 engines ready',
  ],
  [
    'Reconciling',
    'a roll-out is under way',
    fleetSnapshot([...readyEngines(2, load), of('bbb', ready('new', load))], {
      revision: 'bbb',
      replicaSets: [replicaSet('aaa', 2), replicaSet('bbb', 1)],
    }),
    sizeDecision(2, 2),
    'True RollingOut: 1 of 3 engines on revision bbb; replacing aaa: a new engine is ready before an old one is drained',
  ],
  [
    'Reconciling',
    'pods are refused',
    fleetSnapshot([ready('a', load)], { replicaSets: [replicaSet('aaa', 2, { failure: 'exceeded quota' })] }),
    sizeDecision(2, 2),
    'True PodsRefused: the API server refuses new engines: exceeded quota',
  ],
  ['Stalled', 'the spec can be carried out', three, hold, 'False SpecAccepted: the spec can be carried out'],
  [
    'Stalled',
    'it cannot',
    { ...three, stalled: { reason: 'NameTaken', message: 'Service chat is not ours' } },
    hold,
    'True NameTaken: Service chat is not ours',
  ],
  ['MetricsAvailable', 'all pages are fresh', three, hold, 'True PagesRead: 3 metrics pages read and fresh'],
  [
    'MetricsAvailable',
    'one of two is missing',
    fleetSnapshot([ready('a', load), silent('b')]),
    sizeDecision(2, 2),
    'True SomePagesMissing: 1 of 2 metrics pages missing; b: no page for 20 s: no answer within 5 s; nothing is removed meanwhile',
  ],
  [
    'MetricsAvailable',
    'all are missing',
    fleetSnapshot([silent('a')]),
    sizeDecision(1, 1),
    'False AllPagesMissing: 1 of 1 metrics page missing; a: no page for 20 s: no answer within 5 s; nothing is removed meanwhile',
  ],
  [
    'MetricsAvailable',
    'the pages are read and tell nothing',
    fleetSnapshot(readyEngines(2)),
    sizeDecision(2, 2),
    'False NoLoadOnPages: 2 metrics pages read, but none tells its queue or its KV usage: do not start the engines with --disable-log-stats',
  ],
  [
    'MetricsAvailable',
    'no engine is ready',
    fleetSnapshot([loading('a')]),
    sizeDecision(1, 1),
    'Unknown NoEngineReady: no engine is ready to be read',
  ],
  [
    'ScalingActive',
    'the operator sizes the fleet',
    three,
    hold,
    'True SizedByOperator: between 1 and 8 engines',
  ],
  [
    'ScalingActive',
    'it has nothing to judge by',
    fleetSnapshot(readyEngines(1)),
    sizeDecision(1, 1),
    'False MetricsUnavailable: 1 metrics page read, but none tells its queue or its KV usage: do not start the engines with --disable-log-stats',
  ],
  [
    'ScalingActive',
    'the mode is advice',
    { ...three, fleet: fleet({ scaling: { ...SCALING, mode: 'Advisory' } }) },
    hold,
    'False Advisory: spec.scaling.mode is Advisory',
  ],
  [
    'ScalingActive',
    'the fleet is suspended',
    { ...three, fleet: fleet({ suspend: true }) },
    hold,
    'False Suspended: spec.suspend is set: nothing is changed',
  ],
  [
    'TargetUnreachable',
    'engines are too slow',
    three,
    sizeDecision(3, 3, { unreachable: 'even an idle engine takes 80 ms a token, the target is 50 ms' }),
    'True LatencyTargetUnreachable: no number of engines keeps spec.latency: even an idle engine takes 80 ms a token, the target is 50 ms; raise spec.latency, or serve on a faster GPU, with a smaller model or with less context',
  ],
  [
    'TargetUnreachable',
    'nothing says so',
    three,
    sizeDecision(3, 3, {
      proposals: [{ signal: 'Demand', kind: 'Size', size: 3, reason: 'DemandMet', message: '1 / 1 make 1' }],
    }),
    'False LatencyTargetReachable: nothing seen so far says that engines are too slow for spec.latency',
  ],
  [
    'TargetUnreachable',
    'nothing was served yet',
    three,
    sizeDecision(3, 3, {
      proposals: [{ signal: 'Demand', kind: 'Abstain', reason: 'NothingLearned', message: 'none served' }],
    }),
    'Unknown NothingLearned: none served',
  ],
  [
    'TargetUnreachable',
    'the operator does not size the fleet',
    { ...three, fleet: fleet({ scaling: undefined, replicas: 3 }) },
    hold,
    'Unknown NotJudged: only a fleet with spec.scaling is judged',
  ],
  [
    'ScalingLimited',
    'nothing binds',
    three,
    hold,
    'False WithinLimits: the size is what the signals ask for',
  ],
  [
    'ScalingLimited',
    'a limit binds',
    three,
    sizeDecision(3, 6, { limits }),
    'True ScaleUpLimit: behavior.scaleUp allows 6 now',
  ],
  [
    'ScalingLimited',
    'capacity is starting',
    three,
    sizeDecision(3, 3, {
      proposals: [
        { signal: 'QueueDepth', kind: 'Abstain', reason: 'CapacityStarting', message: '1 more is starting' },
      ],
    }),
    'True CapacityStarting: 1 more is starting',
  ],
  [
    'ScalingLimited',
    'a signal asks for no more than are starting',
    three,
    sizeDecision(5, 5, {
      inputs: { ready: 3, starting: 2, missing: 0 },
      proposals: [
        { signal: 'Demand', kind: 'Size', size: 5, reason: 'CapacityStarting', message: 'many figures' },
      ],
    }),
    'True CapacityStarting: Demand asks for 5: 3 ready, 2 starting',
  ],
  ['EngineVersionUnknown', 'the version is known', three, hold, 'False VersionKnown: vLLM 0.30.0'],
];

test.each(cases)('%s when %s', (type, _when, snapshot, size, expected) => {
  expect(condition(type, snapshot, size)).toBe(expected);
});

test('ConflictingAutoscaler says who writes the size, and scaling is not active', () => {
  expect([
    condition('ConflictingAutoscaler', three, hold),
    condition('ConflictingAutoscaler', three, hold, { conflict }),
    condition('ScalingActive', three, hold, { conflict }),
  ]).toEqual([
    'False OnlyWriter: nobody else writes the size of this fleet',
    'True ForeignWrites: 3 writes of the size',
    'False ConflictingAutoscaler: 3 writes of the size',
  ]);
});

test('ScalingActive says that engines do not come, unless a person or missing pages hold the size anyway', () => {
  const notScaling = { reason: 'NotScaling', message: '1 of 2 engines ready, 1 does not come' } as const;
  const advice = { ...three, fleet: fleet({ scaling: { ...SCALING, mode: 'Advisory' } }) };
  const told = [three, advice, fleetSnapshot([silent('a')])].map(
    (snapshot) => condition('ScalingActive', snapshot, hold, { notScaling })?.split(':')[0],
  );
  expect(told).toEqual(['False NotScaling', 'False Advisory', 'False MetricsUnavailable']);
});

describe('the verdict on the latency targets', () => {
  const abstains = sizeDecision(3, 3, {
    proposals: [{ signal: 'Demand', kind: 'Abstain', reason: 'NoData', message: 'no page' }],
  });
  const judged = (status: 'True' | 'Unknown', observedGeneration: number) => {
    const verdict = { type: 'TargetUnreachable', status, reason: 'Before', message: 'as it was' };
    const known = { ...verdict, lastTransitionTime: new Date(NOW).toISOString(), observedGeneration };
    const snapshot = { ...three, fleet: fleet({}, { conditions: [known] }) };
    return condition('TargetUnreachable', snapshot, abstains);
  };

  test('outlives an outage of the pages and a change of leader', () => {
    expect(judged('True', 3)).toBe('True Before: as it was');
  });

  test('does not outlive the spec that it was found for', () => {
    expect(judged('True', 2)).toBe('Unknown NoData: no page');
  });

  test('that is unknown says why it is unknown now', () => {
    expect(judged('Unknown', 3)).toBe('Unknown NoData: no page');
  });
});

test('ScalingActive tells the bounds that hold, those of a schedule where it sets them', () => {
  const schedule = {
    schedule: { cron: '0 8 * * *', timeZone: 'Etc/UTC', minReplicas: 4 },
    sinceMs: NOW,
  };
  expect(condition('ScalingActive', three, hold, { schedule })).toBe(
    'True SizedByOperator: between 4 and 8 engines',
  );
});

describe('the time of transition', () => {
  const before = '2026-03-01T00:00:00.000Z';
  const known = (status: 'True' | 'False') =>
    fleetSnapshot(readyEngines(1, load), {
      fleet: fleet(
        {},
        {
          conditions: [{ type: 'Ready', status, reason: 'Old', message: 'x', lastTransitionTime: before }],
        },
      ),
    });
  const timeOf = (snapshot: FleetSnapshot): string | undefined =>
    buildConditions(snapshot, fleetDecision(snapshot, sizeDecision(1, 1)), NOW).find(
      ({ type }) => type === 'Ready',
    )?.lastTransitionTime;

  test('stays while the status stays, though reason and message change', () => {
    expect(timeOf(known('True'))).toBe(before);
  });

  test('is now when the status changes', () => {
    expect(timeOf(known('False'))).toBe(new Date(NOW).toISOString());
  });
});
