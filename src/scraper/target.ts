import type { EngineSample, PageErrorReason } from '../engine/sample.ts';
import type { FetchFailureReason } from './fetch-failure.ts';

/** One engine whose page is to be read. */
export interface ScrapeTarget {
  /** The pod's uid: a pod of the same name with another uid is another engine, without a past. */
  readonly uid: string;
  readonly name: string;
  /** The pod's own IP address. */
  readonly address: string;
  readonly port: number;
  /** Path of the metrics page; begins with a slash. */
  readonly path: string;
  readonly intervalMs: number;
}

export type ScrapeFailureReason = FetchFailureReason | PageErrorReason | 'Unexpected';

/** Hooks for telemetry; durations in seconds. */
export interface ScraperMetrics {
  scraped(fleet: string, seconds: number, bytes: number): void;
  scrapeFailed(fleet: string, reason: ScrapeFailureReason, seconds: number): void;
  scrapesSkipped(fleet: string, ticks: number): void;
  targets(count: number): void;
}

/** Called with each page that was read, after the history holds it. Must return quickly. */
export type OnPage = (fleet: string, uid: string, sample: EngineSample) => void;
