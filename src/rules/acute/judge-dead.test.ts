import { describe, expect, test } from 'vitest';
import {
  askedAt,
  CONTEXT,
  engineWith,
  firstSaid,
  lastSaid,
  UNASKABLE,
  watch,
  worked,
  type Life,
  type Trial,
} from '../../../test/builders/acute.ts';
import { NOW, ready } from '../../../test/builders/engines.ts';
import type { EngineSample } from '../../engine/sample.ts';
import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';
import { judgeAcute } from './judge-acute.ts';

const DIES_AT = 100;
const REFUSED = '10.0.0.7:8000: connection refused';
const dies: Life = (second) => (second < DIES_AT ? worked(second) : REFUSED);
const IDLE: Partial<EngineSample> = {
  running: 0,
  waiting: 0,
  waitingByReason: { capacity: 0, deferred: 0 },
  kvCacheUsage: 0,
};
const isDead = (second: number): boolean => second >= DIES_AT + 10;
/** What the kubelet says of an engine that fails its readiness probe from ten seconds after it died. */
const unready = (second: number): Partial<EngineSnapshot> =>
  isDead(second) ? { lifecycle: 'Unready', unreadySinceMs: NOW + (DIES_AT + 10) * 1000 } : {};

describe('an engine that had served and that nobody reaches any more', () => {
  test('is asked for a token after 30 s, and proved dead after 60 s', () => {
    const seen = watch({ life: dies, told: unready, answer: () => 'Refused', seconds: 300 });
    expect(askedAt(seen)).toEqual([140]);
    expect(firstSaid(seen)).toEqual({ 'Proved EngineDead': 170 });
    expect(lastSaid(seen)).toEqual([
      {
        uid: 'uid-engine-0',
        engine: 'engine-0',
        signature: 'EngineDead',
        state: 'Proved',
        confidence: 'High',
        sinceMs: NOW + 110_000,
        reason: 'NobodyAnswers',
        message:
          'its container runs, but it is not Ready since 2026-03-02T10:01:50Z, no page since 2026-03-02T10:01:35Z (10.0.0.7:8000: connection refused); asked for a token: connection refused',
      },
    ]);
  });

  test('is suspected while it has time to answer', () => {
    const seen = watch({ life: dies, told: unready, answer: () => 'Silent', seconds: 168 });
    expect(askedAt(seen)).toEqual([140]);
    const later = watch({ life: dies, told: unready, context: UNASKABLE, seconds: 900 });
    expect(firstSaid(later)).toEqual({ 'Suspected EngineDead': 170, 'Proved EngineDead': 710 });
  });

  test('is so too though its server shows its last page for ever, and held no request', () => {
    const life: Life = (second) => worked(Math.min(second, DIES_AT), IDLE);
    const seen = watch({ life, told: unready, answer: () => 'Refused', seconds: 300 });
    expect(askedAt(seen)).toEqual([140]);
    expect(firstSaid(seen)).toEqual({ 'Proved EngineDead': 170 });
    expect(lastSaid(seen)[0]?.message).toContain('nothing moves on its page since 2026-03-02T10:0');
  });

  test('is so too for a leader that is new and has read no page of it', () => {
    const seen = watch({ life: () => REFUSED, told: unready, seconds: 300 });
    expect(firstSaid(seen)).toEqual({ 'Proved EngineDead': 170 });
  });
});

describe('nobody is said to be dead', () => {
  const trials: readonly (readonly [what: string, trial: Omit<Trial, 'seconds'>])[] = [
    ['of whom a page is missing, and no more: a NetworkPolicy kills nothing', { life: dies }],
    [
      'who is Ready to the kubelet, however long no page comes and whatever the probe says',
      { life: dies, answer: () => 'Refused', context: UNASKABLE },
    ],
    [
      'who was not ready for a moment while no page comes',
      {
        life: dies,
        answer: () => 'Refused',
        told: (second) =>
          second % 120 < 20
            ? { lifecycle: 'Unready', unreadySinceMs: NOW + (second - (second % 120)) * 1000 }
            : {},
      },
    ],
    [
      'who is not Ready but works',
      { life: (second) => worked(second), told: unready, answer: () => 'Refused' },
    ],
    [
      'who is idle, and not Ready for whatever reason, but answers',
      { life: () => worked(0, IDLE), told: unready, answer: () => 'Answered' },
    ],
    ['who is idle, and cannot be asked', { life: () => worked(0, IDLE), told: unready, context: UNASKABLE }],
    ['who sleeps', { life: () => worked(0, { ...IDLE, isAsleep: true }), told: unready }],
    ['who answers', { life: dies, told: unready, answer: () => 'Answered' }],
    ['who says that it is paused', { life: dies, told: unready, answer: () => 'Paused' }],
    [
      'whose container does not run: the kubelet starts it again',
      {
        life: dies,
        told: (second) => ({ ...unready(second), container: { isRunning: false, hasStarted: false } }),
      },
    ],
    ['who still loads', { life: () => REFUSED, told: () => ({ lifecycle: 'Loading', unreadySinceMs: NOW }) }],
    ['who leaves', { life: dies, told: (second) => ({ ...unready(second), lifecycle: 'Terminating' }) }],
  ];
  test.each(trials)('%s', (_what, trial) => {
    expect(firstSaid(watch({ ...trial, seconds: 1200 }))).not.toHaveProperty('Proved EngineDead');
  });

  test('whom the scraper has stopped asking', () => {
    const history = { samples: [], lastError: { atMs: NOW, reason: 'Refused', message: REFUSED } };
    const probe = {
      sentAtMs: NOW + 50_000,
      endedAtMs: NOW + 51_000,
      outcome: 'Refused',
      message: REFUSED,
    } as const;
    const engine = engineWith(history, probe, { lifecycle: 'Unready', unreadySinceMs: NOW });
    const at = (seconds: number): number =>
      judgeAcute([engine], CONTEXT, NOW + seconds * 1000).verdicts.length;
    expect([at(60), at(300)]).toEqual([1, 0]);
  });

  test('when the pages of the whole fleet fail at once and the kubelet has no complaint', () => {
    const history = { samples: [], lastError: { atMs: NOW, reason: 'Refused', message: REFUSED } };
    const fleet = ['a', 'b', 'c'].map((name) => ready(name, {}, { history }));
    expect(judgeAcute(fleet, CONTEXT, NOW)).toEqual({ verdicts: [], probes: [] });
  });
});
