import type { EngineHistory, TimedSample } from './history.ts';

/** However short the interval, a page this young is not missing: a busy engine took 4.8 s to answer. */
const MISSING_AFTER_MS = 15_000;
const MISSING_AFTER_INTERVALS = 3;
/** One tick may be skipped while a slow page is under way; after that a page is stale, though still used. */
const STALE_AFTER_INTERVALS = 2;
/** An engine that falls silent while loaded counts with its last load for so long after its last page. */
const HOLD_LOAD_MS = 60_000;

export type PageAge =
  | { readonly state: 'fresh' | 'stale'; readonly page: TimedSample; readonly ageMs: number }
  | {
      readonly state: 'missing';
      readonly reason: 'NoPageYet' | 'PageTooOld';
      readonly message: string;
      /** The last page, if it showed load and is young enough to count on the way up. */
      readonly lastLoaded?: TimedSample | undefined;
    };

/** When a page counts as missing, in milliseconds: three intervals, at least 15 s. */
export function missingAfterMs(intervalMs: number): number {
  return Math.max(MISSING_AFTER_INTERVALS * intervalMs, MISSING_AFTER_MS);
}

/** Whether an engine's newest page may be used at `nowMs`. Missing data is never load 0. */
export function judgePage(history: EngineHistory, nowMs: number, intervalMs: number): PageAge {
  const page = history.samples.at(-1);
  if (page === undefined) {
    const why = history.lastError === undefined ? '' : `: ${history.lastError.message}`;
    return { state: 'missing', reason: 'NoPageYet', message: `No metrics page has been read yet${why}` };
  }
  const ageMs = nowMs - page.atMs;
  const limitMs = missingAfterMs(intervalMs);
  if (ageMs > limitMs) {
    const why = history.lastError === undefined ? '' : `; since then: ${history.lastError.message}`;
    return {
      state: 'missing',
      reason: 'PageTooOld',
      message: `The newest metrics page is ${seconds(ageMs)} old, more than ${seconds(limitMs)}${why}`,
      lastLoaded: ageMs <= HOLD_LOAD_MS && isLoaded(page) ? page : undefined,
    };
  }
  const stale = ageMs > STALE_AFTER_INTERVALS * intervalMs;
  return { state: stale ? 'stale' : 'fresh', page, ageMs };
}

function isLoaded({ sample }: TimedSample): boolean {
  return (sample.running ?? 0) + (sample.waiting ?? 0) > 0;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
