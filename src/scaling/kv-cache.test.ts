import { describe, expect, test } from 'vitest';
import {
  loading,
  NOW,
  ready,
  readyEngines,
  readyWith,
  silent,
  unready,
  unschedulable,
} from '../../test/builders/engines.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import { fleetLoad } from './fleet-load.ts';
import { proposeByKVCache } from './kv-cache.ts';

const propose = (engines: readonly EngineSnapshot[], target = 0.8): ReturnType<typeof proposeByKVCache> =>
  proposeByKVCache(engines.length, fleetLoad(engines, 1800, NOW), target);
const busy = (kvCacheUsage: number): { kvCacheUsage: number; waiting: number } => ({
  kvCacheUsage,
  waiting: 0,
});

type Case = readonly [when: string, engines: readonly EngineSnapshot[], size: number, reason: string];

describe('the KV rule', () => {
  const cases: readonly Case[] = [
    ['grows 2 engines at 0.95 to 3', readyEngines(2, busy(0.95)), 3, 'KVOverTarget'],
    ['grows 4 full engines to 5', readyEngines(4, busy(1)), 5, 'KVOverTarget'],
    ['holds at 10 % above the target', readyEngines(5, busy(0.88)), 5, 'KVWithinTolerance'],
    ['grows just above 10 % over the target', readyEngines(5, busy(0.881)), 6, 'KVOverTarget'],
    ['holds at the target', readyEngines(3, busy(0.8)), 3, 'KVWithinTolerance'],
    ['holds at 10 % below the target', readyEngines(10, busy(0.72)), 10, 'KVWithinTolerance'],
    ['shrinks just below 10 % under the target', readyEngines(20, busy(0.719)), 18, 'KVUnderTarget'],
    ['shrinks 4 idle engines to 1, never to 0', readyEngines(4, busy(0)), 1, 'KVUnderTarget'],
    ['keeps 3 engines when 2 could not hold the load', readyEngines(3, busy(0.6)), 3, 'KVUnderTarget'],
    ['shrinks 3 engines when 2 can hold the load', readyEngines(3, busy(0.53)), 2, 'KVUnderTarget'],
    [
      'sizes by the mean, not by the worst engine',
      readyWith(busy(1), busy(0.2), busy(0.2), busy(0.2)),
      2,
      'KVUnderTarget',
    ],
    [
      'holds when 2 requests wait an engine, however empty the caches',
      readyEngines(4, { kvCacheUsage: 0.1, waiting: 2 }),
      4,
      'QueueNotEmpty',
    ],
    [
      'shrinks while fewer than 2 wait an engine',
      readyWith({ kvCacheUsage: 0.1, waiting: 2 }, { kvCacheUsage: 0.1, waiting: 1 }),
      1,
      'KVUnderTarget',
    ],
    [
      'holds when a page does not tell its queue',
      readyWith(busy(0.1), { kvCacheUsage: 0.1 }),
      2,
      'QueueUnknown',
    ],
  ];
  test.each(cases)('%s', (_when, engines, size, reason) => {
    expect(propose(engines)).toMatchObject({ kind: 'Size', size, reason });
  });

  test('tells its arithmetic', () => {
    expect(propose(readyEngines(2, busy(0.95)))).toMatchObject({
      signal: 'KVCache',
      message: '2 engines at 0.95 mean KV usage / target 0.80 = 3',
    });
  });

  test('orders no engine for floating-point dust: (0.1 + 0.2) / 0.1 is 3.0000000000000004', () => {
    expect(propose(readyWith(busy(0.1), busy(0.2)), 0.1)).toMatchObject({ size: 3 });
  });
});

describe('the KV rule counts what it does not know against itself', () => {
  const cases: readonly Case[] = [
    [
      'an engine that starts is empty on the way up: no second order for the same load',
      [...readyEngines(2, busy(1)), loading('c')],
      3,
      'CapacityStarting',
    ],
    [
      'more than what starts can take is ordered all the same',
      [...readyEngines(8, busy(1)), loading('i')],
      10,
      'KVOverTarget',
    ],
    [
      'an engine that starts is no idle engine on the way down',
      [...readyEngines(2, busy(0.3)), loading('c')],
      2,
      'KVUnderTarget',
    ],
    [
      'an engine that finds no node is not kept on the way down',
      [...readyEngines(2, busy(0.3)), unschedulable('c')],
      1,
      'KVUnderTarget',
    ],
    [
      'an unready engine brings nothing and is not kept',
      [...readyEngines(3, busy(0.5)), unready('d')],
      2,
      'KVUnderTarget',
    ],
    ['a missing page is empty on the way up', [ready('a', busy(1)), silent('b')], 2, 'PagesMissing'],
    [
      'an engine that fell silent while loaded keeps its load on the way up',
      [ready('a', busy(1)), silent('b', busy(1))],
      3,
      'KVOverTarget',
    ],
    [
      'a missing page is full on the way down',
      [...readyEngines(3, busy(0.1)), silent('d')],
      2,
      'KVUnderTarget',
    ],
    [
      'the worked number of ADR 6: (3 × 0.5 + 0.8) / 0.8',
      [...readyEngines(3, busy(0.5)), silent('d')],
      3,
      'KVUnderTarget',
    ],
    [
      'a page without KV usage counts as missing',
      readyWith(busy(0.1), busy(0.1), busy(0.1), { waiting: 0 }),
      2,
      'KVUnderTarget',
    ],
  ];
  test.each(cases)('%s', (_when, engines, size, reason) => {
    expect(propose(engines)).toMatchObject({ kind: 'Size', size, reason });
  });

  test('abstains when no ready engine tells its usage', () => {
    expect(propose([silent('a'), ready('b', { waiting: 0 }), loading('c')])).toMatchObject({
      kind: 'Abstain',
      reason: 'NoData',
    });
  });

  test('says what it counts as empty, and does not call that tolerance', () => {
    expect(propose([...readyEngines(2, busy(1)), silent('c'), loading('d')])).toMatchObject({
      message:
        '3 engines at 0.93 mean KV usage / target 0.80 = 4, ' +
        'but the mean is 0.50 with 1 starting and 1 without usage on a fresh page counted as empty',
    });
  });
});
