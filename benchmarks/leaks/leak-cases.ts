import type { Dice } from './dice.ts';
import { GIB, MIB, type Engine, type Share } from './engine.ts';
import {
  followingLoad,
  lazySteps,
  leakPerMinute,
  leakPerRequest,
  leakPerStep,
  saturating,
} from './shares.ts';
import { bursts, dailyWave, steady, type Traffic } from './traffic.ts';

/** A real leak. `assumed` names what nobody published. */
export interface LeakCase {
  readonly name: string;
  readonly source: string;
  readonly assumed: string;
  readonly signature: 'HostMemoryLeak' | 'KVBlockLeak';
  /** Minutes that are enough for it to fill its memory, whatever the dice say. */
  readonly minutes: number;
  readonly engine: (dice: Dice) => Engine;
}

const UNASSUMED = 'the daily wave of half of the engines';

/** vLLM's real leaks, by the numbers of their reports. */
export const LEAK_CASES: readonly LeakCase[] = [
  {
    name: '90 B a request at 150/s',
    source: 'vllm #44175',
    assumed: `the limit of 8 GiB, ${UNASSUMED}`,
    signature: 'HostMemoryLeak',
    minutes: 6000,
    engine: (dice) => hostLeak(dice, 6 * GIB, 8 * GIB, 150, 0.8, leakPerRequest(90)),
  },
  {
    name: '400 MB a minute',
    source: 'NIXL, vllm #32181',
    assumed: `20 GiB at the start and the limit of 64 GiB, ${UNASSUMED}`,
    signature: 'HostMemoryLeak',
    minutes: 300,
    engine: (dice) => hostLeak(dice, 20 * GIB, 64 * GIB, 5, 10, leakPerMinute(400e6)),
  },
  {
    name: '30 MB a request at 0.1/s',
    source: 'intel/llm-scaler #590',
    assumed: `16 GiB at the start and the limit of 64 GiB, ${UNASSUMED}`,
    signature: 'HostMemoryLeak',
    minutes: 1500,
    engine: (dice) => hostLeak(dice, 16 * GIB, 64 * GIB, 0.1, 30, leakPerRequest(30e6)),
  },
  {
    name: '33 GiB in 17 h',
    source: 'vllm-ascend #15193',
    assumed: `30 GiB at the start and the limit of 64 GiB, ${UNASSUMED}`,
    signature: 'HostMemoryLeak',
    minutes: 3000,
    engine: (dice) => hostLeak(dice, 30 * GIB, 64 * GIB, 5, 10, leakPerMinute((33 * GIB) / (17 * 60))),
  },
  {
    name: '48 B × 500 operations × 30 steps/s',
    source: 'vllm #50150',
    assumed: `20 GiB at the start, ${UNASSUMED}`,
    signature: 'HostMemoryLeak',
    minutes: 3000,
    engine: (dice) => hostLeak(dice, 20 * GIB, 64 * GIB, 5, 10, leakPerStep(48 * 500)),
  },
  {
    name: 'KV blocks kept',
    source: 'vllm #46283',
    assumed: 'a full cache after 8 to 48 h, idle times of 5 to 40 min',
    signature: 'KVBlockLeak',
    minutes: 12_000,
    engine: kvLeak,
  },
];

function hostLeak(
  dice: Dice,
  baseBytes: number,
  limitBytes: number,
  rate: number,
  requestSeconds: number,
  leak: Share,
): Engine {
  const traffic: Traffic = dice.chance(0.5)
    ? dailyWave(rate, dice)
    : steady(rate, Math.floor(dice.between(0, 5)));
  const headroom = limitBytes - baseBytes;
  return {
    limitBytes,
    allowedBytes: 0,
    baseBytes,
    // What goes on beside a leak takes a part of the way, as on any engine.
    shares: [
      saturating(headroom * dice.between(0, 0.05), dice.between(3, 20)),
      lazySteps(headroom * dice.between(0, 0.03), dice),
      followingLoad(headroom * dice.between(0, 0.05), 2 * rate * requestSeconds, 1),
      leak,
    ],
    traffic,
    requestSeconds,
    keptKv: () => 0,
    lens: (sample) => sample,
    noiseBytes: dice.scale(5, 60) * MIB,
  };
}

function kvLeak(dice: Dice): Engine {
  const rate = dice.scale(0.2, 2);
  const requestsToFull = rate * 3600 * dice.scale(8, 48);
  return {
    ...hostLeak(dice, 12 * GIB, 64 * GIB, rate, 10, () => 0),
    traffic: bursts(rate, dice, [10, 60], [5, 40]),
    keptKv: ({ requests }) => requests / requestsToFull,
  };
}
