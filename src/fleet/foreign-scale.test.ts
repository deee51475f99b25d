import { describe, expect, test } from 'vitest';
import { NOW, readyEngines } from '../../test/builders/engines.ts';
import { fleet, fleetSnapshot, replicaSet, SCALING } from '../../test/builders/fleets.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { findConflict, noteForeignWrites, type ForeignWrite } from './foreign-scale.ts';

const minutes = (count: number): number => NOW + count * 60_000;
const write = (minute: number, name = 'chat-aaa'): ForeignWrite => ({
  replicaSet: name,
  manager: 'keda-operator',
  atMs: minutes(minute),
});

/** A fleet whose ReplicaSet was last scaled by somebody else at that minute. */
function scaledAt(minute: number | undefined, overrides: Partial<FleetSnapshot> = {}): FleetSnapshot {
  const scaledBy =
    minute === undefined ? {} : { scaledBy: { manager: 'keda-operator', atMs: minutes(minute) } };
  return fleetSnapshot(readyEngines(2), { replicaSets: [replicaSet('aaa', 2, scaledBy)], ...overrides });
}

/** What is known after passes at the minutes of the writes. */
const after = (...writes: readonly number[]): readonly ForeignWrite[] =>
  writes.reduce<readonly ForeignWrite[]>(
    (known, minute) => noteForeignWrites(scaledAt(minute), known, minutes(minute)),
    [],
  );

const conflictAt = (minute: number, writes: readonly ForeignWrite[]): string | undefined =>
  findConflict(scaledAt(undefined), noteForeignWrites(scaledAt(undefined), writes, minutes(minute)))?.reason;

describe('foreign writes of the size', () => {
  test('are counted once, however many passes see them', () => {
    expect(after(0, 0, 0)).toEqual([write(0)]);
  });

  test('are kept in the order in which they were made, whatever order they are seen in', () => {
    const both = scaledAt(2, {
      replicaSets: [
        replicaSet('bbb', 1, { scaledBy: { manager: 'keda-operator', atMs: minutes(3) } }),
        replicaSet('aaa', 2, { scaledBy: { manager: 'keda-operator', atMs: minutes(2) } }),
      ],
    });
    expect(noteForeignWrites(both, [], minutes(3))).toEqual([write(2), write(3, 'chat-bbb')]);
  });

  test('one or two in ten minutes are a person who corrects himself', () => {
    expect(conflictAt(1, after(0, 1))).toBeUndefined();
  });

  test('three in ten minutes are a conflict', () => {
    expect(conflictAt(5, after(0, 1, 5))).toBe('ForeignWrites');
  });

  test('three in more than ten minutes are not', () => {
    expect(conflictAt(11, after(0, 6, 11))).toBeUndefined();
  });

  test('a conflict lasts until ten minutes after the last of them, not after the first', () => {
    const writes = after(0, 4, 9);
    expect([11, 18.9, 19].map((minute) => conflictAt(minute, stepwise(writes, minute)))).toEqual([
      'ForeignWrites',
      'ForeignWrites',
      undefined,
    ]);
  });

  test('a conflict that goes on keeps no more writes than ten minutes hold', () => {
    const every = Array.from({ length: 100 }, (_, index) => index / 2);
    expect(after(...every)).toHaveLength(20);
  });

  test('are nobody’s fight while the operator does not write the size', () => {
    const paused = scaledAt(5, { fleet: fleet({ scaling: { ...SCALING, mode: 'Paused' } }) });
    expect(findConflict(paused, after(0, 1, 5))).toBeUndefined();
  });
});

/** Passes every half minute from the ninth to the given one. */
function stepwise(writes: readonly ForeignWrite[], until: number): readonly ForeignWrite[] {
  let known = writes;
  for (let minute = 9; minute < until; minute += 0.5) {
    known = noteForeignWrites(scaledAt(undefined), known, minutes(minute));
  }
  return known;
}

describe('a HorizontalPodAutoscaler that aims at the fleet', () => {
  const aimed = { autoscalers: ['chat-hpa'] };

  test('is a conflict while spec.scaling is set, and the message says how to end it', () => {
    expect(findConflict(scaledAt(undefined, aimed), [])).toEqual({
      reason: 'HorizontalPodAutoscaler',
      message:
        'HorizontalPodAutoscaler chat-hpa aims at this fleet while spec.scaling is set; the size is left alone ' +
        'until it is deleted, or spec.scaling is removed so that it may rule',
    });
  });

  test('rules a fleet without spec.scaling', () => {
    const fixed = scaledAt(undefined, { ...aimed, fleet: fleet({ scaling: undefined, replicas: 2 }) });
    expect(findConflict(fixed, [])).toBeUndefined();
  });
});
