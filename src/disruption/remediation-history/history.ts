import type { LeakWatch } from '../../rules/leaks/watch.ts';
import type { Traffic } from '../../rules/leaks/traffic-by-hour.ts';
import type { LeakBooking } from '../booking/book-leaks.ts';
import type { RestartRecord } from '../verification/restarts.ts';

/** What a fleet's remediation has learned, and what outlives the operator. */
export interface RemediationHistory {
  readonly watch: LeakWatch;
  readonly traffic: Traffic;
  readonly restarts: readonly RestartRecord[];
  readonly bookings: readonly LeakBooking[];
}

/** A ConfigMap's share for one fleet, in bytes. */
export const MOST_BYTES = 32 * 1024;

/** Raised with each change of the format that older readers would misread. */
export const VERSION = 1;
