import type { EngineSample } from '../../src/engine/sample.ts';
import type { Dice } from '../leaks/dice.ts';
import { chat } from './faults.ts';
import { CHAT, SimulatedEngine, type Work } from './simulated-engine.ts';
import type { Life, Tick } from './watch.ts';

/** A healthy engine that looks sick. */
export interface LookAlike {
  readonly name: string;
  readonly life: (dice: Dice) => Life;
}

/** Spells that come again and again: whether a second is in one. Asked in order. */
type Spells = (second: number) => boolean;

const MINUTE = 60;
const HOUR = 3600;

export const LOOK_ALIKES: readonly LookAlike[] = [
  { name: 'nothing special', life: (dice) => bent(dice, chat(dice)) },
  { name: 'work and long idle times', life: (dice) => bent(dice, inBursts(dice, 1)) },
  {
    name: 'far more requests than it can serve, for hours',
    life: (dice) =>
      bent(dice, { ...CHAT, rate: during(spells(dice, [4 * HOUR, 6 * HOUR], [600, HOUR]), 12, 0.5) }),
  },
  {
    name: 'prompts of a hundred thousand tokens',
    life: (dice) =>
      long(dice, { promptTokens: [30_000, 100_000], outputTokens: [1, 50], rate: () => 1 / 60 }),
  },
  {
    name: 'one request of 40 minutes',
    life: (dice) =>
      long(dice, { promptTokens: [50, 200], outputTokens: [90_000, 99_000], rate: () => 1 / 9000 }),
  },
  {
    name: 'first requests that compile for up to four minutes',
    life: (dice) => compiling(dice, 0),
  },
  {
    name: 'compilations of up to four minutes after the first answers',
    life: (dice) => compiling(dice, dice.between(60, 600)),
  },
  {
    name: 'standstills of up to 100 s',
    life: (dice) => held(dice, spells(dice, [600, 2 * HOUR], [5, 100]), {}),
  },
  {
    name: 'profiles that take up to nine minutes to write',
    life: (dice) =>
      held(dice, spells(dice, [HOUR, 4 * HOUR], [30, 9 * MINUTE]), { told: { hasProfiler: true } }),
  },
  {
    name: 'paused at times, and it says so',
    life: (dice) => {
      const paused = held(dice, spells(dice, [HOUR, 3 * HOUR], [60, HOUR]), { told: { canBePaused: true } });
      return { ...paused, answer: () => 'Paused' };
    },
  },
  {
    name: 'asleep at times',
    life: (dice) => shown(dice, spells(dice, [HOUR, 3 * HOUR], [600, 2 * HOUR]), () => ({ isAsleep: true })),
  },
  { name: 'gauges of vLLM 0.10 that are stale after a mass abort', life: stale },
  {
    name: 'requests that wait for an adapter, a grammar or a prefill elsewhere',
    life: (dice) =>
      shown(dice, spells(dice, [600, HOUR], [60, 30 * MINUTE]), () => {
        const waiting = 3;
        return { running: 0, waiting, waitingByReason: { capacity: 0, deferred: waiting }, kvCacheUsage: 0 };
      }),
  },
  {
    name: 'KV blocks held for a transfer',
    life: (dice) =>
      shown(dice, spells(dice, [600, HOUR], [60, 10 * MINUTE]), () => ({
        running: 0,
        waiting: 2,
        waitingByReason: { capacity: 2, deferred: 0 },
        kvCacheUsage: 0.3,
      })),
  },
  { name: 'pages that are missing for hours', life: (dice) => unread(dice, false) },
  {
    name: 'pages and readiness that fail for minutes, though it answers',
    life: (dice) => unread(dice, true),
  },
  {
    name: 'a clock that jumps by up to two hours',
    life: (dice) => {
      const life = bent(dice, chat(dice));
      let clockOff = 0;
      return {
        ...life,
        tick: (second) => {
          if (dice.chance(1 / 500)) clockOff += Math.round(dice.between(-7200, 7200));
          return { ...life.tick(second), clockOff };
        },
      };
    },
  },
  {
    name: 'containers that start anew',
    life: (dice) => restarting(dice, Math.round(dice.between(600, 2 * HOUR)), () => false),
  },
];

/** In spells of `length` with `apart` between them, in seconds. */
function spells(dice: Dice, apart: readonly [number, number], length: readonly [number, number]): Spells {
  let from = dice.between(...apart);
  let to = from + dice.between(...length);
  return (second) => {
    if (second >= to) {
      from = to + dice.between(...apart);
      to = from + dice.between(...length);
    }
    return second >= from && second < to;
  };
}

function during(isNow: Spells, rate: number, else_: number): Work['rate'] {
  return (second) => (isNow(second) ? rate : else_);
}

function inBursts(dice: Dice, rate: number): Work {
  return { ...CHAT, rate: during(spells(dice, [600, 5 * HOUR], [60, HOUR]), rate, 0) };
}

function bent(dice: Dice, work: Work): Life {
  return held(dice, () => false, {}, work);
}

/** With a context of 128 Ki tokens. */
function long(dice: Dice, work: Work): Life {
  return held(dice, () => false, { told: { maxModelLen: 131_072 } }, work);
}

/** Takes no step in the spells; asked for a token then, it answers when the spell is over. */
function held(dice: Dice, isHeld: Spells, told: Pick<Life, 'told'>, work: Work = chat(dice)): Life {
  const engine = new SimulatedEngine(work, dice);
  let isNow = false;
  return {
    tick: (second) => {
      isNow = isHeld(second);
      engine.play(second, isNow);
      return { page: engine.page() };
    },
    answer: () => (isNow ? 'Silent' : 'Answered'),
    ...told,
  };
}

/** Takes no step in the spells, and its page shows something else; it answers. */
function shown(dice: Dice, isNow: Spells, told: () => Partial<EngineSample>): Life {
  const engine = new SimulatedEngine(chat(dice), dice);
  return {
    tick: (second) => {
      const isBent = isNow(second);
      engine.play(second, isBent);
      return { page: { ...engine.page(), ...(isBent && told()) } };
    },
    answer: () => 'Answered',
  };
}

/** Now and then all clients leave at once and none comes for a while; the gauges stay until a token is asked for. */
function stale(dice: Dice): Life {
  const isQuiet = spells(dice, [600, 2 * HOUR], [600, HOUR]);
  let isNow = false;
  const engine = new SimulatedEngine({ ...CHAT, rate: () => (isNow ? 0 : 1) }, dice);
  let left: EngineSample | undefined;
  return {
    tick: (second) => {
      const wasQuiet = isNow;
      isNow = isQuiet(second);
      if (isNow && !wasQuiet) {
        left = engine.page();
        engine.abortAll();
      }
      if (!isNow) left = undefined;
      engine.play(second, false);
      return { page: { ...(left ?? engine.page()), dialect: 'v1-0.10' } };
    },
    answer: () => {
      left = undefined;
      return 'Answered';
    },
  };
}

/** Pages fail in spells; with `isUnready` the kubelet's probes as well, from half a minute on. */
function unread(dice: Dice, isUnready: boolean): Life {
  const life = bent(dice, chat(dice));
  const isCut = spells(dice, [600, 2 * HOUR], isUnready ? [60, 20 * MINUTE] : [60, 3 * HOUR]);
  let since: number | undefined;
  return {
    ...life,
    tick: (second): Tick => {
      const { page } = life.tick(second);
      if (!isCut(second)) {
        since = undefined;
        return { page };
      }
      since ??= second;
      return isUnready && second > since + 30 ? { unreadySince: since + 30 } : {};
    },
  };
}

/** In each of its containers, so many seconds after the first request, nothing moves while something is compiled. */
function compiling(dice: Dice, after: number): Life {
  const takes = dice.between(30, 240);
  return restarting(
    dice,
    Math.round(dice.between(2, 4) * HOUR),
    // One that answered within its first second had nothing to compile then.
    (busyFor, hadAnswered) => busyFor >= after && busyFor < after + takes && !(after === 0 && hadAnswered),
  );
}

/**
 * Another container every so often, which takes no step while `isHeld`: of the seconds since it first ran a request, and whether it
 * had answered one by then.
 */
function restarting(
  dice: Dice,
  every: number,
  isHeld: (busyFor: number, hadAnswered: boolean) => boolean,
): Life {
  const engine = new SimulatedEngine(chat(dice), dice);
  let containerSince = 0;
  let busySince = Infinity;
  let hadAnswered = false;
  let isNow = false;
  return {
    tick: (second) => {
      if (second - containerSince >= every) {
        engine.restart();
        containerSince = second;
        busySince = Infinity;
      }
      for (let at = engine.second; at <= second && busySince === Infinity; at++) {
        engine.play(at, false);
        if (!engine.isRunning) continue;
        busySince = at;
        hadAnswered = (engine.page().requests?.['stop'] ?? 0) > 0;
      }
      isNow = isHeld(second - busySince, hadAnswered);
      engine.play(second, isNow);
      return { page: engine.page(), containerSince };
    },
    answer: () => (isNow ? 'Silent' : 'Answered'),
  };
}
