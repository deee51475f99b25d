import { describe, expect, test } from 'vitest';
import { claimOn, fleetWith } from '../../test/builders/claims.ts';
import { fleetDecision, sizeDecision } from '../../test/builders/decisions.ts';
import {
  loading,
  NOW,
  ready,
  readyEngines,
  silent,
  unschedulable,
  secondsAgo,
} from '../../test/builders/engines.ts';
import { fleet, fleetSnapshot, of, replicaSet } from '../../test/builders/fleets.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { ANNOTATIONS } from '../api/v1alpha1/constants.ts';
import { buildConditions } from './conditions.ts';
import type { FleetDecision } from './decide-fleet.ts';
import { blockedSentence, disruptionSentences, rolloutSentence } from './disruption-lines.ts';

const load = { running: 1, waiting: 0 };
const decisionOf = (snapshot: FleetSnapshot, size = 3): FleetDecision =>
  fleetDecision(snapshot, sizeDecision(size, size));

function condition(type: string, snapshot: FleetSnapshot, size = 3): string | undefined {
  const found = buildConditions(snapshot, decisionOf(snapshot, size), NOW).find((one) => one.type === type);
  return found && `${found.status} ${found.reason}: ${found.message}`;
}

/** Three engines of `aaa` and this one of `bbb`, which is to serve. */
function rolling(fresh: EngineSnapshot, rollout: object = {}, status?: object): FleetSnapshot {
  return fleetSnapshot([...readyEngines(3, load), of('bbb', fresh)], {
    fleet: fleet({ rollout }, status),
    revision: 'bbb',
    replicaSets: [replicaSet('aaa', 3), replicaSet('bbb', 1)],
  });
}

function asking(engine: string, engines: readonly EngineSnapshot[]): FleetSnapshot {
  const plain = fleet();
  const metadata = { ...plain.metadata, annotations: { [ANNOTATIONS.replace]: engine } };
  return fleetSnapshot(engines, { fleet: { ...plain, metadata } });
}

const homeless = unschedulable('new', { createdAtMs: secondsAgo(300) });
const crashing = loading('new', 60, { restarts: 3 });
const stopped = {
  rollout: { to: 'bbb', progress: '', phase: 'Stopped', reason: 'X', message: 'x', blockedRevision: 'bbb' },
};

describe('RolloutStopped', () => {
  test.each<[when: string, snapshot: FleetSnapshot, told: string]>([
    [
      'nothing is rolled out',
      fleetSnapshot(readyEngines(3, load)),
      'False NotStopped: no revision was found to be bad',
    ],
    [
      'the new engine is starting',
      rolling(loading('new')),
      'False NotStopped: no revision was found to be bad',
    ],
    [
      'the new engine crashes',
      rolling(crashing),
      'True CrashLoop: new has restarted 3 times; the engines of aaa stay',
    ],
    [
      'there is no room: that is no fault of the revision',
      rolling(homeless),
      'False NotStopped: no revision was found to be bad',
    ],
    [
      'a person goes back to a revision that does not exist',
      rolling(ready('new'), { rollbackTo: 'zzz' }),
      'True RevisionNotFound: rollout.rollbackTo is zzz, and there is no such revision: choose one of aaa, bbb',
    ],
    [
      'the revision was given up for the one before',
      {
        ...fleetSnapshot(readyEngines(3, load), {
          fleet: fleet({ rollout: { autoRollback: true } }, stopped),
        }),
        specRevision: 'bbb',
      },
      'True RolledBack: revision bbb was stopped, aaa serves in its place',
    ],
  ])('when %s', (_when, snapshot, told) => {
    expect(condition('RolloutStopped', snapshot)).toBe(told);
  });
});

describe('RestartBlocked', () => {
  test.each<[when: string, snapshot: FleetSnapshot, told: string]>([
    [
      'nothing waits',
      fleetSnapshot(readyEngines(3, load)),
      'False NotBlocked: no engine waits to be replaced',
    ],
    ['a roll-out goes on', rolling(loading('new')), 'False NotBlocked: no engine waits to be replaced'],
    [
      'a roll-out finds no room',
      rolling(homeless, { maxUnavailable: 0 }),
      'True Unschedulable: new has found no node for 300 s: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu; rollout.maxUnavailable is 0: raise it to let an engine go first',
    ],
    [
      'an engine whose page is missing should be replaced',
      asking('b', [ready('a', load), silent('b'), ready('c', load)]),
      'True MetricsMissing: b is not replaced: nothing tells whether it has requests: no page for 20 s: no answer within 5 s',
    ],
    [
      'the revision to go back to does not exist: that is told elsewhere',
      rolling(ready('new'), { rollbackTo: 'zzz' }),
      'False NotBlocked: no engine waits to be replaced',
    ],
  ])('when %s', (_when, snapshot, told) => {
    expect(condition('RestartBlocked', snapshot)).toBe(told);
  });
});

describe('the story of engines that leave', () => {
  const [a, b, c, d] = readyEngines(4, load).map((engine, index) => ({
    ...engine,
    name: 'abcd'.charAt(index),
    uid: `uid-${'abcd'.charAt(index)}`,
  }));
  const engines = [a, b, c, d].flatMap((engine) => engine ?? []);
  const claims = engines.map((engine) => claimOn(engine));
  const tell = (told: typeof claims, spec: object = {}): readonly string[] => {
    const snapshot = fleetSnapshot(engines, { fleet: fleetWith({ rollout: spec }, told) });
    return disruptionSentences(snapshot, decisionOf(snapshot), NOW);
  };

  test('tells what is done, for how long, why, and what is waited for', () => {
    const [first] = claims;
    const draining = first === undefined ? [] : [{ ...first, step: 'Draining' as const }];
    expect(tell(draining)).toEqual([
      'Draining a (60 s): the fleet is to have 3 engines; it is taken out of the Service, at most 60 s more.',
    ]);
  });

  test.each([
    ['ScaleDown', 'the fleet is to have 3 engines'],
    ['RollOut', 'revision aaa is replaced by aaa'],
    ['Restart', 'rollout.restartAt is 2026-03-02T09:00:00Z'],
    ['Requested', 'the annotation vllm.warden.dev/replace asks for it'],
    [
      'Recovered',
      'it was found outside its ReplicaSet and no claim said why, so its replacement is finished',
    ],
  ] as const)('says why an engine leaves by %s', (cause, why) => {
    const [first] = claims;
    const one = first === undefined ? [] : [{ ...first, cause }];
    expect(tell(one, { restartAt: '2026-03-02T09:00:00Z' })[0]).toContain(`: ${why}; `);
  });

  test('tells three, and counts the others', () => {
    expect(tell(claims)).toHaveLength(4);
    expect(tell(claims).at(-1)).toBe('1 more engine is leaving, see status.disruptions.');
  });

  test('tells how far a roll-out is, and nothing once it is over', () => {
    expect(rolloutSentence(decisionOf(rolling(loading('new'))))).toEqual([
      'Roll-out of revision bbb in place of aaa: Progressing; replacing aaa: a new engine is ready before an old one is drained.',
    ]);
    expect(rolloutSentence(decisionOf(fleetSnapshot(readyEngines(3))))).toEqual([]);
  });

  test('tells why an engine is not replaced', () => {
    const blocked = decisionOf(asking('b', [ready('a', load), silent('b'), ready('c', load)]));
    expect(blockedSentence(blocked)).toEqual([
      'Restart blocked (MetricsMissing): b is not replaced: nothing tells whether it has requests: no page for 20 s: no answer within 5 s.',
    ]);
    expect(blockedSentence(decisionOf(fleetSnapshot(readyEngines(3))))).toEqual([]);
  });
});
