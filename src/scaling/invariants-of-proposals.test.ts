import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NOW, readyWith, type Load } from '../../test/builders/engines.ts';
import {
  histories,
  PASS_SECONDS,
  playHistory,
  type History,
  type Turn,
} from '../../test/builders/histories.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import { proposeByDemand, type DemandOutcome } from './demand/propose.ts';
import { decideSize } from './decide-size.ts';
import { fleetLoad } from './fleet-load.ts';
import { proposeByKVCache } from './kv-cache.ts';
import type { Proposal } from './types.ts';

const RUNS = { numRuns: 12 };
/** Histories that do not end in the dark. */
const calm = histories.map((history) => ({
  ...history,
  chapters: [...history.chapters, { rate: 10, passes: 2 }],
}));

/** The last pass of a history in which all pages were read. */
function lastTurn(history: History): Turn {
  let last: Turn | undefined;
  playHistory(history, (turn) => {
    last = turn.decision.inputs.missing === 0 ? turn : last;
  });
  if (last === undefined) throw new Error('no pass has all pages');
  return last;
}

/** What is on a page besides what the engine served. */
interface More {
  readonly waiting?: number;
  readonly refused?: number;
}

/**
 * What each signal asks for in a pass after the history, in which nothing was served and the pages of some ready engines
 * tell of more. Nothing is asked for by one that abstains.
 */
function askedAfter(history: History, some: number, more: More): Readonly<Record<string, number>> {
  const { input, memory: before, nowMs } = lastTurn(history);
  const { memory } = decideSize(input, before, nowMs);
  const laterMs = nowMs + PASS_SECONDS * 1000;
  const ready = input.engines.filter(({ page }) => page.state === 'Fresh');
  const told = new Set(ready.slice(0, some));
  const engines = input.engines.map((engine) => readAgain(engine, laterMs, told.has(engine) ? more : {}));
  const { proposals } = decideSize({ ...input, engines }, memory, laterMs).decision;
  return Object.fromEntries(proposals.map((one) => [one.signal, one.kind === 'Size' ? one.size : 0]));
}

function readAgain(
  engine: EngineSnapshot,
  atMs: number,
  { waiting: extra = 0, refused = 0 }: More,
): EngineSnapshot {
  const { page } = engine;
  if (page.state !== 'Fresh' || page.load.sample === undefined) return engine;
  const waiting = (page.load.waiting ?? 0) + extra;
  const sample = { ...page.load.sample, waiting, admissionRejections: { max_num_queued_reqs: refused } };
  return { ...engine, page: { state: 'Fresh', load: { ...page.load, atMs, waiting, sample } } };
}

test.each([
  ['wait', (count: number): More => ({ waiting: count })],
  ['are refused', (count: number): More => ({ refused: count })],
])('whatever a fleet has seen, no signal asks for fewer engines because more requests %s', (_what, more) => {
  const counts = [fc.integer({ min: 1, max: 16 }), fc.nat(20), fc.integer({ min: 1, max: 300 })] as const;
  fc.assert(
    fc.property(calm, ...counts, (history, engines, before, on) => {
      const less = askedAfter(history, engines, more(before));
      const greater = askedAfter(history, engines, more(before + on));
      const fewer = Object.entries(less).filter(([signal, size]) => (greater[signal] ?? 0) < size);
      expect(fewer).toEqual([]);
    }),
    RUNS,
  );
});

/** What Demand says after six minutes of a steady load on a fleet that keeps its size. */
function afterSteadyLoad(size: number, perEngine: number): DemandOutcome {
  const chapters = [{ rate: perEngine * size, passes: 24 }];
  const { input, memory, nowMs } = lastTurn({
    settings: { minReplicas: size, maxReplicas: size },
    startsWith: size,
    chapters,
  });
  return proposeByDemand(memory.demand, input, fleetLoad(input.engines, 1800, nowMs), nowMs);
}

test('Demand scales: k times the load on k times the engines is k times the size, before rounding', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 5 }),
      fc.integer({ min: 2, max: 4 }),
      fc.double({ min: 1, max: 8, noNaN: true }),
      (size, k, perEngine) => {
        const [one, many] = [afterSteadyLoad(size, perEngine), afterSteadyLoad(size * k, perEngine)];
        // Arrivals that turn the decision, less the tenth of an engine that rounding leaves out.
        const carried = ({ turns }: DemandOutcome, engines: number): number =>
          (turns?.growsAbove ?? NaN) / (engines + 0.1);
        expect(carried(many, size * k)).toBeCloseTo(carried(one, size), 6);
        const sizeOf = ({ proposal }: DemandOutcome): number =>
          proposal.kind === 'Size' ? proposal.size : NaN;
        expect(Math.abs(sizeOf(many) - k * sizeOf(one))).toBeLessThanOrEqual(k);
      },
    ),
    { numRuns: 8 },
  );
});

test('KVCache scales: k fleets asked as one want as much as each of them, before rounding', () => {
  const load: fc.Arbitrary<Load> = fc
    .double({ min: 0, max: 1, noNaN: true })
    .map((kvCacheUsage) => ({ kvCacheUsage, running: 4, waiting: 0 }));
  fc.assert(
    fc.property(
      fc.array(load, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 2, max: 5 }),
      (loads, k) => {
        const of = (all: readonly Load[]): Proposal =>
          proposeByKVCache(all.length, fleetLoad(readyWith(...all), 1800, NOW), 0.8);
        const [one, many] = [of(loads), of(Array.from({ length: k }, () => loads).flat())];
        const held = loads.reduce((sum, { kvCacheUsage = 0 }) => sum + kvCacheUsage, 0) / 0.8;
        const exact = Math.max(1, Math.ceil(Number((k * held).toFixed(9))));
        const size = many.reason === 'KVWithinTolerance' ? k * loads.length : exact;
        expect(many).toMatchObject({ kind: 'Size', reason: one.reason, size });
      },
    ),
  );
});
