import { describe, expect, test } from 'vitest';
import { claimOn } from '../../test/builders/claims.ts';
import { inSeconds, NOW, ready, secondsAgo } from '../../test/builders/engines.ts';
import { CLOSED_BREAKER, judgeBreaker, type BreakerInputs, type Halt } from './breaker.ts';

const QUIET: BreakerInputs = { suspected: new Set(), engines: 6, claims: [], judged: [], nowMs: NOW };

/** What comes of these looks, one after the other. */
function halts(...looks: readonly Partial<BreakerInputs>[]): readonly (Halt['reason'] | undefined)[] {
  let memory = CLOSED_BREAKER;
  return looks.map((look) => {
    const judged = judgeBreaker(memory, { ...QUIET, ...look });
    memory = judged.memory;
    return judged.halt?.reason;
  });
}

const uids = (count: number): ReadonlySet<string> =>
  new Set(Array.from({ length: count }, (_, index) => `uid-${index}`));

describe('many suspected at once', () => {
  test.each([
    [1, 1, undefined],
    [1, 2, undefined],
    [2, 2, 'ManyAtOnce'],
    [2, 6, undefined],
    [3, 6, 'ManyAtOnce'],
    [3, 9, undefined],
    [4, 9, 'ManyAtOnce'],
  ] as const)('%d of %d: %s', (suspects, engines, reason) => {
    expect(halts({ suspected: uids(suspects), engines })).toEqual([reason]);
  });

  test('count for ten minutes after they were seen last', () => {
    const one = (uid: string, seconds: number) => ({ suspected: new Set([uid]), nowMs: inSeconds(seconds) });
    expect(halts(one('a', 0), one('b', 200), one('c', 599), { nowMs: inSeconds(600) })).toEqual([
      undefined,
      undefined,
      'ManyAtOnce',
      undefined,
    ]);
  });

  test('are forgotten by a clock that was set back', () => {
    expect(halts({ suspected: uids(3) }, { nowMs: secondsAgo(60) })).toEqual(['ManyAtOnce', undefined]);
  });
});

describe('replacements of dead engines', () => {
  const dead = (name: string, ageSeconds: number) =>
    claimOn(ready(name), {
      command: 'Replace',
      cause: 'Dead',
      step: 'Removing',
      claimedAt: new Date(secondsAgo(ageSeconds)).toISOString(),
    });
  const tries = [{ claims: [dead('a', 900)] }, { claims: [dead('b', 400)] }];
  const made = (...sick: readonly boolean[]) => ({
    suspected: uids(1),
    judged: sick.map((isSick, index) => ({ createdAtMs: secondsAgo(800 - 400 * index), isSick })),
  });

  test('end when all that were made since the first of two are sick as well', () => {
    expect(halts(...tries, made(true, true)).at(-1)).toBe('ReplacementsFail');
  });

  test.each([
    ['one of them is well', [...tries, made(true, false)]],
    ['only one was judged yet', [...tries, made(true)]],
    ['only one was replaced', [...tries.slice(0, 1), made(true, true)]],
    ['nobody is suspected any more', [...tries, { ...made(true, true), suspected: new Set<string>() }]],
    ['it was more than an hour ago', [...tries, { ...made(true, true), nowMs: inSeconds(3600) }]],
  ])('go on while %s', (_what, looks) => {
    expect(halts(...looks).at(-1)).toBeUndefined();
  });
});
