import type { BookingContext, LeakBooking } from './book-leaks.ts';
import type { MaintenanceWindow } from './slots.ts';

/** Which engine is replaced when, and why then, with the latest start and the limit. */
export function bookingText(
  booking: Omit<LeakBooking, 'message'>,
  limitMs: number,
  window: MaintenanceWindow | undefined,
  { windows }: Pick<BookingContext, 'windows'>,
  nowMs: number,
): string {
  return `${booking.engine} (${booking.signature}): ${whenAndWhy(booking, limitMs, window, windows, nowMs)}`;
}

function whenAndWhy(
  { atMs, latestMs, reason }: Omit<LeakBooking, 'message'>,
  limitMs: number,
  window: MaintenanceWindow | undefined,
  windows: BookingContext['windows'],
  nowMs: number,
): string {
  const limit = `its limit may be reached at ${minute(limitMs)}`;
  const latest = `at the latest ${minute(latestMs)}, ${limit}`;
  switch (reason) {
    case 'MaintenanceWindow': {
      const name = window === undefined ? '' : ` "${window.cron}" ${window.timeZone}`;
      return `at ${minute(atMs)}, in the maintenance window${name}; ${latest}`;
    }
    case 'Trough':
      return `at ${minute(atMs)}, in the hour with the least traffic; ${latest}`;
    case 'Earlier': {
      const why =
        windows.length > 0
          ? 'no maintenance window has room before its latest start'
          : 'the hour with the least traffic is not known, or does not come or has no room before its latest start';
      return `at ${minute(atMs)}, since ${why}; ${latest}`;
    }
    case 'Now': {
      const when = atMs <= nowMs ? 'now' : `at ${minute(atMs)}, after those before it`;
      return `${when}; ${limit}`;
    }
  }
}

/** `2026-03-02T10:05Z`. */
function minute(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 16)}Z`;
}
