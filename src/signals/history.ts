import type { EngineSample } from '../engine/sample.ts';

/** A page and when it arrived, in milliseconds since the epoch: a stalled server writes its page at the end. */
export interface TimedSample {
  readonly atMs: number;
  readonly sample: EngineSample;
}

/** A scrape that brought no sample. */
export interface ScrapeFailure {
  readonly atMs: number;
  readonly reason: string;
  readonly message: string;
}

/** What is known of one engine over time. A value: appending makes a new one, so that a pass sees no change. */
export interface EngineHistory {
  /** Oldest first. */
  readonly samples: readonly TimedSample[];
  /** The last failure since the last good page; a good page clears it. */
  readonly lastError?: ScrapeFailure | undefined;
}

export const EMPTY_HISTORY: EngineHistory = { samples: [] };

/**
 * How long samples are kept. A sample takes about 4 KB, so a thousand engines at one page in five seconds would fill
 * 700 MB in a quarter of an hour; windows longer than `denseMs` need no such resolution, so older samples are thinned.
 */
export interface Retention {
  /** Nothing older than this, in milliseconds before the newest sample. */
  readonly keepMs: number;
  /** Every sample is kept that is younger than this: a wedge is proved by pages of 150 s. */
  readonly denseMs: number;
  /** Older samples are kept at least this far apart. */
  readonly sparseStepMs: number;
}

export const DEFAULT_RETENTION: Retention = {
  keepMs: 15 * 60_000,
  denseMs: 3 * 60_000,
  sparseStepMs: 30_000,
};

/** The history with one more good page. Pages from after it mean that the clock was set back: they are dropped. */
export function append(
  history: EngineHistory,
  page: TimedSample,
  retention: Retention = DEFAULT_RETENTION,
): EngineHistory {
  const kept: TimedSample[] = [];
  for (const entry of history.samples) {
    const age = page.atMs - entry.atMs;
    if (age > retention.keepMs || age <= 0) continue;
    const before = kept.at(-1);
    const sparse = age > retention.denseMs;
    if (sparse && before !== undefined && entry.atMs - before.atMs < retention.sparseStepMs) continue;
    kept.push(entry);
  }
  kept.push(page);
  return { samples: kept };
}

/** The history after a scrape that failed: samples stay, the failure is remembered. */
export function withFailure(history: EngineHistory, failure: ScrapeFailure): EngineHistory {
  return { samples: history.samples, lastError: failure };
}
