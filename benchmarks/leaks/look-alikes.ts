import type { Dice } from './dice.ts';
import { GIB, MIB, type Engine, type Lens } from './engine.ts';
import {
  fillingCache,
  followingLoad,
  highWaterMark,
  lazySteps,
  pageCache,
  profilerTraces,
  rarerSteps,
  saturating,
  saturatingByRequest,
  sleeping,
} from './shares.ts';
import { anyTraffic, bursts, dailyWave, growing, type Traffic } from './traffic.ts';
import { bentCounters, jumpingClock, lossy, staleGauges } from './lenses.ts';

/** What looks like a leak and is none. */
export interface LookAlike {
  readonly name: string;
  readonly bend: (engine: Engine, dice: Dice) => Engine;
}

const SAME: Lens = (sample) => sample;

/** A healthy engine of any size, with what every engine has: warm-up, lazy allocations, memory that goes with its load. */
export function healthyEngine(dice: Dice): Engine {
  const baseBytes = dice.scale(4, 40) * GIB;
  const headroom = Math.max(1.5 * GIB, baseBytes * dice.between(0.15, 2));
  const traffic = anyTraffic(dice);
  const requestSeconds = secondsFor(traffic, dice);
  return {
    limitBytes: baseBytes + headroom,
    allowedBytes: 0,
    baseBytes,
    shares: [
      saturating(headroom * dice.between(0, 0.1), dice.between(3, 20)),
      lazySteps(headroom * dice.between(0, 0.05), dice),
      followingLoad(headroom * dice.between(0, 0.1), most(traffic, requestSeconds), 1),
    ],
    traffic,
    requestSeconds,
    keptKv: () => 0,
    lens: SAME,
    noiseBytes: Math.min(0.01 * headroom, dice.scale(5, 100) * MIB),
  };
}

export const LOOK_ALIKES: readonly LookAlike[] = [
  { name: 'nothing special', bend: (engine) => engine },
  {
    name: 'growth at warm-up',
    bend: (engine, dice) =>
      also(engine, saturating(room(engine) * dice.between(0.2, 0.5), dice.between(3, 20))),
  },
  {
    name: 'page cache',
    bend: (engine, dice) => also(engine, pageCache(room(engine) * dice.between(0.1, 0.6), dice)),
  },
  {
    name: 'growth to a plateau',
    bend: (engine, dice) =>
      also(engine, saturating(room(engine) * dice.between(0.2, 0.6), dice.scale(20, 900))),
  },
  {
    name: 'growth to a plateau, by request',
    bend: (engine, dice) => {
      const tau = dice.scale(20, 900) * 60 * meanRate(engine.traffic);
      return also(engine, saturatingByRequest(room(engine) * dice.between(0.2, 0.6), tau));
    },
  },
  {
    name: 'graphs and lazy allocations',
    bend: (engine, dice) => also(engine, lazySteps(room(engine) * dice.between(0.1, 0.4), dice)),
  },
  {
    name: 'allocations that are ever rarer',
    bend: (engine, dice) => also(engine, rarerSteps(room(engine) * dice.between(0.1, 0.6), dice)),
  },
  {
    name: 'a profiler at times',
    bend: (engine, dice) => also(engine, profilerTraces(room(engine) * dice.between(0.1, 0.6), dice)),
  },
  {
    name: 'daily wave',
    bend: (engine, dice) => {
      const traffic = dailyWave(dice.scale(0.1, 150), dice);
      const bytes = room(engine) * dice.between(0.1, 0.5);
      const seconds = secondsFor(traffic, dice);
      const share = followingLoad(bytes, most(traffic, seconds), dice.between(0.7, 1));
      return { ...waved(engine, traffic, share), requestSeconds: seconds };
    },
  },
  {
    name: 'daily wave, arenas kept',
    bend: (engine, dice) => {
      const traffic = dailyWave(dice.scale(0.1, 150), dice);
      const bytes = room(engine) * dice.between(0.1, 0.5);
      const seconds = secondsFor(traffic, dice);
      return {
        ...waved(engine, traffic, highWaterMark(bytes, most(traffic, seconds))),
        requestSeconds: seconds,
      };
    },
  },
  {
    name: 'traffic that grows for two days',
    bend: (engine, dice) => {
      const traffic = growing(dice.scale(0.1, 150), dice);
      const bytes = room(engine) * dice.between(0.1, 0.5);
      const seconds = secondsFor(traffic, dice);
      // The last day's peak is 1.7 times that of a plain wave.
      const peak = 1.7 * most(traffic, seconds);
      const share = dice.chance(0.5) ? followingLoad(bytes, peak, 1) : highWaterMark(bytes, peak);
      return { ...waved(engine, traffic, share), requestSeconds: seconds };
    },
  },
  {
    name: 'growth to a plateau beside a daily wave',
    bend: (engine, dice) => {
      const traffic = dailyWave(dice.scale(0.1, 150), dice);
      const seconds = secondsFor(traffic, dice);
      const bytes = room(engine) * dice.between(0.1, 0.3);
      const follow = followingLoad(bytes, most(traffic, seconds), dice.between(0.7, 1));
      const end = room(engine) * dice.between(0.2, 0.4);
      const tau = dice.scale(60, 900);
      const plateau = dice.chance(0.5)
        ? saturating(end, tau)
        : saturatingByRequest(end, tau * 60 * meanRate(traffic));
      return also({ ...waved(engine, traffic, follow), requestSeconds: seconds }, plateau);
    },
  },
  {
    name: 'batches that fill the KV cache for an hour',
    bend: (engine, dice) => {
      const rate = 250 / engine.requestSeconds;
      const traffic = bursts(rate, dice, [40, 90], [60, 600]);
      return waved(engine, traffic, followingLoad(room(engine) * dice.between(0.1, 0.5), 250, 1));
    },
  },
  {
    name: 'long idle times',
    bend: (engine, dice) => {
      const traffic = bursts(dice.scale(0.1, 20), dice, [30, 200], [300, 1200]);
      return waved(engine, traffic, lazySteps(room(engine) * dice.between(0.05, 0.3), dice));
    },
  },
  { name: 'counter resets', bend: (engine, dice) => ({ ...engine, lens: bentCounters(dice) }) },
  { name: 'missing scrapes', bend: (engine, dice) => ({ ...engine, lens: lossy(dice) }) },
  { name: 'clock jumps', bend: (engine, dice) => ({ ...engine, lens: jumpingClock(dice) }) },
  {
    name: 'one request of 40 minutes',
    bend: (engine, dice) => {
      const traffic: Traffic = bursts(1 / 2400, dice, [40, 40], [20, 200]);
      const taken = followingLoad(room(engine) * dice.between(0.05, 0.3), 1, 1);
      return { ...waved(engine, traffic, taken), requestSeconds: 2400, isEven: true };
    },
  },
  {
    name: 'stale gauges after a mass abort',
    bend: (engine, dice) => {
      const traffic = bursts(dice.scale(0.2, 20), dice, [20, 200], [20, 300]);
      return { ...waved(engine, traffic, () => 0), lens: staleGauges(dice) };
    },
  },
  {
    name: 'asleep at times',
    bend: (engine, dice) => also(engine, sleeping(room(engine) * dice.between(0.3, 0.7), dice)),
  },
  {
    name: 'offload cache that fills for hours',
    bend: (engine, dice) => {
      const allowedBytes = room(engine) * dice.between(0.3, 0.7);
      const requests = dice.between(1, 20) * 3600 * meanRate(engine.traffic);
      return also({ ...engine, allowedBytes }, fillingCache(allowedBytes * 1.03, allowedBytes / requests));
    },
  },
  {
    name: 'multimodal cache',
    bend: (engine, dice) => {
      const allowedBytes = Math.min(4 * GIB, 0.7 * room(engine));
      const each = dice.scale(0.2, 8) * MIB;
      return also({ ...engine, allowedBytes }, fillingCache(allowedBytes, each));
    },
  },
  {
    name: 'noise',
    bend: (engine, dice) => ({ ...engine, noiseBytes: room(engine) * dice.between(0.02, 0.08) }),
  },
  {
    name: 'KV held for a transfer',
    bend: (engine, dice) => {
      const rate = dice.scale(0.2, 10);
      const works = bursts(1, dice, [5, 40], [5, 30]);
      const wave = dailyWave(rate, dice);
      const share = dice.between(0.03, 0.25) / most(wave, 1);
      const traffic: Traffic = (minute) => works(minute) * wave(minute);
      return { ...engine, traffic, keptKv: ({ minute }) => wave(minute) * share * dice.between(0.8, 1.2) };
    },
  },
];

function also(engine: Engine, share: Engine['shares'][number]): Engine {
  return { ...engine, shares: [...engine.shares, share] };
}

function waved(engine: Engine, traffic: Traffic, share: Engine['shares'][number]): Engine {
  // What followed the traffic that is replaced here goes with it.
  return { ...engine, traffic, shares: [...engine.shares.slice(0, -1), share] };
}

function room({ limitBytes, baseBytes }: Engine): number {
  return limitBytes - baseBytes;
}

/** Requests in flight at the peak of a day. */
function most(traffic: Traffic, requestSeconds: number): number {
  return Math.max(1, requestSeconds * 1.5 * meanRate(traffic));
}

/** So long that a dozen to a hundred requests are in flight, as engines are sized. */
function secondsFor(traffic: Traffic, dice: Dice): number {
  return dice.scale(8, 100) / meanRate(traffic);
}

function meanRate(traffic: Traffic): number {
  // At a quarter of the day each, which a wave levels out; bursts have one rate, when they work.
  const rates = [0, 360, 720, 1080].map(traffic);
  return Math.max(0.01, rates.reduce((sum, rate) => sum + rate, 0) / 4);
}
