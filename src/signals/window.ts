import type { EngineSample } from '../engine/sample.ts';
import type { EngineHistory, TimedSample } from './history.ts';

/** The pages of one engine that a signal looks at, oldest first. */
export type Window = readonly TimedSample[];

/** The pages of the last `lengthMs` up to `nowMs`. */
export function windowOf(history: EngineHistory, nowMs: number, lengthMs: number): Window {
  const fromMs = nowMs - lengthMs;
  return history.samples.filter(({ atMs }) => atMs >= fromMs && atMs <= nowMs);
}

/** A figure of a page; a counter only ever grows while the server runs. */
export type Read = (sample: EngineSample) => number | undefined;

/** The newest page's figure. */
export function latest(window: Window, read: Read): number | undefined {
  const newest = window.at(-1);
  return newest === undefined ? undefined : read(newest.sample);
}

export interface Increase {
  readonly value: number;
  /** Time between the first and the last page that had the counter. */
  readonly spanMs: number;
}

/**
 * How much a counter grew over the window. A counter that falls was reset (the server restarted), so its new value
 * is all growth: the rule of Prometheus' `increase()` (promql/functions.go, extrapolatedRate), without its
 * extrapolation to the window's edges. `undefined` unless two pages have the counter.
 */
export function increase(window: Window, read: Read): Increase | undefined {
  let value = 0;
  let first: TimedSample | undefined;
  let last: { readonly atMs: number; readonly value: number } | undefined;
  for (const page of window) {
    const now = read(page.sample);
    if (now === undefined) continue;
    first ??= page;
    if (last !== undefined) value += now >= last.value ? now - last.value : now;
    last = { atMs: page.atMs, value: now };
  }
  if (first === undefined || last === undefined || last.atMs <= first.atMs) return undefined;
  return { value, spanMs: last.atMs - first.atMs };
}

/** Growth of a counter per second. */
export function rate(window: Window, read: Read): number | undefined {
  const grown = increase(window, read);
  return grown === undefined ? undefined : (grown.value * 1000) / grown.spanMs;
}
