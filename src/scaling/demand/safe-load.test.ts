import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NO_FLOW, type Flow } from './flow.ts';
import { MISSES_ALLOWED, recordLoad, safeLoad, type LoadRecord, type SafeLoad } from './safe-load.ts';

/** A step of the record. */
const STEP = 1.25;

interface Misses {
  readonly late?: number;
  readonly slow?: number;
  /** Share of those that wait too long in the queue. */
  readonly queued?: number;
}

function served(requests: number, { late = 0, slow = 0, queued = 0 }: Misses): Flow {
  return {
    ...NO_FLOW,
    firstTokens: requests,
    lateFirstTokens: late * requests,
    paced: requests,
    slow: slow * requests,
    dequeued: requests,
    longQueued: queued * requests,
  };
}

type Look = readonly [load: number, misses: Misses, requests?: number];

function recordOf(...looks: readonly Look[]): LoadRecord {
  return looks.reduce<LoadRecord>(
    (record, [load, misses, requests = 2000]) => recordLoad(record, load, served(requests, misses), 0),
    new Map(),
  );
}

const judge = (...looks: readonly Look[]): SafeLoad => safeLoad(recordOf(...looks), true);

const loadOf = (verdict: SafeLoad): number => (verdict.kind === 'Unknown' ? Number.NaN : verdict.load);

/** The load of a step that holds `load`. */
const stepAt = (load: number): number => STEP ** Math.round(Math.log(load) / Math.log(STEP));

describe('what loads tell', () => {
  const fine = { late: 0.005 };

  test.each<readonly [string, readonly Look[], Partial<SafeLoad>]>([
    ['nothing while too few were served', [[100, {}, 299]], { kind: 'Unknown' }],
    ['that a load was fine is no limit', [[100, fine]], { kind: 'AtLeast' }],
    ['neither are misses within what is allowed', [[100, { late: 0.02 }]], { kind: 'AtLeast' }],
    [
      'late first tokens and slow ones are misses both',
      [[100, { late: 0.015, slow: 0.015 }]],
      { kind: 'Lower' },
    ],
    ['a miss more than chance has it is one too many', [[100, { late: 0.03 }]], { kind: 'Lower' }],
    ['a few by chance are none', [[100, { late: 0.025 }, 300]], { kind: 'AtLeast' }],
    [
      'a limit lies between the load that was fine and the one that was too much',
      [
        [100, fine],
        [200, { late: 0.5 }],
      ],
      { kind: 'Limit', unavoidable: 0 },
    ],
  ])('%s', (_, looks, verdict) => {
    expect(judge(...looks)).toMatchObject(verdict);
  });

  test('time between tokens is left out where no engine can keep it', () => {
    const record = recordOf([100, { slow: 1 }]);
    expect(safeLoad(record, true).kind).toBe('Lower');
    expect(safeLoad(record, false).kind).toBe('AtLeast');
  });

  test('a load that was too much at first and fine later on counts as what it was on the whole', () => {
    const verdict = judge([100, { late: 0.1 }, 1000], [200, { late: 0 }, 20_000], [400, { late: 0.6 }]);
    expect(verdict).toMatchObject({ kind: 'Limit', unavoidable: 0 });
    expect(verdict).toHaveProperty('load', expect.closeTo(stepAt(200), -2));
  });

  test('a load with few requests is judged with its neighbours', () => {
    const above = (requests: number): Look => [800, { late: 1 }, requests];
    expect(judge([100, fine], above(20)).kind).toBe('AtLeast');
    expect(judge([100, fine], above(300)).kind).toBe('Limit');
  });
});

test('the knee of a known curve is found to within a step', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 10, max: 1e6, noNaN: true }),
      fc.double({ min: 0.3, max: 20, noNaN: true }),
      (knee, steepness) => {
        const missed = (load: number): number =>
          Math.min(1, 0.004 + Math.max(0, load / knee - 1) * steepness);
        const looks = Array.from({ length: 15 }, (_, step): Look => {
          const load = stepAt(knee * STEP ** (step - 9));
          return [load, { late: missed(load) }];
        });
        const verdict = judge(...looks);
        const true98 = knee * (1 + (MISSES_ALLOWED - 0.004) / steepness);
        expect(verdict).toMatchObject({ kind: 'Limit', unavoidable: 0 });
        expect(loadOf(verdict)).toBeGreaterThan(true98 / STEP);
        expect(loadOf(verdict)).toBeLessThan(true98 * STEP);
      },
    ),
  );
});

/** Goes where the verdicts lead, on engines that show `missesAt` a load; the loads that were tried, from 1000 on. */
function follow(missesAt: (load: number) => Misses, looks = 8): { tried: number[]; verdict: SafeLoad } {
  let record = recordOf([1000, missesAt(1000)]);
  const tried = [1000];
  for (let look = 0; look < looks; look++) {
    const verdict = safeLoad(record, true);
    if (verdict.kind !== 'Lower') break;
    record = recordLoad(record, verdict.load, served(2000, missesAt(verdict.load)), 0);
    tried.push(verdict.load);
  }
  return { tried, verdict: safeLoad(record, true) };
}

describe('misses that no load avoids', () => {
  test('are no reason for ever more engines: 15 % at any load', () => {
    const { tried, verdict } = follow(() => ({ late: 0.15 }));
    expect(tried.length).toBeLessThanOrEqual(3);
    expect(Math.min(...tried)).toBeGreaterThan(300);
    expect(verdict).toMatchObject({ kind: 'Limit', unavoidable: expect.closeTo(0.15, 6) });
    expect(verdict).toHaveProperty('load', expect.closeTo(stepAt(1000), 6));
  });

  test('leave room for a third more of them, and end where they rise', () => {
    const verdict = judge(
      [500, { late: 0.15 }],
      [1000, { late: 0.16 }],
      [2000, { late: 0.18 }],
      [4000, { late: 0.6 }],
    );
    expect(verdict).toMatchObject({ kind: 'Limit', unavoidable: expect.closeTo(0.15, 6) });
    expect(loadOf(verdict)).toBeGreaterThanOrEqual(stepAt(2000) / STEP);
    expect(loadOf(verdict)).toBeLessThan(4000 / STEP);
  });

  test('are said to be hopeless from one half on, once less load was seen not to help', () => {
    const { tried, verdict } = follow(() => ({ late: 0.7 }));
    expect(verdict).toMatchObject({ kind: 'Hopeless', misses: expect.closeTo(0.7, 6) });
    expect(tried.length).toBeLessThanOrEqual(4);
    expect(judge([1000, { late: 0.7 }]).kind).toBe('Lower');
  });
});

describe('misses of an overloaded engine', () => {
  test('go away with less load: down to where requests do not queue any more', () => {
    const { tried, verdict } = follow((load) => (load > 250 ? { late: 1, queued: 1 } : { late: 0.001 }));
    expect(verdict.kind).toBe('Limit');
    expect(Math.min(...tried)).toBeLessThanOrEqual(250);
    expect(loadOf(verdict)).toBeLessThan(250 * STEP ** 2);
  });

  test('are not taken for unavoidable as soon as those of an engine without a queue', () => {
    const two = (queued: number): SafeLoad =>
      judge([400, { late: 0.9, queued }], [1000, { late: 0.9, queued }]);
    expect(two(0).kind).toBe('Hopeless');
    expect(two(1).kind).toBe('Lower');
  });

  test('lower the load by a part that suits them, from one tenth to one half', () => {
    const part = (late: number): number => {
      return loadOf(judge([1000, { late }])) / stepAt(1000);
    };
    expect([0.04, 0.03, 1].map(part)).toEqual([0.5, 0.02 / 0.03, 0.5].map((one) => expect.closeTo(one, 6)));
  });
});

describe('the record', () => {
  test('forgets by half in half an hour, and wholly in the end', () => {
    const record = recordOf([100, { late: 0.5 }, 1000]);
    const [faded] = recordLoad(record, 0, NO_FLOW, 1800).values();
    expect(faded).toMatchObject({ firstTokens: 500, lateFirstTokens: 250 });
    expect(safeLoad(recordLoad(record, 0, NO_FLOW, 3600), true).kind).toBe('Unknown');
    expect(recordLoad(record, 0, NO_FLOW, 10 * 3600).size).toBe(0);
  });

  test('holds loads in steps of a quarter, and what was served without a load nowhere', () => {
    const record = recordOf([100, {}, 10], [104, {}, 10], [150, {}, 10], [0, {}, 10]);
    expect([...record.values()].map(({ firstTokens }) => firstTokens)).toEqual([20, 10]);
  });
});

test('of loads that are either fine or far too much, more misses never raise the load by more than a step', () => {
  const late = fc.oneof(fc.constant(0), fc.double({ min: 0.2, max: 1, noNaN: true }));
  fc.assert(
    fc.property(fc.array(late, { minLength: 1, maxLength: 6 }), fc.nat(5), late, (shares, which, worse) => {
      const limitOf = (all: readonly number[]): number => {
        const above = all.map((one, step): Look => [100 * STEP ** (step + 1), { late: one }]);
        return loadOf(judge([100, {}], ...above));
      };
      const more = shares.map((one, index) => (index === which % shares.length ? Math.max(one, worse) : one));
      expect(limitOf(more)).toBeLessThanOrEqual(limitOf(shares) * STEP);
    }),
    { numRuns: 300 },
  );
});

test('once enough were served, more of the same says the same', () => {
  const rising = fc
    .array(fc.constantFrom(0, 0.005, 0.05, 0.1, 0.3, 0.7, 1), { minLength: 1, maxLength: 6 })
    .map((shares) => shares.toSorted((a, b) => a - b));
  fc.assert(
    fc.property(rising, fc.double({ min: 1, max: 100, noNaN: true }), (shares, times) => {
      const verdict = (requests: number): SafeLoad =>
        judge(...shares.map((late, step): Look => [100 * 1.6 ** step, { late }, requests]));
      const [one, many] = [verdict(5000), verdict(5000 * times)];
      expect(many.kind).toBe(one.kind);
      expect(loadOf(many)).toBeCloseTo(loadOf(one), 6);
    }),
  );
});
