import { describe, expect, test } from 'vitest';
import { sizeDecision } from '../../test/builders/decisions.ts';
import {
  loading,
  NOW,
  ready,
  readyEngines,
  secondsAgo,
  silent,
  terminating,
  unschedulable,
} from '../../test/builders/engines.ts';
import { fleetSnapshot, of, replicaSet } from '../../test/builders/fleets.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { FleetDecision } from './decide-fleet.ts';
import { buildWhy } from './why.ts';

const proposals = [
  { signal: 'QueueDepth', kind: 'Abstain', reason: 'WithinTarget', message: '1 of 3 is over' },
  { signal: 'KVCache', kind: 'Size', size: 4, reason: 'KVOverTarget', message: '3 engines at 0.99' },
] as const;
const inputs = { ready: 3, starting: 1, missing: 1, waiting: 7, running: 20, kvCacheUsage: 0.99 };
const decision: FleetDecision = {
  size: sizeDecision(3, 4, { proposals, inputs, message: 'KVCache asks for 4' }),
};
const change = (seconds: number, from: number, to: number) => ({
  at: new Date(secondsAgo(seconds)).toISOString(),
  from,
  to,
  reason: 'X',
  message: `change ${seconds} s ago`,
});
const history = [600, 500, 400, 300, 200].map((seconds, index) => change(seconds, index + 1, index + 2));

test('the story reads from the state over the reasons to the last changes', () => {
  const snapshot = fleetSnapshot([...readyEngines(3), loading('starts'), terminating('leaves')]);
  expect(buildWhy(snapshot, decision, 'Scaling', history)).toEqual([
    'Scaling: 3 engines ready, 1 starting, 1 leaving, 1 without a fresh page, 20 requests running and 7 waiting, KV cache 99% used on average.',
    'Size: 4 because KVCache asks for 4.',
    'QueueDepth abstains: 1 of 3 is over.',
    'KVCache asks for 4: 3 engines at 0.99.',
    'Next: another test.',
    '09:51:40 UTC: 2 → 3: change 500 s ago.',
    '09:53:20 UTC: 3 → 4: change 400 s ago.',
    '09:55:00 UTC: 4 → 5: change 300 s ago.',
    '09:56:40 UTC: 5 → 6: change 200 s ago.',
  ]);
});

describe('the traffic of the last minute', () => {
  const told = (traffic: Record<string, number>): string | undefined =>
    buildWhy({ ...fleetSnapshot(readyEngines(3)), traffic }, decision, 'Ready', []).find((sentence) =>
      sentence.startsWith('Last minute'),
    );
  const calm = { requestRate: 8.25, generationTokenRate: 1070.4 };

  test('is told with what its users feel', () => {
    const felt = { ttftP95: 0.714, interTokenLatencyP95: 0.0381, preemptionRate: 0.25 };
    expect(told({ ...calm, ...felt })).toBe(
      'Last minute: 8.3 requests/s finished, 1070 tokens/s generated, p95 time to first token 0.71 s, p95 time between tokens 38 ms, 0.3 preemptions/s.',
    );
  });

  test('leaves out what no page tells, and what did not happen', () => {
    expect(told({ ...calm, preemptionRate: 0 })).toBe(
      'Last minute: 8.3 requests/s finished, 1070 tokens/s generated.',
    );
  });

  test('is not told while nobody is served', () => {
    expect(told({ ...calm, generationTokenRate: 0 })).toBeUndefined();
    expect(told({})).toBeUndefined();
  });
});

describe('a roll-out', () => {
  const during = (old: EngineSnapshot, fresh: EngineSnapshot): string =>
    buildWhy(
      fleetSnapshot([old, of('bbb', fresh)], {
        revision: 'bbb',
        replicaSets: [replicaSet('aaa', 1), replicaSet('bbb', 1)],
      }),
      decision,
      'Scaling',
      [],
    )[1] ?? '';
  const story = 'Rolling out revision bbb, one engine more at a time, then one of aaa less';

  test.each([
    ['goes on when nothing hinders it', ready('old'), ready('new'), ''],
    ['waits for a start', ready('old'), loading('new'), '; waits for new to become ready'],
    [
      'waits for a node, in the words of the scheduler',
      ready('old'),
      unschedulable('new'),
      '; waits for new to become ready: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu',
    ],
    [
      'waits for pages: nothing is removed on missing data',
      silent('old'),
      ready('new'),
      '; waits for a fresh metrics page of old: nothing is removed on missing data',
    ],
  ])('%s', (_what, old, fresh, hindrance) => {
    expect(during(old, fresh)).toBe(`${story}${hindrance}.`);
  });
});

describe('at its longest', () => {
  const floor = {
    replicas: 5,
    since: new Date(NOW).toISOString(),
    until: new Date(NOW).toISOString(),
    source: 'Spec',
  } as const;
  const snapshot = fleetSnapshot([...readyEngines(3), of('bbb', loading('new'))], {
    revision: 'bbb',
    replicaSets: [replicaSet('aaa', 3), replicaSet('bbb', 1)],
    stalled: { reason: 'NameTaken', message: 'Service chat is not ours' },
  });
  const advice = { ...decision, manualFloor: floor, size: { ...decision.size, carriedOut: false } };
  const why = buildWhy(snapshot, advice, 'Stalled', history);

  test('it has twelve sentences, and the newest change is among them', () => {
    expect(why).toHaveLength(12);
    expect(why.at(-1)).toContain('change 200 s ago');
  });

  test('it tells why nothing can be done, what is rolled out, the floor, and that the size is advice', () => {
    expect(why.join('\n')).toContain('Stalled (NameTaken): Service chat is not ours.');
    expect(why.join('\n')).toContain('Rolling out revision bbb');
    expect(why.join('\n')).toContain('Size: stays at 3; 4 is advice only: KVCache asks for 4.');
    expect(why.join('\n')).toContain('Manual floor of 5 (spec.replicas at 2026-03-02T10:00:00.000Z)');
  });

  test('no sentence is longer than 1024 characters', () => {
    const long = { ...decision, size: { ...decision.size, message: 'x'.repeat(5000) } };
    expect(Math.max(...buildWhy(snapshot, long, 'Ready', []).map(({ length }) => length))).toBe(1024);
  });
});
