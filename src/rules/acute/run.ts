import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';
import type { EngineSample } from '../../engine/sample.ts';
import { DEFAULT_RETENTION, type TimedSample } from '../../signals/history.ts';
import { missingAfterMs } from '../../signals/page-age.ts';
import type { Window } from '../../signals/window.ts';

const { keepMs, denseMs, sparseStepMs } = DEFAULT_RETENTION;

/** The newest pages of an engine, of all of which something holds; oldest first. */
export class Run {
  readonly pages: Window;
  /** Whether these are all pages that are kept. */
  private readonly isAll: boolean;
  private readonly intervalMs: number;

  constructor(pages: Window, isAll: boolean, intervalMs: number) {
    this.pages = pages;
    this.isAll = isAll;
    this.intervalMs = intervalMs;
  }

  get oldest(): TimedSample | undefined {
    return this.pages[0];
  }

  get newest(): TimedSample | undefined {
    return this.pages.at(-1);
  }

  /**
   * For how long it was seen to hold, in milliseconds: the time between neighbouring pages, of each gap no more than
   * pages are kept apart. Missing pages and a clock that jumps add little.
   */
  get observedMs(): number {
    return this.#observed((): boolean => false);
  }

  /**
   * Since when it has held; without beginning where it has held for as long as pages are kept. Whatever was asked or seen
   * before the oldest page belongs to it then: such a run was asked for a token long before its first pages were dropped.
   */
  get sinceMs(): number {
    const isEndless = this.isAll && this.observedMs >= keepMs - 2 * sparseStepMs - this.intervalMs;
    return isEndless ? -Infinity : (this.oldest?.atMs ?? Infinity);
  }

  /** When it had been seen to hold for so long; `undefined` while it has not. Milliseconds since the epoch. */
  heldForAt(lengthMs: number): number | undefined {
    if (this.sinceMs === -Infinity) return -Infinity;
    let at: number | undefined;
    const seen = this.#observed((observedMs, atMs) => {
      if (observedMs < lengthMs) return false;
      at = atMs;
      return true;
    });
    return seen >= lengthMs ? at : undefined;
  }

  #observed(isEnough: (observedMs: number, atMs: number) => boolean): number {
    const newestMs = this.newest?.atMs ?? 0;
    const denseStepMs = missingAfterMs(this.intervalMs);
    let sum = 0;
    let before: TimedSample | undefined;
    for (const page of this.pages) {
      const isSparse = newestMs - page.atMs > denseMs - 2 * this.intervalMs;
      const mostMs = isSparse ? Math.max(denseStepMs, sparseStepMs + this.intervalMs) : denseStepMs;
      if (before !== undefined) sum += Math.min(mostMs, page.atMs - before.atMs);
      if (isEnough(sum, page.atMs)) break;
      before = page;
    }
    return sum;
  }
}

/** The newest pages of the container that runs now, back to the first of which `holds` is not true. */
export function runWhile(
  { history, container }: EngineSnapshot,
  intervalMs: number,
  holds: (sample: EngineSample) => boolean,
): Run {
  const pages = history?.samples ?? [];
  const startedAtMs = container?.startedAtMs ?? -Infinity;
  let from = pages.length;
  for (let page = pages[from - 1]; page !== undefined; page = pages[from - 1]) {
    if (page.atMs < startedAtMs || !holds(page.sample)) break;
    from--;
  }
  return new Run(pages.slice(from), from === 0, intervalMs);
}
