import type { Dice } from './dice.ts';
import type { Share } from './engine.ts';

/** Grows towards an end as 1 − e^(−t/τ), in minutes since the first request. */
export function saturating(bytes: number, tauMinutes: number): Share {
  return ({ warmMinutes }) => (warmMinutes < 0 ? 0 : bytes * (1 - Math.exp(-warmMinutes / tauMinutes)));
}

/** The same, by requests. */
export function saturatingByRequest(bytes: number, tauRequests: number): Share {
  return ({ requests }) => bytes * (1 - Math.exp(-requests / tauRequests));
}

/** A cache of a configured size that fills with each request until it is full. */
export function fillingCache(bytes: number, bytesPerRequest: number): Share {
  return ({ requests }) => Math.min(bytes, requests * bytesPerRequest);
}

/** Graphs and kernels that are made when they are first needed: steps within 25 minutes of traffic. */
export function lazySteps(bytes: number, dice: Dice): Share {
  const steps = Array.from({ length: Math.ceil(dice.between(2, 8)) }, () => dice.between(0, 25));
  return ({ warmMinutes }) => (bytes * steps.filter((minute) => warmMinutes >= minute).length) / steps.length;
}

/** What is made when a shape is first seen, which is ever rarer: as many steps in each doubling of the time, for two days. */
export function rarerSteps(bytes: number, dice: Dice): Share {
  const steps = Array.from({ length: Math.ceil(dice.between(6, 20)) }, () => dice.scale(1, 2880));
  return ({ warmMinutes }) => (bytes * steps.filter((minute) => warmMinutes >= minute).length) / steps.length;
}

/** A profiler's traces: they pile up for minutes, wait to be written, and are gone. */
export function profilerTraces(bytes: number, dice: Dice): Share {
  let from = dice.between(60, 1200);
  let length = dice.between(1, 8);
  let writtenAt = from + length + dice.between(1, 15);
  return ({ minute }) => {
    if (minute >= writtenAt) {
      from = minute + dice.between(120, 1200);
      length = dice.between(1, 8);
      writtenAt = from + length + dice.between(1, 15);
    }
    return bytes * Math.min(1, Math.max(0, (minute - from) / length));
  };
}

/** Memory that goes with the requests in flight: `bytes` at `most` of them, in proportion or less than that. */
export function followingLoad(bytes: number, most: number, exponent: number): Share {
  let smooth = 0;
  return ({ inFlight }) => {
    // Allocators give memory back with delay.
    smooth += (inFlight - smooth) / 3;
    return bytes * Math.min(1.5, smooth / most) ** exponent;
  };
}

/** Arenas that keep the most they ever held. */
export function highWaterMark(bytes: number, most: number): Share {
  const follow = followingLoad(bytes, most, 1);
  let high = 0;
  return (progress) => (high = Math.max(high, follow(progress)));
}

/** Weights in host memory while the engine sleeps, for hours at a time. */
export function sleeping(bytes: number, dice: Dice): Share {
  let asleep = false;
  let until = dice.between(60, 600);
  return ({ minute }) => {
    if (minute >= until) {
      asleep = !asleep;
      until += dice.between(30, 400);
    }
    return asleep ? bytes : 0;
  };
}

/** Page cache of the weights: some of it is taken back at times, and comes back within minutes when they are read anew. */
export function pageCache(bytes: number, dice: Dice): Share {
  let level = bytes * dice.between(0.3, 1);
  let readPerMinute = 0;
  return () => {
    if (dice.chance(1 / 400)) level *= dice.between(0.1, 0.9);
    if (dice.chance(1 / 600)) readPerMinute = bytes / dice.between(2, 8);
    level = Math.min(bytes, level + readPerMinute);
    if (level === bytes) readPerMinute = 0;
    return level;
  };
}

/** A leak by time. */
export function leakPerMinute(bytes: number): Share {
  return ({ minute }) => minute * bytes;
}

/** A leak by finished request. */
export function leakPerRequest(bytes: number): Share {
  return ({ requests }) => requests * bytes;
}

/** A leak by engine step, of which an engine with requests makes 30 a second. */
export function leakPerStep(bytes: number): Share {
  let steps = 0;
  return ({ inFlight }) => {
    steps += inFlight > 0 ? 1800 : 0;
    return steps * bytes;
  };
}
