import { describe, expect, test } from 'vitest';
import {
  askedAt,
  CONTEXT,
  firstSaid,
  lastSaid,
  UNASKABLE,
  watch,
  worked,
  type Life,
  type Trial,
} from '../../../test/builders/acute.ts';
import { observed } from '../../../test/builders/pages.ts';
import type { EngineSample } from '../../engine/sample.ts';

/** One request waits while its prompt of 8,000 tokens is read once a second. */
const livelock =
  (told: Partial<EngineSample> = {}): Life =>
  (second) =>
    worked(0, {
      running: 0,
      waiting: 1,
      waitingByReason: { capacity: 1, deferred: 0 },
      steps: 20 * second,
      promptTokens: 8000 * second,
      ...told,
    });
const { maxModelLen: _, ...WITHOUT_LENGTH } = CONTEXT;

describe('prompts that are read again and again while no token comes of them', () => {
  test('are a livelock after five minutes and a token that is not answered', () => {
    const seen = watch({ life: livelock(), seconds: 600 });
    expect(askedAt(seen)).toEqual([300]);
    expect(firstSaid(seen)).toEqual({ 'Suspected Livelocked': 300, 'Proved Livelocked': 330 });
    expect(lastSaid(seen)).toMatchObject([
      {
        confidence: 'High',
        reason: 'PromptsReadInVain',
        message:
          'since 2026-03-02T10:00:00Z 4800000 prompt tokens were read, more than all requests inside could hold, and none was generated, with 0 running, 1 waiting for capacity, KV cache 50 % in use; asked for a token: no answer within 30 s',
      },
    ]);
  });

  test('stay one for as long as it lasts', () => {
    const seen = watch({ life: livelock(), seconds: 3600 });
    expect(askedAt(seen)).toEqual([300]);
    expect(lastSaid(seen)).toMatchObject([{ state: 'Proved', confidence: 'High' }]);
  });

  test('are one after fourteen minutes where no token can be asked for', () => {
    const seen = watch({ life: livelock(), context: UNASKABLE, seconds: 1200 });
    expect(firstSaid(seen)).toEqual({ 'Suspected Livelocked': 300, 'Proved Livelocked': 840 });
  });

  test('are none where the engine answers', () => {
    expect(firstSaid(watch({ life: livelock(), answer: () => 'Answered', seconds: 1200 }))).toEqual({
      'Suspected Livelocked': 300,
    });
  });

  test('are measured by the prompts that the page has seen where the longest context is not known', () => {
    const histograms = { requestPromptTokens: observed([1, 1000, 5000], [10, 900]) };
    const trial = { context: WITHOUT_LENGTH, seconds: 400 };
    expect(firstSaid(watch({ ...trial, life: livelock({ histograms }) }))).toHaveProperty(
      'Proved Livelocked',
    );
    expect(firstSaid(watch({ ...trial, life: livelock() }))).toEqual({});
  });
});

describe('no livelock is', () => {
  const embeds = (second: number): Partial<EngineSample> => ({ requests: { stop: Math.floor(second / 30) } });
  const cases: readonly (readonly [what: string, trial: Omit<Trial, 'seconds'>])[] = [
    [
      'an engine that generates',
      { life: (second) => livelock({ generationTokens: Math.floor(second / 60) })(second) },
    ],
    [
      'one that embeds, or only reads prompts for others: it finishes requests',
      { life: (second) => livelock(embeds(second))(second) },
    ],
    ['a long queue whose prompts are read once', { life: livelock({ waiting: 600 }) }],
    [
      'prompts that are read as long as they are',
      { life: livelock(), context: { ...CONTEXT, maxModelLen: 10_000_000 } },
    ],
    [
      'requests that wait for something else',
      { life: livelock({ waitingByReason: { capacity: 0, deferred: 1 } }) },
    ],
    [
      'a prompt of which no more was read for a minute',
      { life: (second) => livelock({ promptTokens: 8000 * Math.min(second, 200) })(second) },
    ],
  ];
  test.each(cases)('%s', (_what, trial) => {
    expect(firstSaid(watch({ ...trial, seconds: 900 }))).toEqual({});
  });
});
