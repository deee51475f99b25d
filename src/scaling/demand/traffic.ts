import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';
import type { LatencyPromise } from '../types.ts';
import { combine, countsOf, flowBetween, NO_FLOW, type Flow, type PageCounts } from './flow.ts';

/** What the whole fleet did over time: engines come and go, and what one did stays counted. */
export interface Traffic {
  /** The last page of each engine, by uid. */
  readonly pages: ReadonlyMap<string, LastPage>;
  /** Oldest first; dense for the last minutes, sparse before. */
  readonly points: readonly Point[];
}

interface LastPage {
  readonly atMs: number;
  readonly counts: PageCounts;
}

interface Point {
  readonly atMs: number;
  /** Since the memory began. */
  readonly total: Flow;
}

/** What happened within a window. */
export interface Span {
  readonly seconds: number;
  readonly flow: Flow;
}

export const NO_TRAFFIC: Traffic = { pages: new Map(), points: [] };

const KEEP_MS = 15 * 60_000;
const DENSE_MS = 150_000;
const DENSE_STEP_MS = 1000;
const SPARSE_STEP_MS = 30_000;
/** What an engine did in a longer silence is no rate of now: a page after it counts as if the silence had been this. */
const LONGEST_CREDIT_MS = 30_000;
/** Windows begin at a page that came a moment early, too. */
const JITTER_MS = 500;

/** Adds the pages that are new since the last pass. The first page of an engine only says where it starts from. */
export function observeTraffic(
  traffic: Traffic,
  engines: readonly EngineSnapshot[],
  promise: LatencyPromise,
  nowMs: number,
): { readonly traffic: Traffic; readonly gained: Flow } {
  const pages = new Map<string, LastPage>();
  let gained = NO_FLOW;
  for (const { uid, page } of engines) {
    const known = traffic.pages.get(uid);
    if (known !== undefined) pages.set(uid, known);
    if (page.state !== 'Fresh' || page.load.sample === undefined || page.load.atMs === known?.atMs) continue;
    const { atMs, sample } = page.load;
    const counts = countsOf(sample, promise);
    pages.set(uid, { atMs, counts });
    if (known === undefined || atMs < known.atMs) continue;
    const credit = Math.min(1, LONGEST_CREDIT_MS / (atMs - known.atMs));
    gained = combine(gained, flowBetween(known.counts, counts), (sum, more) => sum + credit * more);
  }
  const before = traffic.points.at(-1);
  const total = combine(before?.total ?? NO_FLOW, gained, (sum, more) => sum + more);
  return { traffic: { pages, points: thin([...traffic.points, { atMs: nowMs, total }], nowMs) }, gained };
}

function thin(points: readonly Point[], nowMs: number): readonly Point[] {
  const kept: Point[] = [];
  for (const point of points) {
    const ageMs = nowMs - point.atMs;
    const before = kept.at(-1);
    if (ageMs > KEEP_MS) continue;
    const step = ageMs > DENSE_MS ? SPARSE_STEP_MS : DENSE_STEP_MS;
    if (ageMs > 0 && before !== undefined && point.atMs - before.atMs < step) continue;
    kept.push(point);
  }
  return kept;
}

/**
 * What the fleet did in the last `seconds`; since the memory began if that is shorter, and between the last two passes
 * if those are further apart. `undefined` before the second pass.
 */
export function during({ points }: Traffic, seconds: number, nowMs: number): Span | undefined {
  const last = points.at(-1);
  const fromMs = nowMs - seconds * 1000 - JITTER_MS;
  const inside = points.findIndex(({ atMs }) => atMs >= fromMs);
  const first = points[Math.min(inside, points.length - 2)];
  if (last === undefined || first === undefined || last.atMs <= first.atMs) return undefined;
  return {
    seconds: (last.atMs - first.atMs) / 1000,
    flow: combine(last.total, first.total, (end, start) => end - start),
  };
}
