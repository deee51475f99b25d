import { describe, expect, test } from 'vitest';
import { CONTEXT } from '../../../test/builders/acute.ts';
import { loading, NOW, ready, secondsAgo } from '../../../test/builders/engines.ts';
import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';
import type { Verdict } from '../verdict.ts';
import { judgeAcute } from './judge-acute.ts';

const OFFLOADS = { ...CONTEXT, offloadsKv: true };
type End = NonNullable<NonNullable<EngineSnapshot['container']>['lastEnd']>;

const ended = (told: Partial<End> = {}, isRunning = false): Pick<EngineSnapshot, 'container'> => ({
  container: {
    isRunning,
    hasStarted: isRunning,
    memoryLimitBytes: 16 * 2 ** 30,
    lastEnd: { reason: 'Error', exitCode: 1, atMs: secondsAgo(60), ...told },
  },
});
const looping = (told: Partial<EngineSnapshot> = {}, end: Partial<End> = {}): EngineSnapshot =>
  loading('engine-0', 3600, {
    restarts: 4,
    trouble: { reason: 'CrashLoopBackOff', message: 'back-off 1m20s restarting failed container=engine' },
    scheduledAtMs: secondsAgo(3600),
    unreadySinceMs: secondsAgo(600),
    ...ended(end),
    ...told,
  });
const said = (engines: readonly EngineSnapshot[], context = CONTEXT): readonly Verdict[] =>
  judgeAcute(engines, context, NOW).verdicts;
const names = (verdicts: readonly Verdict[]): readonly string[] =>
  verdicts.map(({ state, signature, confidence }) => `${state} ${signature} ${confidence}`);

describe('CrashLoop', () => {
  test('is noted of a container that waits to be restarted, with how it ended and its last words', () => {
    const [verdict] = said([
      looping({}, { exitCode: 2, message: 'INFO start\nerror: unrecognized arguments: --swap-space' }),
    ]);
    expect(verdict).toMatchObject({
      signature: 'CrashLoop',
      state: 'Noted',
      reason: 'CrashLoopBackOff',
      message:
        'it restarted 4 times and is not Ready; it last ended at 2026-03-02T09:59:00Z with Error (exit code 2): "error: unrecognized arguments: --swap-space"',
    });
  });

  test.each([
    ['one that loads once more after many restarts', { trouble: undefined }, ['Noted CrashLoop High']],
    [
      'one whose last restart was yesterday',
      { trouble: undefined, ...ended({ atMs: secondsAgo(86_400) }) },
      [],
    ],
    ['one that is Ready again', { trouble: undefined, lifecycle: 'Ready' as const }, []],
    ['one that was restarted twice', { trouble: undefined, restarts: 2 }, []],
  ])('of %s', (_what, { trouble, ...told }, expected) => {
    const { trouble: __, ...engine } = looping(told);
    expect([trouble, ...names(said([engine]))]).toEqual([undefined, ...expected]);
  });
});

describe('OOMKilled', () => {
  const killed = { reason: 'OOMKilled', exitCode: 137 };

  test('is noted for an hour, with the limit', () => {
    const engine = ready('engine-0', {}, { restarts: 1, ...ended(killed, true) });
    expect(said([engine])).toMatchObject([
      {
        signature: 'OOMKilled',
        state: 'Noted',
        confidence: 'High',
        sinceMs: secondsAgo(60),
        message:
          'its container, with a limit of 16 GiB, was killed for want of memory; it last ended at 2026-03-02T09:59:00Z with OOMKilled (exit code 137); it restarted 1 time',
      },
    ]);
    expect(judgeAcute([engine], CONTEXT, NOW + 3_600_000).verdicts).toEqual([]);
  });

  test('is not what ends with the same code for another reason', () => {
    expect(said([ready('engine-0', {}, { restarts: 1, ...ended({ exitCode: 137 }, true) })])).toEqual([]);
  });
});

describe('SharedMemoryLeftOver', () => {
  test('is proved of one that was ready, keeps KV blocks in /dev/shm, and crashes again and again', () => {
    const [verdict] = said([looping()], OFFLOADS);
    expect(verdict).toMatchObject({
      signature: 'SharedMemoryLeftOver',
      state: 'Proved',
      confidence: 'Medium',
    });
    expect(verdict?.message).toContain('it restarted 4 times without becoming Ready; it last ended');
  });

  const words = "FileExistsError: [Errno 17] File exists: '/vllm_offload_0'";
  const cases: readonly (readonly [
    what: string,
    engines: readonly EngineSnapshot[],
    expected: readonly string[],
  ])[] = [
    [
      'of one whose last words say so',
      [looping({}, { message: words })],
      ['Proved SharedMemoryLeftOver High'],
    ],
    [
      'of one that was never ready, where its like are',
      [looping({ unreadySinceMs: secondsAgo(3599) }), ready('other')],
      ['Proved SharedMemoryLeftOver Medium'],
    ],
    [
      'not of one that was never ready, nor any of its revision: the image or its arguments',
      [looping({ unreadySinceMs: secondsAgo(3599) }), ready('other', {}, { revision: 'bbb' })],
      ['Noted CrashLoop High'],
    ],
    [
      'not of one that was ready until its last crash',
      [looping({ unreadySinceMs: secondsAgo(61) })],
      ['Noted CrashLoop High'],
    ],
    [
      'not of a first crash in a row after many in another week',
      [
        looping({
          trouble: { reason: 'CrashLoopBackOff', message: 'back-off 10s restarting failed container' },
        }),
      ],
      ['Noted CrashLoop High'],
    ],
    [
      'not of one that was killed for want of memory',
      [looping({}, { reason: 'OOMKilled', exitCode: 137 })],
      ['Noted OOMKilled High', 'Noted CrashLoop High'],
    ],
  ];
  test.each(cases)('%s', (_what, engines, expected) => {
    expect(names(said(engines, OFFLOADS))).toEqual(expected);
  });

  test('not of one that keeps no KV blocks in host memory', () => {
    expect(names(said([looping({}, { message: words })]))).toEqual(['Noted CrashLoop High']);
  });
});
