import type { MaintenanceWindow, TrafficByHour } from '../../src/disruption/booking/slots.ts';
import type { RestartRecord } from '../../src/disruption/verification/restarts.ts';
import type { Verdict } from '../../src/rules/verdict.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const NOW_MS = Date.parse('2026-03-02T10:00:00.000Z');

/** A proved leak of host memory whose limit may be reached at the given time. */
export function leakAt(name: string, earliestMs: number, overrides: Partial<Verdict> = {}): Verdict {
  return {
    signature: 'HostMemoryLeak',
    uid: `uid-${name}`,
    engine: name,
    state: 'Proved',
    confidence: 'Medium',
    sinceMs: NOW_MS - HOUR,
    reason: 'SteadyLeak',
    message: 'memory grew',
    limit: { expectedMs: earliestMs + HOUR, earliestMs, latestMs: earliestMs + 2 * HOUR },
    ...overrides,
  };
}

/** An hour from three o'clock each night. */
export const WINDOW_AT_THREE: MaintenanceWindow = {
  cron: '0 3 * * *',
  timeZone: 'Etc/UTC',
  durationMinutes: 60,
};

/** A day whose fourth hour has the least traffic. */
export const QUIET_AT_FOUR: TrafficByHour = Array.from(
  { length: 24 },
  (_, hour) => 100 + 10 * Math.abs(hour - 4),
);

/** A replace for a leak of host memory that began then, of which nothing is known yet. */
export function restartOf(name: string, atMs: number, overrides: Partial<RestartRecord> = {}): RestartRecord {
  return {
    atMs,
    engine: name,
    uid: `uid-${name}`,
    revision: 'aaa',
    signature: 'HostMemoryLeak',
    image: 'vllm/vllm-openai:v0.30.0',
    outcome: 'Pending',
    ...overrides,
  };
}
