import type { Clock, Random } from './ports.ts';

/** How long a key that failed waits before its next try. */
export interface RateLimiter {
  /** Milliseconds to wait; every call counts as one more failure of this key. */
  when(key: string): number;
  forget(key: string): void;
}

/**
 * base × 2ⁿ ≤ cap by key: the exponential part of client-go's DefaultControllerRateLimiter
 * (5 ms, 1000 s).
 */
export function exponential(baseMs = 5, capMs = 1_000_000): RateLimiter {
  const failures = new Map<string, number>();
  return {
    when(key) {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      return Math.min(baseMs * 2 ** count, capMs);
    },
    forget: (key) => void failures.delete(key),
  };
}

/**
 * A token bucket over all keys: `perSecond` retries, `burst` at once; the overall part of client-go's
 * DefaultControllerRateLimiter (10, 100). It keeps a fleet of failing keys from storming the API.
 */
export function bucket(clock: Clock, perSecond = 10, burst = 100): RateLimiter {
  let tokens = burst;
  let refilledAt = clock.monotonic();
  return {
    when() {
      const now = clock.monotonic();
      tokens = Math.min(burst, tokens + ((now - refilledAt) / 1000) * perSecond);
      refilledAt = now;
      tokens -= 1;
      return tokens >= 0 ? 0 : (-tokens / perSecond) * 1000;
    },
    forget: () => undefined,
  };
}

/** The strictest of several limiters; each of them sees each failure. */
export function maxOf(...limiters: readonly RateLimiter[]): RateLimiter {
  return {
    when: (key) => Math.max(...limiters.map((limiter) => limiter.when(key))),
    forget: (key) => limiters.forEach((limiter) => limiter.forget(key)),
  };
}

/**
 * client-go lets a key wait for up to 1000 s, which would leave a fleet unscaled for a quarter of an
 * hour after an outage; the bucket already keeps many failing keys from storming the API.
 */
const CONTROLLER_CAP_MS = 60_000;

/** What a controller uses unless told otherwise. */
export function controllerRateLimiter(clock: Clock): RateLimiter {
  return maxOf(exponential(5, CONTROLLER_CAP_MS), bucket(clock));
}

export interface BackoffOptions {
  readonly baseMs: number;
  readonly capMs: number;
  /** A failure this long after the one before starts again at `baseMs`. */
  readonly resetAfterMs: number;
}

/**
 * The back-off of one loop: base × 2ⁿ ≤ cap, plus up to as much again at random, so that the watches
 * of many clients do not return in step. It falls back only after a healthy period, not after one
 * success: a server that answers once and fails again is not healthy.
 */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  #failures = 0;
  #lastFailureAt = Number.NEGATIVE_INFINITY;

  constructor(options: BackoffOptions, clock: Clock, random: Random) {
    this.#options = options;
    this.#clock = clock;
    this.#random = random;
  }

  /** Milliseconds to wait after one more failure. */
  next(): number {
    const now = this.#clock.monotonic();
    if (now - this.#lastFailureAt >= this.#options.resetAfterMs) this.#failures = 0;
    this.#lastFailureAt = now;
    const delayMs = Math.min(this.#options.baseMs * 2 ** this.#failures, this.#options.capMs);
    this.#failures += 1;
    return delayMs * (1 + this.#random());
  }
}
