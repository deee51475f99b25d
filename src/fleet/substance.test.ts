import { expect, test } from 'vitest';
import type { WrittenStatus } from './status.ts';
import { differsInSubstance } from './substance.ts';

const ROLLOUT = {
  to: 'bbb',
  progress: '1/3 on revision bbb',
  phase: 'Progressing',
  reason: 'Progressing',
} as const;
const GONE = {
  at: '2026-01-02T03:04:05.000Z',
  engine: 'chat-aaa-1',
  command: 'Replace',
  cause: 'Restart',
  outcome: 'Drained',
  message: 'chat-aaa-1 left after 20 s, no request was cut',
} as const;

const base: WrittenStatus = {
  rollout: { ...ROLLOUT, message: 'replacing aaa' },
  disruptionHistory: [GONE],
};

const changes: readonly (readonly [what: string, next: WrittenStatus])[] = [
  ['a roll-out is stopped', { ...base, rollout: { ...ROLLOUT, phase: 'Stopped', message: 'x' } }],
  [
    'it is stopped for another reason',
    { ...base, rollout: { ...ROLLOUT, reason: 'CrashLoop', message: 'x' } },
  ],
  ['a revision is given up', { ...base, rollout: { ...ROLLOUT, blockedRevision: 'bbb', message: 'x' } }],
  ['another revision is to serve', { ...base, rollout: { ...ROLLOUT, to: 'ccc', message: 'x' } }],
  ['one more engine has left', { ...base, disruptionHistory: [GONE, { ...GONE, engine: 'chat-aaa-2' }] }],
  [
    'the same engine could not be replaced again',
    { ...base, disruptionHistory: [GONE, { ...GONE, outcome: 'Blocked' }] },
  ],
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
