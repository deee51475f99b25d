import { expect, test } from 'vitest';
import type { WrittenStatus } from './status.ts';
import { claimsKey, differsInSubstance } from './substance.ts';

const ROLLOUT = {
  to: 'bbb',
  progress: '1/3 on revision bbb',
  phase: 'Progressing',
  reason: 'Progressing',
} as const;
const base: WrittenStatus = {
  rollout: { ...ROLLOUT, message: 'replacing aaa' },
};

const changes: readonly (readonly [what: string, next: WrittenStatus])[] = [
  ['a roll-out is stopped', { ...base, rollout: { ...ROLLOUT, phase: 'Stopped', message: 'x' } }],
  [
    'it is stopped for another reason',
    { ...base, rollout: { ...ROLLOUT, reason: 'CrashLoop', message: 'x' } },
  ],
  ['a revision is given up', { ...base, rollout: { ...ROLLOUT, blockedRevision: 'bbb', message: 'x' } }],
  ['another revision is to serve', { ...base, rollout: { ...ROLLOUT, to: 'ccc', message: 'x' } }],
];

test.each(changes)('a person must see at once that %s', (_what, next) => {
  expect(differsInSubstance(base, next)).toBe(true);
});

test('what a roll-out waits for may be told with the next refresh', () => {
  const next = {
    ...base,
    rollout: { ...ROLLOUT, progress: '1/4 on revision bbb', message: 'replacing aaa: 9 s left' },
  };
  expect(differsInSubstance(base, next)).toBe(false);
});

const CLAIM = {
  victimUID: 'uid-a',
  engine: 'a',
  command: 'Replace',
  cause: 'Requested',
  revision: 'aaa',
  step: 'Surging',
  claimedAt: '2026-01-02T03:04:05.000Z',
  deadline: '2026-01-02T03:34:05.000Z',
} as const;

test.each([
  ['a claim is made', { disruptions: [CLAIM] }, {}],
  ['it takes a step', { disruptions: [CLAIM] }, { disruptions: [{ ...CLAIM, step: 'Draining' }] }],
  ['it is over', { disruptions: [CLAIM] }, { disruptionHistory: ['2026-01-02T03:05:05.000Z Drained: …'] }],
] as const)('the status is written again when %s', (_what, before, after) => {
  expect(claimsKey(before)).not.toBe(claimsKey(after));
});

test('and not because a deadline was set', () => {
  const later = { ...CLAIM, deadline: '2026-01-02T03:44:05.000Z' };
  expect(claimsKey({ disruptions: [later] })).toBe(claimsKey({ disruptions: [CLAIM] }));
});
