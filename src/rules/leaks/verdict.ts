import type { TimeToLimit } from './climb.ts';

export type Confidence = 'Low' | 'Medium' | 'High';

/** What a verdict rests on. Slopes are of what the signature watches: bytes, or the share of the KV cache. */
export interface LeakEvidence {
  readonly fromMs: number;
  readonly toMs: number;
  /** Points in the window. */
  readonly samples: number;
  readonly perHour: number;
  /** Ends of the 95 % interval of `perHour`. */
  readonly perHourLow: number;
  readonly perHourHigh: number;
  readonly perRequest?: number | undefined;
  readonly level: number;
  readonly limit: number;
  /** What the line rose over the window. */
  readonly growth: number;
  /** Mann-Kendall's z. */
  readonly significance: number;
  /** Slope of the last third over the first third's, on the better axis; infinite after a flat first third. */
  readonly pace?: number | undefined;
  readonly timeToLimit: TimeToLimit;
}

/**
 * The verdict on one engine. `Quiet` and `Suspected` ask for nothing; only `Leaking` is a ground for a restart.
 *
 * - `NotObservable`: this can never be judged as things are.
 * - `WarmingUp`: it can be, later.
 */
export type LeakVerdict =
  | {
      readonly state: 'NotObservable' | 'WarmingUp' | 'Quiet';
      readonly reason: string;
      readonly message: string;
      readonly evidence?: LeakEvidence | undefined;
    }
  | {
      readonly state: 'Suspected' | 'Leaking';
      readonly reason: string;
      readonly message: string;
      readonly evidence: LeakEvidence;
      readonly confidence: Confidence;
    };
