import type { HistogramName } from '../../engine/sample.ts';
import { describe, expect, test } from 'vitest';
import { ServingSides, type Minute } from '../../../test/builders/serving-sides.ts';
import type { Side } from './tally.ts';
import type { ComparisonVerdict } from './verdict.ts';

const WELL: Minute = { requests: 120, errors: 1 };

/** Two old engines and a new one, all long warm. */
function sideBySide(old: Minute = WELL, fresh: Minute = WELL) {
  const sides = new ServingSides();
  const engines = [sides.add('Old', 'old-1', old), sides.add('Old', 'old-2', old)] as const;
  return { sides, old: engines, fresh: sides.add('New', 'new-1', fresh) };
}

const requestsOf = ({ sides }: { sides: ServingSides }) => sides.memory?.compared.requests;
/** Minutes of one engine in what was compared; less than one may be missing, in the period under way. */
const minutesOf = (one: { sides: ServingSides }, side: Side) =>
  Math.ceil((requestsOf(one)?.[side] ?? NaN) / 120);
const word = ({ kind, reason }: ComparisonVerdict) => `${kind}/${reason}`;

describe('a new version', () => {
  test.each<[what: string, old: Minute, fresh: Minute, verdict: string]>([
    ['that does as well', WELL, WELL, 'NoRegression/WithinLimits'],
    ['with three times the errors', WELL, { ...WELL, errors: 3 }, 'Regression/ErrorRate'],
    ['with errors where there were none', { requests: 120 }, { ...WELL, errors: 3 }, 'Regression/ErrorRate'],
    ['with three times next to no errors', { requests: 120, errors: 0.3 }, WELL, 'NoRegression/WithinLimits'],
    [
      'with half as many errors again',
      { ...WELL, errors: 10 },
      { ...WELL, errors: 15 },
      'NoRegression/WithinLimits',
    ],
    ['with fewer errors', { ...WELL, errors: 10 }, WELL, 'NoRegression/WithinLimits'],
    ['that answers nothing but 5xx', WELL, { requests: 0, failedOverHttp: 120 }, 'Regression/ErrorRate'],
    [
      'that takes twice the time',
      { ...WELL, ttft: 0.3 },
      { ...WELL, ttft: 0.7 },
      'Regression/TimeToFirstToken',
    ],
    [
      'that takes a little longer',
      { ...WELL, ttft: 0.6 },
      { ...WELL, ttft: 0.8 },
      'NoRegression/WithinLimits',
    ],
    ['that is quicker', { ...WELL, ttft: 0.7 }, { ...WELL, ttft: 0.3 }, 'NoRegression/WithinLimits'],
    ['with other prompts', WELL, { ...WELL, errors: 9, promptTokens: 900 }, 'NotComparable/PromptsDiffer'],
  ])('%s', (_, old, fresh, verdict) => {
    expect(word(sideBySide(old, fresh).sides.run(30))).toBe(verdict);
  });

  test('of which some figures are not to be had is judged by the others', () => {
    const bad = { ...WELL, errors: 9, ttft: 2 };
    const hiding = (...hides: readonly HistogramName[]) => {
      const { sides, fresh } = sideBySide(WELL, bad);
      fresh.hides = hides;
      return word(sides.run(30));
    };
    expect(hiding('ttft')).toBe('Regression/ErrorRate');
    expect(hiding('requestPromptTokens')).toBe('NotComparable/PromptsUnknown');
  });

  test('is stopped as soon as chance is ruled out, and says by how much it is worse', () => {
    const { sides } = sideBySide(WELL, { ...WELL, errors: 6 });
    const verdicts = Array.from({ length: 12 }, () => sides.run(0.5));
    expect([...new Set(verdicts.map(word))]).toEqual([
      'NotComparable/TooFewRequests',
      'NoRegression/NotProven',
      'Regression/ErrorRate',
    ]);
    expect(verdicts.at(-1)?.message).toBe(
      'new engines fail 5 % of their requests, old ones 0.8 % in the same time (stopped above 1 % and 2 times the old rate)',
    );
  });

  test('stays stopped whatever it does then, until another revision is to serve', () => {
    const { sides, fresh } = sideBySide(WELL, { ...WELL, errors: 12 });
    const found = sides.run(10);
    expect(found.kind).toBe('Regression');
    fresh.minute = WELL;
    expect(sides.run(60)).toEqual(found);
    sides.revision = 'newer';
    expect(word(sides.run(10))).toBe('NoRegression/WithinLimits');
  });
});

describe('an engine is counted', () => {
  test('ten minutes after it became ready', () => {
    const { sides } = sideBySide();
    const late = sides.add('New', 'new-2', { ...WELL, errors: 60 }, 0);
    sides.run(9.9);
    late.minute = WELL;
    expect(word(sides.run(30))).toBe('NoRegression/WithinLimits');
  });

  test('once it has ended 200 requests, however long that takes', () => {
    const sides = new ServingSides();
    sides.add('Old', 'old-1', WELL);
    const slow = sides.add('New', 'new-1', { requests: 4, errors: 2 }, 30);
    expect(word(sides.run(19))).toBe('NotComparable/WarmingUp');
    slow.minute = WELL;
    expect(word(sides.run(30))).toBe('NoRegression/WithinLimits');
  });

  test('anew after its counters began at zero, and warms up again', () => {
    const one = sideBySide();
    one.sides.run(10);
    const before = requestsOf(one);
    one.fresh.restart();
    one.fresh.minute = { ...WELL, errors: 60 };
    one.sides.run(9.9);
    one.fresh.minute = WELL;
    expect(requestsOf(one)).toEqual(before);
    expect(word(one.sides.run(30))).toBe('NoRegression/WithinLimits');
    expect(minutesOf(one, 'New')).toBe(40);
  });

  test('anew after another process answers, even if its counters are higher', () => {
    const one = sideBySide();
    one.fresh.processStartTimeSeconds = 1;
    one.sides.run(10);
    const before = requestsOf(one);
    one.fresh.processStartTimeSeconds = 2;
    one.sides.run(9.9);
    expect(requestsOf(one)).toEqual(before);
  });

  test('from when it is first seen: what it did before a leader took over is not known in time', () => {
    const one = sideBySide(WELL, { ...WELL, errors: 60 });
    one.sides.run(1);
    one.fresh.minute = WELL;
    one.sides.memory = undefined;
    expect(word(one.sides.run(30))).toBe('NoRegression/WithinLimits');
    expect(minutesOf(one, 'New')).toBe(30);
  });

  test('without what it did while its page was missing for minutes', () => {
    const one = sideBySide();
    one.sides.run(10);
    one.fresh.silent = true;
    one.fresh.minute = { ...WELL, errors: 60 };
    one.sides.run(5);
    one.fresh.silent = false;
    one.fresh.minute = WELL;
    expect(word(one.sides.run(10))).toBe('NoRegression/WithinLimits');
    expect(minutesOf(one, 'New')).toBe(20);
  });

  test('with what it contributed, after it has left', () => {
    const one = sideBySide();
    one.sides.run(10);
    one.sides.remove(one.old[1]);
    one.sides.run(5);
    expect(minutesOf(one, 'Old')).toBe(25);
  });
});

describe('what is no fault of a version does not stop it', () => {
  test.each<
    [what: string, fastMinutes: number, old: readonly [number, number], fresh: readonly [number, number]]
  >([
    ['most requests of old ones came before', 10, [600, 60], [120, 120]],
    ['most requests of new ones come then', 40, [60, 60], [120, 900]],
  ])('a time in which all engines are slow, if %s', (_, fastMinutes, old, fresh) => {
    const one = sideBySide({ requests: old[0], ttft: 0.3 }, { requests: fresh[0], ttft: 0.3 });
    one.sides.run(fastMinutes);
    for (const engine of one.old) engine.minute = { requests: old[1], ttft: 3 };
    one.fresh.minute = { requests: fresh[1], ttft: 3 };
    expect(word(one.sides.run(1.6))).toBe('NoRegression/WithinLimits');
  });

  test('a minute in which all requests of one engine fail, though it takes the error rate over the limit', () => {
    const { sides, fresh } = sideBySide();
    sides.run(5);
    fresh.minute = { ...WELL, errors: 120 };
    sides.run(1);
    fresh.minute = WELL;
    expect(word(sides.run(10))).toBe('NoRegression/NotProven');
  });

  test('a request that finished with error, and was answered with 500, is one failure', () => {
    const both = { requests: 120, errors: 0.9, failedOverHttp: 0.9 };
    expect(word(sideBySide({ requests: 120 }, both).sides.run(60))).toBe('NoRegression/WithinLimits');
    const apart = { requests: 119, errors: 0, failedOverHttp: 3 };
    expect(word(sideBySide({ requests: 120 }, apart).sides.run(60))).toBe('Regression/ErrorRate');
  });

  test('5xx of the one side where the other does not tell its own', () => {
    const fresh = { requests: 110, failedOverHttp: 10 };
    expect(word(sideBySide({ requests: 120, failedOverHttp: undefined }, fresh).sides.run(30))).toBe(
      'NoRegression/WithinLimits',
    );
    expect(word(sideBySide({ requests: 120 }, fresh).sides.run(30))).toBe('Regression/ErrorRate');
  });
});

describe('the evidence', () => {
  test('of a roll-out whose first new engine has just come', () => {
    const { sides } = sideBySide();
    sides.engines.pop();
    sides.add('New', 'new-1', WELL, 1);
    expect(sides.run(1)).toMatchObject({
      message: 'no new engine has warmed up yet',
      evidence: ['0 of 1 new engine and 2 of 2 old engines are warm (10 minutes and 200 requests)'],
    });
  });

  test('has the figures of both sides and the limits, in a few short lines', () => {
    const { sides } = sideBySide(WELL, { ...WELL, ttft: 0.31 });
    expect(sides.run(20).evidence).toEqual([
      'since 1970-01-01T01:40:05Z; 1 of 1 new engine and 2 of 2 old engines are warm (10 minutes and 200 requests)',
      'requests: new 2350, old 4700 (at least 200 each)',
      'error rate: new 0.8 %, old 0.8 % (limit: 1 % and 2 times the old rate)',
      'time to first token, p95: new 0.49 s, old 0.49 s (limit: 1.5 times the old time)',
      'gap between prompt lengths: 0 % of requests (comparable up to 10 %)',
      'odds against chance: errors none, time to first token none (1000:1 stops)',
    ]);
  });
});
