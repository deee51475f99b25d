import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';
import type { LatencyPromise } from '../types.ts';
import { combine, countsOf, flowBetween, NO_FLOW, type Flow, type PageCounts } from './flow.ts';

/** What the whole fleet did over time: engines come and go, and what one did stays counted. */
export interface Traffic {
  /** The last page of each engine, by uid. */
  readonly pages: ReadonlyMap<string, LastPage>;
  /** One a pass that saw a new page, oldest first; dense for the last minutes, sparse before. */
  readonly points: readonly Point[];
  /** Between two pages of an engine, usually; 0 before that is known. No window is shorter. */
  readonly gapMs: number;
}

interface LastPage {
  readonly atMs: number;
  readonly counts: PageCounts;
  /** Since the page before. */
  readonly gapMs?: number;
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

export const NO_TRAFFIC: Traffic = { pages: new Map(), points: [], gapMs: 0 };

const KEEP_MS = 15 * 60_000;
const DENSE_MS = 150_000;
const DENSE_STEP_MS = 1000;
const SPARSE_STEP_MS = 30_000;
/**
 * What an engine did in a longer silence is no rate of now: a page after it counts as if the silence had been this, or
 * somewhat longer than the gap before, where pages are read as seldom as once a minute.
 */
const LONGEST_CREDIT_MS = 30_000;
const LONGEST_INTERVAL_MS = 60_000;
const CREDIT_GAPS = 1.25;
/** No engine does more of anything in a second, tokens found in its prefix cache included. */
const MOST_A_SECOND = 1e8;
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
  let isNew = false;
  for (const { uid, page } of engines) {
    const known = traffic.pages.get(uid);
    if (known !== undefined) pages.set(uid, known);
    if (page.state !== 'Fresh' || page.load.sample === undefined || page.load.atMs === known?.atMs) continue;
    const { atMs, sample } = page.load;
    const counts = countsOf(sample, promise);
    if (known === undefined || atMs < known.atMs) {
      if (!isPlausible(counts.counted, Number.MAX_SAFE_INTEGER)) continue;
      pages.set(uid, { atMs, counts });
      isNew = true;
      continue;
    }
    const gapMs = atMs - known.atMs;
    const flow = flowBetween(known.counts, counts);
    if (!isPlausible(flow, MOST_A_SECOND * Math.max(1, gapMs / 1000))) continue;
    pages.set(uid, { atMs, counts, gapMs: Math.min(LONGEST_INTERVAL_MS, gapMs) });
    isNew = true;
    const credit = Math.min(1, Math.max(LONGEST_CREDIT_MS, CREDIT_GAPS * (known.gapMs ?? 0)) / gapMs);
    gained = combine(gained, flow, (sum, more) => sum + credit * more);
  }
  if (!isNew) return { traffic: { ...traffic, pages }, gained };
  const before = traffic.points.at(-1)?.total ?? NO_FLOW;
  const total = combine(before, gained, (sum, more) => sum + more);
  const points = thin([...traffic.points, { atMs: nowMs, total }], nowMs);
  return { traffic: { pages, points, gapMs: usualGap(pages) }, gained };
}

/** What a broken or hostile page adds would stay in what is learned for hours. */
function isPlausible(flow: Flow, most: number): boolean {
  return Object.values(flow).every((figure) => figure <= most);
}

/** The median. */
function usualGap(pages: Traffic['pages']): number {
  const gaps = [...pages.values()].flatMap(({ gapMs }) => gapMs ?? []).toSorted((a, b) => a - b);
  return gaps[Math.floor((gaps.length - 1) / 2)] ?? 0;
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
 * What the fleet did in the `seconds` before the last new page; since the memory began if that is shorter, and between
 * two pages of an engine if those are further apart. `undefined` before there are two points.
 */
export function during({ points, gapMs }: Traffic, seconds: number): Span | undefined {
  const last = points.at(-1);
  if (last === undefined) return undefined;
  const fromMs = last.atMs - Math.max(seconds * 1000, gapMs) - JITTER_MS;
  const inside = points.findIndex(({ atMs }) => atMs >= fromMs);
  const first = points[Math.min(inside, points.length - 2)];
  if (first === undefined || last.atMs <= first.atMs) return undefined;
  return {
    seconds: (last.atMs - first.atMs) / 1000,
    flow: combine(last.total, first.total, (end, start) => end - start),
  };
}
