import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NOW, ready, silent } from '../../../test/builders/engines.ts';
import {
  engineAt,
  NOTHING_SERVED,
  pageAt,
  pageOf,
  serve,
  type Served,
  type Work,
} from '../../../test/builders/pages.ts';
import { scalingInput } from '../../../test/builders/scaling.ts';
import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';
import { fleetLoad } from '../fleet-load.ts';
import type { ScalingInput } from '../types.ts';
import { FRESH_DEMAND, type DemandMemory } from './memory.ts';
import { proposeByDemand, type DemandOutcome } from './propose.ts';

/** Of the seats of an engine, before anything was seen. */
const PLANNED = 0.6;
/** Chats of 212 tokens, a hair less than the promised 50 ms each: a seat is held for 10.6 s. */
const CHAT: Work = { perSecond: 3, promptTokens: 100, generatedTokens: 212, gapMs: 49.9 };
const MAX_NUM_SEQS = 33;
const RATE_OF_ONE = (PLANNED * MAX_NUM_SEQS) / (212 * 0.0499);

interface Watched {
  readonly memory: DemandMemory;
  readonly served: readonly Served[];
  readonly atSeconds: number;
  readonly outcome?: DemandOutcome;
}

const NOTHING_WATCHED: Watched = { memory: FRESH_DEMAND, served: [], atSeconds: 0 };

interface Scene extends Partial<Pick<ScalingInput, 'revision' | 'current'>> {
  readonly work?: Work;
  readonly engines?: number;
  readonly seconds?: number;
  readonly interval?: number;
  readonly ttftMs?: number;
  /** In place of the engines' pages. */
  readonly show?: (name: string) => EngineSnapshot;
}

/** Lets engines do their work, each the same, and looks at them at every interval. */
function watch(from: Watched, scene: Scene): Watched & { readonly outcome: DemandOutcome } {
  const { work = CHAT, engines = 12, seconds = 15, interval = 5, ttftMs = 500, show } = scene;
  let { memory, atSeconds } = from;
  let served = Array.from({ length: engines }, (_, index) => from.served[index] ?? NOTHING_SERVED);
  const look = (): DemandOutcome => {
    const nowMs = NOW + 1000 * atSeconds;
    const fleet = served.map((one, index) => {
      const name = `engine-${index}`;
      return show === undefined ? engineAt(name, nowMs, pageAt(one, work)) : show(name);
    });
    const promise = { ttftMs, interTokenMs: 50 };
    const input = scalingInput(fleet, {
      maxNumSeqs: MAX_NUM_SEQS,
      promise,
      current: scene.current ?? engines,
    });
    const revised = { ...input, revision: scene.revision ?? 'one' };
    return proposeByDemand(memory, revised, fleetLoad(fleet, 1800, nowMs), nowMs);
  };
  let outcome = look();
  for (let passed = 0; passed < seconds; passed += interval) {
    atSeconds += interval;
    served = served.map((one) => serve(one, work, interval));
    ({ memory } = outcome);
    outcome = look();
  }
  return { memory: outcome.memory, served, atSeconds, outcome };
}

const proposed = (scene: Scene): DemandOutcome['proposal'] => watch(NOTHING_WATCHED, scene).outcome.proposal;

function sizeOf({ proposal }: DemandOutcome): number {
  return proposal.kind === 'Size' ? proposal.size : Number.NaN;
}

describe('36 requests/s of 212 tokens, 50 ms each, on engines of 33 seats', () => {
  test('ask for as many engines as have the 382 seats that they hold', () => {
    const engines = Math.ceil((36 * 212 * 0.05) / (33 * PLANNED) - 0.1);
    expect(engines).toBe(20);
    expect(proposed({ engines: 12 })).toEqual({
      signal: 'Demand',
      kind: 'Size',
      size: engines,
      reason: 'DemandOverCapacity',
      message:
        '36.0 requests/s of 100 new prompt and 212 generated tokens arrive; ' +
        'each holds a seat for 10.6 s (212 tokens, 50 ms each), an engine has 33 (maxNumSeqs) and is planned with 60 % of them; ' +
        '36.0 / 1.87 make 20',
    });
  });

  test('are the same demand on twice the engines', () => {
    const { outcome } = watch(NOTHING_WATCHED, { engines: 24, work: { ...CHAT, perSecond: 1.5 } });
    expect(sizeOf(outcome)).toBe(23);
    expect(outcome.proposal.message).toContain('36.0 / 1.87 make 20, ');
    expect(outcome.turns?.growsAbove).toBeCloseTo(24.1 * RATE_OF_ONE, 6);
    expect(outcome.turns?.shrinksBelow).toBeCloseTo(23 * 0.85 * RATE_OF_ONE, 6);
  });

  test('are told without the prompt tokens that the prefix cache had', () => {
    expect(proposed({ work: { ...CHAT, cachedShare: 0.6 } }).message).toContain('of 40 new prompt and 212');
  });

  test('are the same demand by pages a minute apart', () => {
    const often = proposed({ seconds: 300 });
    const seldom = proposed({ seconds: 300, interval: 60 });
    expect(often.message).toMatch(/^36\.0 requests/);
    expect(seldom.message).toMatch(/^36\.0 requests/);
  });
});

describe('demand abstains', () => {
  test.each<[string, DemandOutcome['proposal'], string, string]>([
    [
      'before two pages were seen',
      proposed({ seconds: 0 }),
      'NothingLearned',
      'no page has counted a served request since this operator began to watch',
    ],
    [
      'while no request ends',
      proposed({ work: { ...CHAT, perSecond: 0 } }),
      'NothingLearned',
      'no page has counted a served request since this operator began to watch',
    ],
    ['while no page comes', proposed({ show: silent }), 'NoData', 'no ready engine tells what arrives'],
    [
      'while pages tell nothing of the pace',
      proposed({ work: { ...CHAT, generatedTokens: 2 }, engines: 1 }),
      'CapacityUnknown',
      'nothing tells yet what an engine can carry',
    ],
  ])('%s', (_, proposal, reason, message) => {
    expect(proposal).toEqual({ signal: 'Demand', kind: 'Abstain', reason, message });
  });
});

/** So few that nobody knows yet how engines serve them. */
const perSecond = fc.double({ min: 0.5, max: 9, noNaN: true });

test('more arrivals never ask for a smaller fleet, the rest being equal', () => {
  fc.assert(
    fc.property(perSecond, perSecond, (a, b) => {
      const size = (rate: number): number =>
        sizeOf(watch(NOTHING_WATCHED, { engines: 4, work: { ...CHAT, perSecond: rate } }).outcome);
      expect(size(Math.max(a, b))).toBeGreaterThanOrEqual(size(Math.min(a, b)));
    }),
    { numRuns: 30 },
  );
});

test('so many times the arrivals on so many times the engines ask for so many times the engines', () => {
  fc.assert(
    fc.property(perSecond, fc.integer({ min: 2, max: 6 }), (rate, times) => {
      const turns = (engines: number) =>
        watch(NOTHING_WATCHED, { engines, work: { ...CHAT, perSecond: rate } }).outcome;
      const [one, many] = [turns(1), turns(times)];
      const exact = rate / RATE_OF_ONE;
      expect(sizeOf(one)).toBeLessThanOrEqual(Math.max(1, Math.ceil(exact)));
      expect(sizeOf(many)).toBeLessThanOrEqual(Math.max(times, Math.ceil(times * exact)));
      expect(Math.abs(sizeOf(many) - times * sizeOf(one))).toBeLessThanOrEqual(times);
    }),
    { numRuns: 30 },
  );
});

describe('what was learned', () => {
  /** A limit was met: with more than 2 requests/s an engine is late. */
  const LATE: Work = { ...CHAT, perSecond: 3, lateShare: 0.6, waiting: 20 };
  const fine = watch(NOTHING_WATCHED, { seconds: 300, work: { ...CHAT, perSecond: 1.5 } });
  const met = watch(fine, { seconds: 120, work: LATE });

  test('holds for one revision and one promise; what arrives does not depend on them', () => {
    expect(met.memory.limit).toBeGreaterThan(0);
    expect(watch(met, { work: LATE }).memory.limit).toBeGreaterThan(0);
    for (const change of [{ revision: 'two' }, { ttftMs: 1000 }]) {
      const { memory, outcome } = watch(met, { work: LATE, ...change });
      expect(memory.limit).toBeUndefined();
      expect(memory.record.size).toBeLessThan(met.memory.record.size);
      expect(memory.rates.slice(0, met.memory.rates.length)).toEqual(met.memory.rates);
      expect(outcome.proposal.message).toMatch(/^36\.0 requests\/s/);
    }
  });

  test('is not touched while pages are missing', () => {
    const blind = watch(met, { seconds: 600, show: silent });
    const { rates, pace, limit, request } = met.memory;
    expect(blind.memory).toMatchObject({ rates, pace, limit, request });
    expect(blind.outcome.proposal.reason).toBe('NoData');
  });

  test('is but the limit after a clock was set back', () => {
    const back = watch({ ...met, atSeconds: -7200 }, {});
    expect(back.memory.rates.every(({ atMs }) => atMs <= NOW - 7_000_000)).toBe(true);
    expect(back.outcome.proposal.message).toMatch(/^36\.0 requests\/s/);
    expect(back.memory.limit).toBe(met.memory.limit);
  });
});

test('an idle fleet after a busy one asks for one engine once no rise is remembered', () => {
  const busy = watch(NOTHING_WATCHED, { seconds: 600, interval: 15, engines: 3 });
  const idle = watch(busy, { seconds: 4500, interval: 30, engines: 3, work: { ...CHAT, perSecond: 0 } });
  expect(idle.outcome.proposal).toMatchObject({ size: 1, reason: 'DemandUnderCapacity' });
});

test('a hostile page is as if there were none, and the next one tells what came', () => {
  const before = watch(NOTHING_WATCHED, { seconds: 60 });
  const huge = { count: 1e308, sum: 1e308, bounds: [Infinity], cumulative: [1e308] };
  const sample = pageOf({
    running: 1e308,
    waiting: 1e308,
    promptTokens: 1e308,
    generationTokens: 1e308,
    requests: { stop: 1e308, length: 1e308 },
    histograms: { ttft: huge, interTokenLatency: huge, queueTime: huge },
  });
  const page = { state: 'Fresh', load: { atMs: NOW + 1, running: 1e308, waiting: 1e308, sample } } as const;
  const hostile = watch(before, { show: (name) => ready(name, {}, { page }) });
  expect(sizeOf(hostile.outcome)).toBe(sizeOf(before.outcome));
  expect(sizeOf(watch(hostile, { seconds: 60 }).outcome)).toBe(sizeOf(before.outcome));
});
