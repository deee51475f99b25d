import { observe, running, sumOf, waiting } from './observe.ts';
import type { Policy } from './types.ts';

const TICK_MS = 2000;
const STABLE_WINDOW_MS = 60_000;
const PANIC_WINDOW_MS = 6000;
/** container-concurrency-target-default 100 × container-concurrency-target-percentage 70 %. */
const TARGET_CONCURRENCY = 70;
/** panic-threshold-percentage 200 %. */
const PANIC_THRESHOLD = 2;
const MAX_SCALE_UP_RATE = 1000;
const MAX_SCALE_DOWN_RATE = 2;

export interface KpaInput {
  readonly ready: number;
  /** Mean requests in flight in all pods over the windows. */
  readonly stable: number;
  readonly panic: number;
  readonly nowMs: number;
}

/**
 * Knative's KPA on concurrency, with its defaults (knative/serving pkg/autoscaler/scaling/autoscaler.go, `Scale`;
 * config/core/configmaps/autoscaler.yaml). Requests in flight are what its queue-proxy counts: running and waiting.
 */
export class KnativeKpa {
  #panicUntilMs: number | undefined;
  #mostInPanic = 0;

  desired({ ready, stable, panic, nowMs }: KpaInput): number {
    const pods = Math.max(1, ready);
    const highest = Math.ceil(MAX_SCALE_UP_RATE * pods);
    const lowest = Math.floor(pods / MAX_SCALE_DOWN_RATE);
    const within = (size: number): number => Math.min(highest, Math.max(lowest, size));
    const askedByPanic = Math.ceil(panic / TARGET_CONCURRENCY);
    if (askedByPanic / pods >= PANIC_THRESHOLD) this.#panicUntilMs = nowMs + STABLE_WINDOW_MS;
    else if (this.#panicUntilMs !== undefined && this.#panicUntilMs < nowMs) {
      this.#panicUntilMs = undefined;
      this.#mostInPanic = 0;
    }
    if (this.#panicUntilMs === undefined) return within(Math.ceil(stable / TARGET_CONCURRENCY));
    this.#mostInPanic = Math.max(this.#mostInPanic, pods, within(askedByPanic));
    return this.#mostInPanic;
  }
}

/** Averages of a figure over the two windows. */
class Concurrency {
  #seen: readonly { readonly atMs: number; readonly value: number }[] = [];

  add(value: number, nowMs: number): void {
    this.#seen = [
      ...this.#seen.filter(({ atMs }) => nowMs - atMs < STABLE_WINDOW_MS),
      { atMs: nowMs, value },
    ];
  }

  mean(windowMs: number, nowMs: number): number {
    const values = this.#seen.filter(({ atMs }) => nowMs - atMs < windowMs).map(({ value }) => value);
    return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  }
}

export const KNATIVE_KPA: Policy = {
  name: 'Knative KPA',
  intervalMs: TICK_MS,
  create: ({ maxReplicas }) => {
    const kpa = new KnativeKpa();
    const concurrency = new Concurrency();
    return (view) => {
      const { pages } = observe(view);
      const { nowMs } = view;
      concurrency.add(
        sumOf(pages, (page) => running(page) + waiting(page)),
        nowMs,
      );
      const [stable, panic] = [
        concurrency.mean(STABLE_WINDOW_MS, nowMs),
        concurrency.mean(PANIC_WINDOW_MS, nowMs),
      ];
      const desired = kpa.desired({ ready: pages.length, stable, panic, nowMs });
      return Math.min(maxReplicas, Math.max(1, desired));
    };
  },
};
