import { describe, expect, test } from 'vitest';
import { ready } from '../../../test/builders/engines.ts';
import { HOUR, leakAt, MINUTE, NOW_MS, restartOf } from '../../../test/builders/leaks.ts';
import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';
import { MOST_RESTARTS, rememberRestart, verifyRestarts, type RestartRecord } from './restarts.ts';
import { restartLines } from './text.ts';

/** An engine that was made some minutes after the restart, and was ready a minute later. */
function made(name: string, afterMinutes: number, overrides: Partial<EngineSnapshot> = {}): EngineSnapshot {
  const createdAtMs = NOW_MS + afterMinutes * MINUTE;
  return ready(name, {}, { createdAtMs, readyAtMs: createdAtMs + MINUTE, ...overrides });
}

const LEAKED = restartOf('a', NOW_MS, { foundAfterMs: 8 * HOUR });
const after = (hours: number): number => NOW_MS + hours * HOUR;
const states = (restarts: readonly RestartRecord[]) =>
  restarts.map(({ engine, successor, outcome }) => [engine, successor?.engine, outcome]);

describe('a restart', () => {
  test('helped when the engine in its place served longer than the first one until it was found', () => {
    const engines = [made('old', -600), made('b', 1)];
    expect(states(verifyRestarts([LEAKED], engines, [], after(9)))).toEqual([['a', 'b', 'Pending']]);
    expect(states(verifyRestarts([LEAKED], engines, [], after(10.1)))).toEqual([['a', 'b', 'Helped']]);
  });

  test('did not help when that one shows the same', () => {
    const leak = leakAt('b', after(20));
    expect(states(verifyRestarts([LEAKED], [made('b', 1)], [leak], after(7)))).toEqual([
      ['a', 'b', 'FoundAgain'],
    ]);
    const other = leakAt('b', after(20), { signature: 'KVBlockLeak' });
    const noted = leakAt('b', after(20), { state: 'Noted' });
    const judged = verifyRestarts([LEAKED], [made('b', 1)], [other, noted], after(7));
    expect(states(judged)).toEqual([['a', 'b', 'Pending']]);
  });

  test('is judged once', () => {
    const helped = verifyRestarts([LEAKED], [made('b', 1)], [], after(11));
    expect(verifyRestarts(helped, [made('b', 1)], [leakAt('b', after(20))], after(15))).toBe(helped);
  });

  test('waits for another engine when the one in its place goes', () => {
    const pending = verifyRestarts([LEAKED], [made('b', 1)], [], after(2));
    const next = verifyRestarts(
      pending,
      [made('b', 1, { lifecycle: 'Terminating' }), made('c', 200)],
      [],
      after(11),
    );
    expect(states(next)).toEqual([['a', 'c', 'Pending']]);
  });

  test('is judged by engines of its own revision alone, and nothing new is the very same list', () => {
    const restarts = [LEAKED];
    expect(verifyRestarts(restarts, [made('b', 1, { revision: 'bbb' })], [], after(20))).toBe(restarts);
  });

  test('of a signature other than a leak is judged after an hour', () => {
    const wedged = restartOf('a', NOW_MS, { signature: 'Wedged' });
    expect(states(verifyRestarts([wedged], [made('b', 0)], [], after(1)))).toEqual([['a', 'b', 'Pending']]);
    expect(states(verifyRestarts([wedged], [made('b', 0)], [], after(1.3)))).toEqual([['a', 'b', 'Helped']]);
  });
});

test('each of several restarts has an engine in its place of its own', () => {
  const restarts = [LEAKED, restartOf('x', NOW_MS + MINUTE), restartOf('y', NOW_MS + 2 * MINUTE)];
  const verified = verifyRestarts(restarts, [made('d', 9), made('b', 1), made('c', 5)], [], after(1));
  expect(states(verified)).toEqual([
    ['a', 'b', 'Pending'],
    ['x', 'c', 'Pending'],
    ['y', 'd', 'Pending'],
  ]);
});

test('an engine is recorded once, and the last twenty stay', () => {
  expect(rememberRestart([LEAKED], LEAKED)).toHaveLength(1);
  let restarts: readonly RestartRecord[] = [];
  for (let i = 0; i < 30; i++) restarts = rememberRestart(restarts, restartOf(`e${i}`, NOW_MS + i));
  expect(restarts).toHaveLength(MOST_RESTARTS);
  expect(restarts.at(-1)?.engine).toBe('e29');
});

test('the status tells of the last ten, with what came of each', () => {
  const successor = { uid: 'uid-b', engine: 'b' };
  const lines = restartLines([
    restartOf('a', NOW_MS, { foundAfterMs: 8 * HOUR, perRequest: 90, successor, outcome: 'Helped' }),
    restartOf('b', NOW_MS, { signature: 'KVBlockLeak', perHour: 0.04, foundAfterMs: 4 * HOUR, successor }),
    restartOf('c', NOW_MS, { signature: 'Wedged', successor, outcome: 'FoundAgain' }),
    restartOf('d', NOW_MS, { signature: 'Wedged' }),
  ]);
  expect(lines).toEqual([
    '2026-03-02T10:00Z a was replaced for HostMemoryLeak (90 B a request): it helped, b has served 10 h without the same',
    '2026-03-02T10:00Z b was replaced for KVBlockLeak (4 % of the KV cache an hour): whether it helped shows once b has served 5 h',
    '2026-03-02T10:00Z c was replaced for Wedged: b in its place shows Wedged again',
    '2026-03-02T10:00Z d was replaced for Wedged: there is none in its place yet',
  ]);
  expect(restartLines(Array.from({ length: 15 }, (_, i) => restartOf(`e${i}`, NOW_MS)))).toHaveLength(10);
});
