import type { EngineSample } from '../../src/engine/sample.ts';
import type { Dice } from '../leaks/dice.ts';
import { CHAT, SimulatedEngine, type Work } from './simulated-engine.ts';
import type { Life } from './watch.ts';

/** A fault, and the signature that is to prove it. */
export interface Fault {
  readonly name: string;
  readonly signature: string;
  readonly life: (dice: Dice) => Life;
}

/** The engine has been busy for an hour or less. */
const FAULT_WITHIN = [900, 3000] as const;
/** The kubelet's readiness probe fails three times in a row, ten seconds apart. */
const UNREADY_AFTER = [20, 40] as const;

/** Prompt tokens, as the model's profile reads them. */
const READ_PER_SECOND = 8000;

export const FAULTS: readonly Fault[] = [
  {
    name: 'no step any more under load',
    signature: 'Wedged',
    life: (dice) => stuck(dice, (page) => page),
  },
  {
    name: 'nothing is scheduled though requests wait',
    signature: 'Deadlocked',
    life: (dice) => stuck(dice, (page) => ({ ...page, ...waitingOnly(page) })),
  },
  {
    name: 'one prompt is computed over and over',
    signature: 'Livelocked',
    life: (dice) =>
      stuck(dice, (page, since) => ({
        ...page,
        ...waitingOnly(page),
        promptTokens: (page.promptTokens ?? 0) + READ_PER_SECOND * since,
        steps: (page.steps ?? 0) + 10 * since,
      })),
  },
  { name: 'nobody listens any more', signature: 'EngineDead', life: dead },
];

export const FAULT_SECONDS = FAULT_WITHIN[1] + 1000;

/** All that the engine holds waits, for room before an empty cache. */
function waitingOnly({ running = 0, waiting = 0 }: EngineSample): Partial<EngineSample> {
  const all = running + waiting;
  return { running: 0, waiting: all, waitingByReason: { capacity: all, deferred: 0 }, kvCacheUsage: 0 };
}

export function chat(dice: Dice): Work {
  const mean = dice.scale(0.1, 2.5);
  return { ...CHAT, rate: () => mean };
}

/** From a moment at which it runs something it takes no step any more; its page then shows what `shown` makes of it. */
function stuck(dice: Dice, shown: (page: EngineSample, since: number) => EngineSample): Life {
  const engine = new SimulatedEngine(chat(dice), dice);
  const notBefore = dice.between(...FAULT_WITHIN);
  let faultAt: number | undefined;
  return {
    tick: (second) => {
      engine.play(second, faultAt !== undefined);
      if (second >= notBefore && engine.isRunning) faultAt ??= second;
      const page = engine.page();
      return { page: faultAt === undefined ? page : shown(page, second - faultAt) };
    },
    answer: () => 'Silent',
    faultAt: () => faultAt,
  };
}

function dead(dice: Dice): Life {
  const engine = new SimulatedEngine(chat(dice), dice);
  const faultAt = Math.round(dice.between(...FAULT_WITHIN));
  const unreadySince = faultAt + dice.between(...UNREADY_AFTER);
  return {
    tick: (second) => {
      if (second >= faultAt) return second < unreadySince ? {} : { unreadySince };
      engine.play(second, false);
      return { page: engine.page() };
    },
    answer: () => 'Refused',
    faultAt: () => faultAt,
  };
}
