import { describe, expect, test } from 'vitest';
import {
  askedAt,
  CONTEXT,
  firstSaid,
  lastSaid,
  stopped,
  UNASKABLE,
  watch,
  worked,
  type Life,
  type Trial,
} from '../../../test/builders/acute.ts';
import { NOW } from '../../../test/builders/engines.ts';
import type { EngineSample, RankSample } from '../../engine/sample.ts';

/** Nothing runs, and requests wait for capacity before an empty cache. */
const DEADLOCK: Partial<EngineSample> = {
  running: 0,
  waiting: 4,
  waitingByReason: { capacity: 4, deferred: 0 },
  kvCacheUsage: 0.01,
};
const IDLE: Partial<EngineSample> = {
  running: 0,
  waiting: 0,
  waitingByReason: { capacity: 0, deferred: 0 },
  kvCacheUsage: 0,
};
const noReasons = { waitingByReason: undefined };
/** As from 0.13 on, where the pages that a test makes are not those of the newest. */
const withoutHeartbeat: Life = (second) => ({ ...worked(Math.min(second, 100)), steps: undefined });

describe('an engine that holds requests and stands still', () => {
  test('is suspected after 30 s, asked after 120 s, and proved wedged when the 30 s for an answer are over', () => {
    const seen = watch({ life: stopped(100), seconds: 300 });
    expect(firstSaid(seen)).toEqual({ 'Suspected Wedged': 130, 'Proved Wedged': 250 });
    expect(askedAt(seen)).toEqual([220]);
    expect(lastSaid(seen)).toEqual([
      {
        uid: 'uid-engine-0',
        engine: 'engine-0',
        signature: 'Wedged',
        state: 'Proved',
        confidence: 'High',
        sinceMs: NOW + 120_000,
        reason: 'WedgedProbeUnanswered',
        message:
          'since 2026-03-02T10:02:00Z no engine step, no token and no finished request, with 7 running, 5 waiting for capacity, KV cache 34.8 % in use; asked for a token: no answer within 30 s',
      },
    ]);
  });

  test('stays proved, and is asked no more, for as long as it stands still', () => {
    const seen = watch({ life: stopped(100), seconds: 5400 });
    expect(askedAt(seen)).toEqual([220]);
    const proved = seen.filter(({ second }) => second >= 250).flatMap(({ verdicts }) => verdicts);
    expect(proved.filter(({ confidence }) => confidence !== 'High')).toEqual([]);
    // Once the oldest pages are gone, the token that was asked for tells since when.
    expect(new Set(proved.slice(300).map(({ sinceMs }) => sinceMs))).toEqual(new Set([NOW + 100_000]));
  });

  test('is deadlocked where nothing runs, the cache is empty, and requests wait for capacity', () => {
    const seen = watch({ life: stopped(100, DEADLOCK), seconds: 300 });
    expect(firstSaid(seen)).toEqual({ 'Suspected Deadlocked': 135, 'Proved Deadlocked': 255 });
    expect(lastSaid(seen)[0]?.message).toContain('nothing runs though requests wait, no engine step');
  });

  test('is deadlocked though more and more requests wait', () => {
    const life: Life = (second) =>
      stopped(100, { ...DEADLOCK, waiting: second, waitingByReason: { capacity: second, deferred: 0 } })(
        second,
      );
    expect(firstSaid(watch({ life, seconds: 300 }))).toHaveProperty('Proved Deadlocked');
  });

  const slow: readonly (readonly [what: string, trial: Trial, asked: number, proved: number])[] = [
    ['has no heartbeat', { life: withoutHeartbeat, seconds: 500 }, 420, 450],
    [
      'has never generated a token: it may still compile',
      {
        life: (second) => ({ ...worked(0), generationTokens: 0, promptTokens: Math.min(second, 100) }),
        seconds: 500,
      },
      420,
      450,
    ],
    [
      'has not finished its first request',
      { life: (second) => worked(Math.min(second, 100), { requests: { stop: 0, length: 0 } }), seconds: 500 },
      420,
      450,
    ],
    [
      'may write a profile, which takes minutes',
      { life: stopped(100), context: { ...CONTEXT, hasProfiler: true }, seconds: 800 },
      720,
      750,
    ],
  ];
  test.each(slow)('is given more time where it %s', (_what, trial, asked, proved) => {
    const seen = watch(trial);
    expect(askedAt(seen)).toEqual([asked]);
    expect(firstSaid(seen)).toEqual({ 'Suspected Wedged': 175, 'Proved Wedged': proved });
  });

  test('is proved so by one rank of several, which is asked by its name', () => {
    const rank = (engine: string, second: number): RankSample => {
      const { running, waiting, kvCacheUsage, steps, promptTokens, generationTokens } = worked(second);
      return { engine, running, waiting, kvCacheUsage, steps, promptTokens, generationTokens };
    };
    const life: Life = (second) =>
      worked(second, { ranks: [rank('0', second), rank('1', Math.min(second, 100))] });
    const seen = watch({ life, seconds: 300 });
    expect(firstSaid(seen)).toEqual({ 'Suspected Wedged': 130, 'Proved Wedged': 250 });
    expect(seen.flatMap(({ probes }) => probes.map((one) => one.rank))).toEqual(['1']);
    expect(lastSaid(seen)[0]?.message).toMatch(/^rank 1 of 2: since/);
    // Another rank's answer proves nothing of this one: ten minutes stand in.
    const answered = watch({ life, answer: () => 'Answered', seconds: 900 });
    expect(firstSaid(answered)).toEqual({ 'Suspected Wedged': 130, 'Proved Wedged': 720 });
  });
});

describe('ten minutes stand in for the proof', () => {
  test.each([
    ['where no token can be asked for', { life: stopped(100), context: UNASKABLE, seconds: 900 }],
    ['where the answer tells nothing', { life: stopped(100), answer: () => 'Inconclusive', seconds: 900 }],
    ['of a deadlock too', { life: stopped(95, DEADLOCK), context: UNASKABLE, seconds: 900 }],
  ] as const satisfies readonly (readonly [string, Trial])[])('%s', (_what, trial) => {
    const seen = watch(trial);
    const [signature] = lastSaid(seen).map((verdict) => verdict.signature);
    expect(firstSaid(seen)).toEqual({ [`Suspected ${signature}`]: 130, [`Proved ${signature}`]: 720 });
    expect(lastSaid(seen)).toMatchObject([{ confidence: 'Medium', reason: `${signature}ForTenMinutes` }]);
  });

  test.each([
    ['a profile that is written', { context: { ...UNASKABLE, hasProfiler: true }, life: stopped(100) }],
    ['a pause', { context: { ...UNASKABLE, canBePaused: true }, life: stopped(100) }],
    [
      'waiting for something else than capacity, of which the page does not tell,',
      { context: UNASKABLE, life: stopped(100, { ...DEADLOCK, ...noReasons, dialect: 'v1-0.17' }) },
    ],
  ] as const)('not where %s would look alike', (_what, trial) => {
    const seen = watch({ ...trial, seconds: 1800 });
    expect(lastSaid(seen)).toMatchObject([{ state: 'Suspected' }]);
    expect(Object.keys(firstSaid(seen))).toHaveLength(1);
  });
});

describe('of an engine that is innocent nobody says that it is wedged or deadlocked', () => {
  const quiet: readonly (readonly [what: string, trial: Omit<Trial, 'seconds'>])[] = [
    ['one that works', { life: (second) => worked(second) }],
    ['one that has nothing to do', { life: () => worked(100, IDLE) }],
    [
      'one that is idle all night',
      { life: stopped(100, { running: 0, waiting: 0, waitingByReason: { capacity: 0, deferred: 0 } }) },
    ],
    [
      'one with a request of 40 minutes alone',
      {
        life: (second) =>
          worked(0, { running: 1, waiting: 0, steps: 50 * second, generationTokens: 50 * second }),
      },
    ],
    [
      'one that reads a prompt for minutes: no output, so no step is counted, but its cache fills',
      { life: (second) => worked(0, { running: 1, waiting: 0, kvCacheUsage: 0.0001 * second }) },
    ],
    ['one that sleeps', { life: stopped(100, { isAsleep: true }) }],
    [
      'one whose requests wait for an adapter, a grammar or a slow prefill',
      {
        life: stopped(100, {
          running: 0,
          waiting: 9,
          waitingByReason: { capacity: 0, deferred: 9 },
          kvCacheUsage: 0,
        }),
      },
    ],
    ['one that holds blocks for a transfer', { life: stopped(100, { ...DEADLOCK, kvCacheUsage: 0.4 }) }],
    [
      'one that embeds: it generates nothing, and finishes requests',
      {
        life: (second) =>
          worked(0, { generationTokens: 0, steps: undefined, requests: { stop: Math.floor(second / 20) } }),
      },
    ],
    ['one that shows no counters', { life: () => worked(0, NOTHING_COUNTED) }],
    [
      'one whose page is missing while it stands still',
      { life: (second) => (second > 120 ? 'no answer within 10 s' : worked(Math.min(100, second))) },
    ],
    [
      'one that is read once in a while: two pages a minute apart say nothing of the time between',
      { life: stopped(0), intervalSeconds: 600, context: UNASKABLE },
    ],
  ];
  test.each(quiet)('%s', (_what, trial) => {
    const seen = watch({ ...trial, seconds: 1800 });
    expect(firstSaid(seen)).toEqual({});
    expect(askedAt(seen)).toEqual([]);
  });

  test('one whose counters begin anew: the container was restarted', () => {
    const life: Life = (second) =>
      worked(second % 25 < 20 ? 0 : 1, { processStartTimeSeconds: NOW / 1000 + Math.floor(second / 25) });
    expect(firstSaid(watch({ life, seconds: 600 }))).toEqual({});
    const restarted = watch({
      life: stopped(0),
      told: (second) => ({
        container: { isRunning: true, hasStarted: true, startedAtMs: NOW + (second - (second % 30)) * 1000 },
      }),
      seconds: 600,
    });
    expect(firstSaid(restarted)).toEqual({});
  });

  test('a clock that jumps ahead by an hour proves nothing: the gap counts for 35 s', () => {
    const seen = watch({
      life: stopped(100),
      clock: (second) => NOW + second * 1000 + (second >= 120 ? 3_600_000 : 0),
      seconds: 190,
    });
    expect(Object.keys(firstSaid(seen))).toEqual(['Suspected Wedged']);
    expect(askedAt(seen)).toEqual([]);
  });

  test('a compilation at the first request that ends in time is a suspicion at most', () => {
    const seen = watch({
      life: (second) => (second < 200 ? worked(0, { generationTokens: 0 }) : worked(second)),
      seconds: 600,
    });
    expect(firstSaid(seen)).toEqual({ 'Suspected Wedged': 75 });
    expect(lastSaid(seen)).toEqual([]);
  });

  test('a profile that takes eight minutes is a suspicion, which ends with it', () => {
    const life: Life = (second) => worked(second < 100 || second > 580 ? second : 100);
    const seen = watch({ life, context: { ...CONTEXT, hasProfiler: true }, seconds: 720 });
    expect(firstSaid(seen)).toEqual({ 'Suspected Wedged': 175 });
    expect(lastSaid(seen)).toEqual([]);
  });
});

const NOTHING_COUNTED: Partial<EngineSample> = {
  steps: undefined,
  promptTokens: undefined,
  generationTokens: undefined,
  requests: undefined,
};

describe('an answer', () => {
  test('of an engine whose gauges were stale moves its counters, and it is suspected no more', () => {
    const stale: Life = (second) =>
      second < 230
        ? stopped(100, { dialect: 'v1-0.10' })(second)
        : worked(101, { ...IDLE, dialect: 'v1-0.10' });
    const seen = watch({ life: stale, answer: () => 'Answered', seconds: 3600 });
    expect(firstSaid(seen)).toEqual({ 'Suspected Wedged': 130 });
    expect(askedAt(seen)).toEqual([220]);
    expect(lastSaid(seen)).toEqual([]);
  });

  test('for want of room ends the suspicion; it is asked again in five minutes, and people are told after ten', () => {
    const seen = watch({ life: stopped(100), answer: () => 'Answered', seconds: 900 });
    expect(firstSaid(seen)).toEqual({ 'Suspected Wedged': 130, 'Noted Wedged': 720 });
    expect(askedAt(seen)).toEqual([220, 525, 830]);
    expect(seen.find(({ second }) => second === 225)?.verdicts).toEqual([]);
  });

  test('that it is paused ends the suspicion, and silence after the next question brings it back', () => {
    const answer = (second: number): 'Paused' | 'Silent' => (second < 500 ? 'Paused' : 'Silent');
    const seen = watch({ life: stopped(100), answer, seconds: 900 });
    expect(firstSaid(seen)).toEqual({ 'Suspected Wedged': 130, 'Proved Wedged': 555 });
  });

  test('stale gauges of an old version are told to people where no token tells them from a wedge', () => {
    const trial = { life: stopped(100, { dialect: 'v1-0.12' }), seconds: 1800 };
    expect(firstSaid(watch({ ...trial, context: UNASKABLE }))).toEqual({ 'Noted Wedged': 220 });
    expect(firstSaid(watch({ ...trial, answer: () => 'Inconclusive' }))).toEqual({
      'Suspected Wedged': 130,
      'Noted Wedged': 225,
    });
  });

  test('that comes too early or too late proves nothing', () => {
    // Silent, but asked while the engine still worked.
    const early = {
      sentAtMs: NOW,
      endedAtMs: NOW + 30_000,
      outcome: 'Silent',
      message: 'no answer',
    } as const;
    const seen = watch({ life: stopped(100), told: () => ({ probe: early }), seconds: 600 });
    expect(firstSaid(seen)).toEqual({ 'Suspected Wedged': 130 });
    // It went on while it was asked.
    const late = watch({
      life: (second) => worked(second < 245 ? Math.min(100, second) : second),
      seconds: 400,
    });
    expect(firstSaid(late)).toEqual({ 'Suspected Wedged': 130 });
  });
});
