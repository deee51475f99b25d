import { describe, expect, test } from 'vitest';
import { fleet, replicaSet } from '../../test/builders/fleets.ts';
import { targetRevision } from './target-revision.ts';

const sets = [replicaSet('aaa', 3), replicaSet('bbb', 1, { createdAtMs: 9 }), replicaSet('old', 0)];
const stopped = {
  rollout: { to: 'bbb', progress: '', phase: 'Stopped', reason: 'X', message: 'x', blockedRevision: 'bbb' },
};

describe('the revision that is to serve', () => {
  test.each<[what: string, rollout: object, status: object | undefined, target: string]>([
    ['is the spec’s', {}, undefined, 'bbb'],
    [
      'is the one that a person goes back to, with or without engines',
      { rollbackTo: 'old' },
      undefined,
      'old',
    ],
    ['is the most used while the one to go back to does not exist', { rollbackTo: 'zzz' }, undefined, 'aaa'],
    ['is the spec’s though it was stopped, unless it rolls back by itself', {}, stopped, 'bbb'],
    ['is the most used other one when it does', { autoRollback: true }, stopped, 'aaa'],
    [
      'is the spec’s while that one is not the one that was stopped',
      { autoRollback: true },
      undefined,
      'bbb',
    ],
    [
      'is what a person says, whatever was stopped',
      { autoRollback: true, rollbackTo: 'bbb' },
      stopped,
      'bbb',
    ],
  ])('%s', (_what, rollout, status, target) => {
    expect(targetRevision(fleet({ rollout }, status), 'bbb', sets)).toBe(target);
  });

  test('is the spec’s in a fleet that has no other', () => {
    expect(targetRevision(fleet({ rollout: { autoRollback: true } }, stopped), 'bbb', [])).toBe('bbb');
    expect(targetRevision(fleet({ rollout: { rollbackTo: 'zzz' } }), 'bbb', [])).toBe('bbb');
  });

  test('is the newer of two that have as many engines', () => {
    const even = [replicaSet('aaa', 2, { createdAtMs: 1 }), replicaSet('ccc', 2, { createdAtMs: 2 })];
    expect(targetRevision(fleet({ rollout: { autoRollback: true } }, stopped), 'bbb', even)).toBe('ccc');
  });
});
