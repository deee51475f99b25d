import type { MinuteSample } from '../../src/rules/leaks/minute-sample.ts';
import type { Dice } from './dice.ts';
import type { Traffic } from './traffic.ts';

export const MIB = 2 ** 20;
export const GIB = 2 ** 30;
export const MINUTE_MS = 60_000;

/** What an engine has done up to a minute. */
export interface Progress {
  readonly minute: number;
  readonly requests: number;
  /** Minutes since the first request; negative before it. */
  readonly warmMinutes: number;
  readonly inFlight: number;
}

/** Memory that something takes at a minute, in bytes; asked once a minute, in order. */
export type Share = (progress: Progress) => number;

/** What the operator gets of a minute: a look-alike may lose or bend it. */
export type Lens = (sample: MinuteSample, minute: number) => MinuteSample | undefined;

/** One engine from its first readiness on. */
export interface Engine {
  readonly limitBytes: number;
  /** What its flags let caches take. */
  readonly allowedBytes: number;
  readonly baseBytes: number;
  readonly shares: readonly Share[];
  readonly traffic: Traffic;
  /** Mean seconds from a request's arrival to its end. */
  readonly requestSeconds: number;
  /** Requests in flight do not come and go by chance. */
  readonly isEven?: boolean;
  /** KV usage that live requests do not explain. */
  readonly keptKv: Share;
  readonly lens: Lens;
  /** Deviation of the noise of a minute's working set, which keeps 0.7 of itself to the next minute. */
  readonly noiseBytes: number;
}

export interface EngineMinute {
  readonly minute: number;
  /** Undefined where nothing came through. */
  readonly sample: MinuteSample | undefined;
  readonly kvCacheUsage: number;
  /** Whether memory, or the KV cache, is exhausted. */
  readonly isFull: boolean;
  readonly warmMinutes: number;
}

/** What its page tells of a minute, running totals from the start. */
export interface Activity {
  readonly requests: number;
  readonly steps: number;
  readonly inFlight: number;
  /** KV usage of the requests in flight, 0 to 1. */
  readonly liveKv: number;
}

export type Activities = (minute: number) => Activity;

const STEPS_A_MINUTE = 1800;
const NOISE_KEPT = 0.7;
/** Requests in flight that fill the KV cache. */
const SEATS = 256;
/** Not the epoch: a bug there would be hidden. */
const START_MS = Date.UTC(2026, 2, 3, 4, 5, 6);

/** Arrivals by chance, each of which is in flight for the mean time: no queue, no batch. */
export function coarseActivity(engine: Engine, dice: Dice): Activities {
  let requests = 0;
  let steps = 0;
  return (minute) => {
    const rate = engine.traffic(minute);
    requests += dice.count(rate * 60);
    const meanInFlight = rate * engine.requestSeconds;
    const inFlight = engine.isEven === true ? meanInFlight : dice.count(meanInFlight);
    steps += inFlight > 0 ? STEPS_A_MINUTE : 0;
    return { requests, steps, inFlight, liveKv: inFlight / SEATS };
  };
}

/**
 * The minutes of an engine until it is full or the time is over.
 *
 * @param activities what it does; asked once a minute, in order
 */
export function* minutesOf(
  engine: Engine,
  minutes: number,
  dice: Dice,
  activities: Activities = coarseActivity(engine, dice),
): Generator<EngineMinute> {
  let noise = 0;
  let firstMinute: number | undefined;
  for (let minute = 0; minute < minutes; minute++) {
    const { requests, steps, inFlight, liveKv } = activities(minute);
    if (engine.traffic(minute) > 0) firstMinute ??= minute;
    const warmMinutes = firstMinute === undefined ? -1 : minute - firstMinute;
    const progress = { minute, requests, warmMinutes, inFlight };
    noise = NOISE_KEPT * noise + Math.sqrt(1 - NOISE_KEPT ** 2) * engine.noiseBytes * dice.normal();
    const held = engine.shares.reduce((sum, share) => sum + share(progress), engine.baseBytes);
    const kept = Math.max(0, engine.keptKv(progress));
    const kvCacheUsage = Math.min(1, kept + liveKv);
    const sample: MinuteSample = {
      atMs: START_MS + minute * MINUTE_MS,
      workingSetBytes: Math.min(engine.limitBytes, Math.max(0, Math.round(held + noise))),
      apiServerResidentBytes: Math.round(300 * MIB + 5 * MIB * dice.normal()),
      finishedRequests: requests,
      steps,
      inFlight,
      ...(inFlight === 0 && { idleKvCacheUsage: kvCacheUsage }),
    };
    const isFull = held >= engine.limitBytes || kept >= 1;
    yield { minute, sample: engine.lens(sample, minute), kvCacheUsage, isFull, warmMinutes };
    if (isFull) return;
  }
}

export const START = START_MS;
