import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';

/** What a fleet did in one hour of the clock. */
export interface TrafficHour {
  /** Hours since the epoch. */
  readonly hour: number;
  /** Requests that finished while somebody looked. */
  readonly requests: number;
  /** For how long somebody looked, in milliseconds. */
  readonly watchedMs: number;
}

/** The last day's traffic of a fleet. A value: remembering makes a new one. */
export interface Traffic {
  /** Oldest first; at most a day and the hour that runs. */
  readonly hours: readonly TrafficHour[];
  readonly readAtMs?: number;
  /** Finished requests as last read, by UID of the pod. */
  readonly finished: ReadonlyMap<string, number>;
}

export const NO_TRAFFIC: Traffic = { hours: [], finished: new Map() };

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_HOURS = 24;
/** After a longer pause it is not known when its requests finished. */
const PAUSE_MS = 5 * MINUTE_MS;
/** An hour that was watched for less is not known. */
const LEAST_WATCHED_MS = 30 * MINUTE_MS;

/** The traffic with what finished since the last time; at most once a minute, so that passes cost nothing. */
export function rememberTraffic(
  traffic: Traffic,
  engines: readonly EngineSnapshot[],
  nowMs: number,
): Traffic {
  const { readAtMs } = traffic;
  if (readAtMs !== undefined && nowMs >= readAtMs && nowMs - readAtMs < MINUTE_MS) return traffic;
  const finished = new Map([...traffic.finished, ...engines.flatMap(finishedOf)]);
  const uids = new Set(engines.map(({ uid }) => uid));
  const kept = new Map([...finished].filter(([uid]) => uids.has(uid)));
  if (readAtMs === undefined || nowMs < readAtMs || nowMs - readAtMs > PAUSE_MS)
    return { hours: traffic.hours, readAtMs: nowMs, finished: kept };
  const requests = [...kept].reduce((sum, [uid, now]) => sum + grown(traffic.finished.get(uid), now), 0);
  const hour = Math.floor(nowMs / HOUR_MS);
  const before = traffic.hours.filter((one) => one.hour > hour - 1 - DAY_HOURS && one.hour < hour);
  const current = traffic.hours.find((one) => one.hour === hour);
  const next = {
    hour,
    requests: (current?.requests ?? 0) + requests,
    watchedMs: (current?.watchedMs ?? 0) + nowMs - readAtMs,
  };
  return { hours: [...before, next], readAtMs: nowMs, finished: kept };
}

/** Finished requests an hour by hour of the day (UTC), over the last day; undefined where it is not known. */
export function trafficByHour({ hours }: Traffic): readonly (number | undefined)[] {
  return Array.from({ length: DAY_HOURS }, (_, hourOfDay) => {
    const alike = hours.filter(({ hour }) => hour % DAY_HOURS === hourOfDay);
    const watchedMs = alike.reduce((sum, hour) => sum + hour.watchedMs, 0);
    const requests = alike.reduce((sum, hour) => sum + hour.requests, 0);
    return watchedMs < LEAST_WATCHED_MS ? undefined : (requests * HOUR_MS) / watchedMs;
  });
}

function finishedOf({ uid, page }: EngineSnapshot): readonly (readonly [string, number])[] {
  const requests = page.state === 'Fresh' ? page.load.sample?.requests : undefined;
  if (requests === undefined) return [];
  return [[uid, Object.values(requests).reduce((sum, ofOneReason) => sum + ofOneReason, 0)]];
}

/** A counter that falls was reset; of one that was never read nothing is known. */
function grown(before: number | undefined, now: number): number {
  if (before === undefined) return 0;
  return now >= before ? now - before : now;
}
