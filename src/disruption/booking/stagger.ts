import type { Slot } from './slots.ts';

/** Starts that are taken, and how far apart starts must be. */
export interface Taken {
  readonly starts: readonly number[];
  readonly apartMs: number;
}

export function isFree({ starts, apartMs }: Taken, atMs: number): boolean {
  return starts.every((start) => Math.abs(start - atMs) >= apartMs);
}

/** The first start that is free, at or after an instant. */
export function firstFree({ starts, apartMs }: Taken, fromMs: number): number {
  return starts
    .toSorted((a, b) => a - b)
    .reduce((atMs, start) => (Math.abs(start - atMs) < apartMs ? start + apartMs : atMs), fromMs);
}

/** The last start that is free, at or before an instant. */
export function lastFree({ starts, apartMs }: Taken, toMs: number): number {
  return starts
    .toSorted((a, b) => b - a)
    .reduce((atMs, start) => (Math.abs(start - atMs) < apartMs ? start - apartMs : atMs), toMs);
}

/** The first start that is free in a slot, early enough for a replace to end in it where it is long enough for one. */
export function firstFreeIn(taken: Taken, { fromMs, toMs }: Slot, untilMs: number): number | undefined {
  const atMs = firstFree(taken, fromMs);
  const lastMs = toMs - taken.apartMs < fromMs ? toMs - 1 : toMs - taken.apartMs;
  return atMs <= Math.min(lastMs, untilMs) ? atMs : undefined;
}
