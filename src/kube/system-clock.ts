import type { Cancel, Clock } from '../runtime/ports.ts';
import { sleepOn } from '../runtime/sleep.ts';

/** setTimeout fires at once beyond this; a longer wait fires early instead, and its owner waits again. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The process's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms: number, callback: () => void): Cancel {
    const timer = setTimeout(callback, Math.min(Math.max(ms, 0), MAX_TIMER_MS));
    return () => clearTimeout(timer);
  },
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(systemClock, ms, signal);
  },
};
