import { describe, expect, test } from 'vitest';
import { fleetDecision, sizeDecision } from '../../test/builders/decisions.ts';
import { loading, NOW, readyEngines, secondsAgo, terminating } from '../../test/builders/engines.ts';
import { fleetSnapshot, of, replicaSet } from '../../test/builders/fleets.ts';
import type { ScalingChange } from '../api/v1alpha1/status.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import type { FleetDecision } from './decide-fleet.ts';
import { buildWhy } from './why.ts';

const proposals = [
  { signal: 'QueueDepth', kind: 'Abstain', reason: 'WithinTarget', message: '1 of 3 is over' },
  { signal: 'KVCache', kind: 'Size', size: 4, reason: 'KVOverTarget', message: '3 engines at 0.99' },
] as const;
const inputs = { ready: 3, starting: 1, missing: 1, waiting: 7, running: 20, kvCacheUsage: 0.99 };
const size = sizeDecision(3, 4, { proposals, inputs, message: 'KVCache asks for 4' });
const three = fleetSnapshot(readyEngines(3));

/** The story of a fleet of three, or of another one. */
function tell(
  more: Partial<FleetDecision> = {},
  changes: readonly ScalingChange[] = [],
  snapshot: FleetSnapshot = three,
): readonly string[] {
  const decision = fleetDecision(snapshot, more.size ?? size, more);
  return buildWhy(snapshot, decision, 'Ready', changes, NOW);
}

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
  expect(tell({}, history, snapshot)).toEqual([
    'Ready: 3 engines ready, 1 starting, 1 leaving, 1 without a fresh page, 20 requests running and 7 waiting, KV cache 99% used on average.',
    'Size: 4 because KVCache asks for 4.',
    'QueueDepth abstains: 1 of 3 is over.',
    'KVCache asks for 4: 3 engines at 0.99.',
    'Next: another test.',
    'Last change: 5 → 6 at 2026-03-02 09:56:40 UTC: change 200 s ago.',
    'Before it: 4 → 5 at 09:55:00 (X), 3 → 4 at 09:53:20 (X), 2 → 3 at 09:51:40 (X).',
  ]);
});

test('a change of another day is told with its day', () => {
  const changes = [change(86_400, 1, 2), change(60, 2, 3)];
  expect(tell({}, changes).at(-1)).toBe('Before it: 1 → 2 at 2026-03-01 10:00:00 UTC (X).');
});

test('what the chosen signal says is told once, with the size', () => {
  const limited = { ...size, message: 'KVCache asks for 4 (3 engines at 0.99), limited to 3: x' };
  expect(tell({ size: limited }).slice(1, 3)).toEqual([
    'Size: 4 because KVCache asks for 4 (3 engines at 0.99), limited to 3: x.',
    'QueueDepth abstains: 1 of 3 is over.',
  ]);
});

test('what is wrong comes before what goes on', () => {
  const notScaling = { reason: 'NotScaling', message: '3 of 4 engines ready, 1 does not come: b' } as const;
  const slow = { ...size, unreachable: 'even an idle engine takes 80 ms a token' };
  expect(tell({ size: slow, notScaling }).slice(1, 3)).toEqual([
    'Not scaling: 3 of 4 engines ready, 1 does not come: b.',
    'No number of engines keeps spec.latency: even an idle engine takes 80 ms a token.',
  ]);
});

describe('requests that wait for something else than capacity', () => {
  const told = (deferred?: number): string | undefined => {
    const waits = { ...size, inputs: { ...inputs, ...(deferred !== undefined && { deferred }) } };
    return tell({ size: waits }).find((sentence) => sentence.includes('more engines do not help'));
  };

  test('are told, with what helps', () => {
    expect(told(12)).toBe(
      '12 more requests wait for an adapter, a grammar or KV blocks from elsewhere: more engines do not help; a higher --max-loras in engine.args does if it is for adapters.',
    );
    expect(told(1)).toMatch(/^1 more request waits for/);
  });

  test('are not, where there are none or no page tells', () => {
    expect([told(0), told()]).toEqual([undefined, undefined]);
  });
});

describe('the schedule in force', () => {
  const told = (bounds: object): string | undefined =>
    tell({
      schedule: {
        schedule: { cron: '0 8 * * 1-5', timeZone: 'Europe/Berlin', ...bounds },
        sinceMs: secondsAgo(3600),
      },
    }).find((sentence) => sentence.startsWith('In force'));

  test('is told with the bounds that it sets', () => {
    const begin = 'In force since 2026-03-02 09:00:00 UTC: schedule "0 8 * * 1-5" Europe/Berlin';
    expect(told({ minReplicas: 4, maxReplicas: 12 })).toBe(`${begin}, minReplicas 4, maxReplicas 12.`);
    expect(told({ minReplicas: 4 })).toBe(`${begin}, minReplicas 4.`);
  });
});

describe('the traffic of the last minute', () => {
  const told = (traffic: Record<string, number>): string | undefined =>
    tell({}, [], { ...three, traffic }).find((sentence) => sentence.startsWith('Last minute'));
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
  const advice = { manualFloor: floor, size: { ...size, carriedOut: false } };
  const why = tell(advice, history, snapshot);

  test('it has twelve sentences: what the signals say goes first, then the changes', () => {
    const notScaling = { reason: 'NotScaling', message: 'b does not come' } as const;
    const slow = { ...advice.size, unreachable: 'too slow', inputs: { ...inputs, deferred: 1 } };
    const worst = {
      ...snapshot,
      failure: { reason: 'ApiForbidden', message: 'may not' },
      traffic: { requestRate: 8, generationTokenRate: 1000 },
    };
    const longest = tell({ ...advice, size: slow, notScaling }, history, worst);
    expect(longest).toHaveLength(12);
    expect(longest.slice(-3).map((sentence) => sentence.split(' ')[0])).toEqual(['Manual', 'Next:', 'Last']);
  });

  test('it tells why nothing can be done, what is rolled out, the floor, and that the size is advice', () => {
    expect(why.join('\n')).toContain('Stalled (NameTaken): Service chat is not ours.');
    expect(why.join('\n')).toContain('Roll-out of revision bbb in place of aaa: Progressing; ');
    expect(why.join('\n')).toContain('Size: stays at 3; 4 is advice only: KVCache asks for 4.');
    expect(why.join('\n')).toContain('Manual floor of 5 (spec.replicas at 2026-03-02 10:00:00 UTC)');
  });

  test('no sentence is longer than 1024 characters', () => {
    const long = { ...size, message: 'x'.repeat(5000) };
    expect(Math.max(...tell({ size: long }, [], snapshot).map(({ length }) => length))).toBe(1024);
  });
});
