import { expect, test } from 'vitest';
import {
  draining,
  loading,
  NOW,
  ready,
  readyEngines,
  secondsAgo,
  silent,
  terminating,
  unready,
  unschedulable,
} from '../../test/builders/engines.ts';
import { engineLines } from './engine-lines.ts';

const NOBODY = new Map<string, string>();
const load = { running: 12, waiting: 3, kvCacheUsage: 0.42 };

test('every state of an engine reads as a line, worst first', () => {
  const engines = [
    ready('calm', { running: 1, waiting: 0, deferred: 12, kvCacheUsage: 0.1 }, { restarts: 2 }),
    ready('busy', load),
    ready('vague'),
    loading('starts', 90),
    terminating('leaves'),
    silent('mute'),
    draining('goes', [], { page: ready('x', load).page }),
    ready('suspect', load, { serving: 'suspect' }),
    unready('sick', { createdAtMs: secondsAgo(10_000) }),
    unschedulable('homeless', { createdAtMs: secondsAgo(150) }),
    loading('crashes', 60, {
      restarts: 4,
      trouble: { reason: 'CrashLoopBackOff', message: 'last exit Error (code 1)' },
    }),
  ];
  const progress = new Map([['uid-goes', '12 requests left']]);
  expect(engineLines(engines, progress, NOW)).toEqual([
    'crashes: Loading (CrashLoopBackOff: last exit Error (code 1)) on node-1, not serving; 4 restarts',
    'homeless: Pending for 3 min (no node: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu), not serving',
    'sick: Unready for 3 h on node-1, not serving',
    'mute: Ready for 59 min on node-1, no page for 20 s: no answer within 5 s',
    'leaves: Terminating on node-1, leaving',
    'goes: Draining on node-1, running 12, waiting 3, KV 42% (page 2 s old); 12 requests left',
    'suspect: Suspected, out of the Service on node-1, running 12, waiting 3, KV 42% (page 2 s old)',
    'starts: Loading for 90 s on node-1, not serving',
    'busy: Ready for 59 min on node-1, running 12, waiting 3, KV 42% (page 2 s old)',
    'calm: Ready for 59 min on node-1, running 1, waiting 0 (and 12 not for capacity), KV 10% (page 2 s old); 2 restarts',
    'vague: Ready for 59 min on node-1, running ?, waiting ?, KV ? (page 2 s old)',
  ]);
});

test('a sick engine comes before a healthy one, however long that one’s queue', () => {
  const [first] = engineLines([ready('busy', { waiting: 5000 }), loading('starts')], NOBODY, NOW);
  expect(first).toMatch(/^starts/);
});

test('twenty lines are enough: the last one counts the rest', () => {
  expect(engineLines(readyEngines(20, load), NOBODY, NOW)).toHaveLength(20);
  const lines = engineLines(readyEngines(21, load), NOBODY, NOW);
  expect(lines).toHaveLength(20);
  expect(lines.at(-1)).toBe('… and 2 more, all better than these');
});

test('a line is at most 512 characters long', () => {
  const [line] = engineLines([unschedulable('a', { unschedulable: 'x'.repeat(2000) })], NOBODY, NOW);
  expect(line).toHaveLength(512);
});
