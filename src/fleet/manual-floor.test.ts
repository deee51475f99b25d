import { describe, expect, test } from 'vitest';
import { inSeconds, NOW, readyEngines, secondsAgo } from '../../test/builders/engines.ts';
import { fleet, fleetSnapshot, replicaSet, SCALING } from '../../test/builders/fleets.ts';
import type { ManualFloor } from '../api/v1alpha1/status.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { manualFloorAt } from './manual-floor.ts';

const at = (ms: number): string => new Date(ms).toISOString();
const HOUR = 3600;

function floor(replicas: number, sinceSeconds: number, source: ManualFloor['source']): ManualFloor {
  return {
    replicas,
    since: at(secondsAgo(sinceSeconds)),
    until: at(secondsAgo(sinceSeconds - HOUR)),
    source,
  };
}

interface Situation {
  readonly replicas?: number;
  /** `spec.replicas` at the last pass, when it was another. */
  readonly before?: number;
  /** The floor that status tells. */
  readonly known?: ManualFloor;
  /** A person set the ReplicaSet to this size, so many seconds ago. */
  readonly byHand?: readonly [replicas: number, secondsAgo: number];
}

function floorIn({ replicas, before = replicas, known, byHand }: Situation): ManualFloor | undefined {
  const status = { scaling: { decidedAt: at(NOW), reason: 'X', message: 'x', manualFloor: known } };
  const spec = replicas === undefined ? {} : { replicas };
  const set =
    byHand === undefined
      ? replicaSet('aaa', 2)
      : replicaSet('aaa', byHand[0], { scaledBy: { manager: 'kubectl', atMs: secondsAgo(byHand[1]) } });
  const snapshot: FleetSnapshot = fleetSnapshot(readyEngines(2), {
    fleet: fleet(spec, known === undefined ? undefined : status),
    replicaSets: [set],
  });
  return manualFloorAt(snapshot, before, NOW);
}

describe('a manual floor', () => {
  const cases: readonly (readonly [what: string, situation: Situation, floor: ManualFloor | undefined])[] = [
    ['is absent while nobody sets a size', {}, undefined],
    ['begins when spec.replicas is set', { replicas: 4 }, floor(4, 0, 'Spec')],
    ['goes on while the number stays', { replicas: 4, known: floor(4, 600, 'Spec') }, floor(4, 600, 'Spec')],
    [
      'begins anew when the number changes',
      { replicas: 5, known: floor(4, 600, 'Spec') },
      floor(5, 0, 'Spec'),
    ],
    [
      'stays in status when its hour is over',
      { replicas: 4, known: floor(4, 7200, 'Spec') },
      floor(4, 7200, 'Spec'),
    ],
    ['is gone when spec.replicas is taken away', { known: floor(4, 600, 'Spec') }, undefined],
    [
      'is adopted from a write of the ReplicaSet, from the time of the write',
      { byHand: [6, 30] },
      floor(6, 30, 'ReplicaSet'),
    ],
    [
      'is adopted from a write that came while no operator ran',
      { byHand: [6, 1800] },
      floor(6, 1800, 'ReplicaSet'),
    ],
    [
      'of a write goes on when our next write has taken over the field',
      { known: floor(6, 600, 'ReplicaSet') },
      floor(6, 600, 'ReplicaSet'),
    ],
    [
      'of a newer write replaces an older number of the spec',
      { replicas: 4, known: floor(4, 600, 'Spec'), byHand: [6, 30] },
      floor(6, 30, 'ReplicaSet'),
    ],
    [
      'of an older write gives way to a newer number of the spec',
      { replicas: 4, before: 2, known: floor(6, 600, 'ReplicaSet'), byHand: [6, 600] },
      floor(4, 0, 'Spec'),
    ],
    [
      'of a write that is over is not followed by the old number of the spec',
      { replicas: 4, known: floor(6, 7200, 'ReplicaSet') },
      floor(6, 7200, 'ReplicaSet'),
    ],
  ];
  test.each(cases)('%s', (_what, situation, expected) => {
    expect(floorIn(situation)).toEqual(expected);
  });

  test('is no floor in a fleet of fixed size', () => {
    const fixed = fleetSnapshot(readyEngines(2), { fleet: fleet({ scaling: undefined, replicas: 2 }) });
    expect(manualFloorAt(fixed, undefined, NOW)).toBeUndefined();
  });

  test('holds as long as manualHoldMinutes says', () => {
    const held = fleetSnapshot(readyEngines(2), {
      fleet: fleet({ replicas: 4, scaling: { ...SCALING, manualHoldMinutes: 5 } }),
    });
    expect(manualFloorAt(held, 4, NOW)?.until).toBe(at(inSeconds(300)));
  });
});
