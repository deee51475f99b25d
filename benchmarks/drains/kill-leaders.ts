import { setTimeout as sleep } from 'node:timers/promises';
import type { OperatorPair } from '../../playground/warden/operator-pair.ts';
import type { ClaimStep, StepEvent } from '../../playground/warden/claim-history.ts';

/** One kill -9 of the operator that led. */
export interface Kill {
  readonly atMs: number;
  /** The step that a claim had just entered; undefined when no claim came by in time. */
  readonly step: ClaimStep | undefined;
}

/** Every step but `Returning`, which needs a cluster without room. */
const STEPS: readonly ClaimStep[] = ['Claimed', 'Surging', 'Draining', 'Removing'];
const STEP_TIMEOUT_MS = 20_000;
/** A lease that changes hands within seconds, and that a leader on a busy machine still renews. */
export const LEASE = ['--lease-duration', '4s', '--renew-deadline', '3s', '--retry-period', '500ms'];
/** A step is a pass or more: killed at once, or some passes into it. */
const MOST_DELAY_MS = 1500;
/** Of a leader, before the next kill. */
const LEAST_PAUSE_MS = 4000;
const MOST_PAUSE_MS = 12_000;

/** Tells whoever waits for it that a claim has entered a step. */
export class StepFeed {
  readonly #listeners = new Set<(event: StepEvent) => void>();

  readonly publish = (event: StepEvent): void => {
    for (const listener of this.#listeners) listener(event);
  };

  /** Resolves when a claim enters the step, or at the abort. */
  next(step: ClaimStep, signal: AbortSignal): Promise<ClaimStep | undefined> {
    return new Promise((resolve) => {
      const end = (seen: ClaimStep | undefined): void => {
        this.#listeners.delete(listener);
        signal.removeEventListener('abort', cancel);
        resolve(seen);
      };
      const listener = (event: StepEvent): void => {
        if (event.step === step) end(step);
      };
      const cancel = (): void => end(undefined);
      this.#listeners.add(listener);
      signal.addEventListener('abort', cancel, { once: true });
    });
  }
}

/** Kills the leader at random steps of random claims, again and again until `signal` aborts. */
export async function killLeaders(
  operators: OperatorPair,
  feed: StepFeed,
  random: () => number,
  signal: AbortSignal,
): Promise<readonly Kill[]> {
  const kills: Kill[] = [];
  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal }).catch(() => undefined);
  while (!signal.aborted) {
    const wanted = STEPS[Math.floor(random() * STEPS.length)] ?? 'Draining';
    const step = await feed.next(wanted, AbortSignal.any([signal, AbortSignal.timeout(STEP_TIMEOUT_MS)]));
    await pause(random() * MOST_DELAY_MS);
    if (signal.aborted) break;
    kills.push({ atMs: Date.now(), step });
    await operators.killLeader();
    // The next one gets some time at work, however long it takes to start.
    await operators.leader();
    await pause(LEAST_PAUSE_MS + random() * (MOST_PAUSE_MS - LEAST_PAUSE_MS));
  }
  return kills;
}
