import { describe, expect, test } from 'vitest';
import { fleetDecision, sizeDecision } from '../../test/builders/decisions.ts';
import { loading, NOW, ready, readyEngines, silent, unready } from '../../test/builders/engines.ts';
import { fleet, fleetSnapshot, of, replicaSet } from '../../test/builders/fleets.ts';
import { VLLMDeploymentStatus } from '../api/v1alpha1/status.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { buildStatus, type WrittenStatus } from './status.ts';
import { differsInSubstance } from './substance.ts';

const load = { running: 3, waiting: 1, kvCacheUsage: 0.5 };
const build = (snapshot: FleetSnapshot, current = 3, desired = current): WrittenStatus =>
  buildStatus(snapshot, fleetDecision(snapshot, sizeDecision(current, desired)), [], NOW);
const three = fleetSnapshot(readyEngines(3, load));

describe('the state in one word', () => {
  const cases: readonly (readonly [state: string, when: string, snapshot: FleetSnapshot, desired: number])[] =
    [
      ['Ready', 'all that is ordered is ready', three, 3],
      ['Scaling', 'another size is wanted', three, 4],
      ['Scaling', 'an engine is starting', fleetSnapshot([...readyEngines(2, load), loading('c')]), 3],
      [
        'Scaling',
        'a roll-out is under way',
        fleetSnapshot([...readyEngines(2, load), of('bbb', ready('c', load))], {
          revision: 'bbb',
          replicaSets: [replicaSet('aaa', 2), replicaSet('bbb', 1)],
        }),
        3,
      ],
      ['Starting', 'no engine is ready yet', fleetSnapshot([loading('a')]), 1],
      ['Ready', 'the fleet was scaled to nothing', fleetSnapshot([]), 0],
      ['Degraded', 'an engine is unready', fleetSnapshot([...readyEngines(2, load), unready('c')]), 3],
      ['Degraded', 'a page is missing', fleetSnapshot([...readyEngines(2, load), silent('c')]), 3],
      [
        'Degraded',
        'pods are refused',
        fleetSnapshot(readyEngines(2, load), { replicaSets: [replicaSet('aaa', 3, { failure: 'quota' })] }),
        3,
      ],
      ['Stalled', 'a person must mend the spec', { ...three, stalled: { reason: 'X', message: 'x' } }, 3],
      ['Suspended', 'all hands are off', { ...three, fleet: fleet({ suspend: true }) }, 3],
    ];
  test.each(cases)('is %s when %s', (state, _when, snapshot, desired) => {
    const current = snapshot.replicaSets.reduce((sum, { replicas }) => sum + replicas, 0);
    expect(build(snapshot, current, desired).summary?.state).toBe(state);
  });

  test('is Degraded while engines that were ordered do not come', () => {
    const notScaling = { reason: 'NotScaling', message: 'x' } as const;
    const snapshot = fleetSnapshot([...readyEngines(2, load), loading('c')]);
    const status = buildStatus(
      snapshot,
      fleetDecision(snapshot, sizeDecision(3, 3), { notScaling }),
      [],
      NOW,
    );
    expect(status.summary?.state).toBe('Degraded');
  });

  test('is not Degraded while a new engine’s first page is awaited', () => {
    const page = { state: 'Missing', reason: 'FirstPageAwaited', message: 'ready for 1 s' } as const;
    expect(build(fleetSnapshot([ready('a', {}, { page })]), 1).summary?.state).toBe('Ready');
  });
});

test('replicas leaves out the surge of a roll-out', () => {
  const rolling = fleetSnapshot([...readyEngines(3, load), of('bbb', loading('new'))], {
    revision: 'bbb',
    replicaSets: [replicaSet('aaa', 3), replicaSet('bbb', 1)],
  });
  expect(build(rolling, 3).replicas).toBe(3);
});

test('what is not known is a question mark, never a zero', () => {
  const { summary, scaling } = build(fleetSnapshot([silent('a')]), 1);
  expect(summary).toMatchObject({ waiting: '?', kv: '?', running: '?' });
  expect(scaling?.inputs).toMatchObject({ waiting: '?', deferred: '?', running: '?', kvCacheUsage: '?' });
});

test('the largest status is within the bounds of the schema', () => {
  const engines = Array.from({ length: 300 }, (_, index) =>
    unready(`${index}-${'n'.repeat(600)}`, { trouble: { reason: 'Crash', message: 'x'.repeat(5000) } }),
  );
  const change = { at: new Date(NOW).toISOString(), from: 1, to: 2, reason: 'X', message: 'x' };
  const size = sizeDecision(300, 301, { message: 'x'.repeat(5000), wouldChange: 'x'.repeat(5000) });
  const history = Array.from({ length: 50 }, () => change);
  const snapshot = fleetSnapshot(engines);
  const status = buildStatus(snapshot, fleetDecision(snapshot, size), history, NOW);
  expect(VLLMDeploymentStatus.safeParse(status).error).toBeUndefined();
  expect(status.scaling?.history).toHaveLength(10);
});

describe('a status is written at once', () => {
  const base = build(three);

  test('when there was none', () => {
    expect(differsInSubstance(undefined, base)).toBe(true);
  });

  const changes: readonly (readonly [what: string, next: WrittenStatus])[] = [
    ['the wanted size changes', build(three, 3, 4)],
    ['an engine stops serving', build(fleetSnapshot([...readyEngines(2, load), unready('c')]))],
    ['a condition turns', build({ ...three, autoscalers: ['x'], stalled: { reason: 'X', message: 'x' } })],
    ['the revision changes', build({ ...three, revision: 'bbb' })],
    [
      'the size was changed',
      buildStatus(
        three,
        fleetDecision(three, sizeDecision(3, 3)),
        [{ at: new Date(NOW).toISOString(), from: 2, to: 3, reason: 'X', message: 'x' }],
        NOW,
      ),
    ],
  ];
  test.each(changes)('when %s', (_what, next) => {
    expect(differsInSubstance(base, next)).toBe(true);
  });

  test('but not for figures, sentences and the time', () => {
    const busier = fleetSnapshot(readyEngines(3, { running: 9, waiting: 4, kvCacheUsage: 0.7 }));
    const size = sizeDecision(3, 3, {
      message: 'another sentence',
      inputs: { ready: 3, starting: 0, missing: 0, waiting: 12 },
    });
    expect(differsInSubstance(base, buildStatus(busier, fleetDecision(busier, size), [], NOW + 5000))).toBe(
      false,
    );
  });

  test('nor because a limit binds or lets go, which follows the load', () => {
    const limits = [{ name: 'Policies', reason: 'ScaleUpLimit', message: 'x', from: 9, to: 3 }];
    const limited = buildStatus(three, fleetDecision(three, sizeDecision(3, 3, { limits })), [], NOW);
    expect(differsInSubstance(base, limited)).toBe(false);
  });
});
