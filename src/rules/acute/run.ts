import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';
import type { EngineSample } from '../../engine/sample.ts';
import type { TimedSample } from '../../signals/history.ts';
import type { Window } from '../../signals/window.ts';

/** Older pages are kept thirty seconds apart; with an interval of its own a step may be somewhat longer. */
const LEAST_STEP_MS = 35_000;
const STEP_INTERVALS = 3;

/** The newest pages of an engine, of all of which something holds; oldest first. */
export class Run {
  readonly pages: Window;
  /** How far apart two pages may be and still speak for the time between them. */
  private readonly stepMs: number;

  constructor(pages: Window, intervalMs: number) {
    this.pages = pages;
    this.stepMs = Math.max(LEAST_STEP_MS, STEP_INTERVALS * intervalMs);
  }

  get oldest(): TimedSample | undefined {
    return this.pages[0];
  }

  get newest(): TimedSample | undefined {
    return this.pages.at(-1);
  }

  /**
   * For how long it was seen to hold, in milliseconds: the time between neighbouring pages, so much of each gap as two
   * pages can speak for. Missing pages and a clock that jumps add little.
   */
  get observedMs(): number {
    return this.#observed((): boolean => false);
  }

  /** When it had been seen to hold for so long; `undefined` while it has not. Milliseconds since the epoch. */
  heldForAt(lengthMs: number): number | undefined {
    let at: number | undefined;
    const seen = this.#observed((observedMs, atMs) => {
      if (observedMs < lengthMs) return false;
      at = atMs;
      return true;
    });
    return seen >= lengthMs ? at : undefined;
  }

  #observed(isEnough: (observedMs: number, atMs: number) => boolean): number {
    let sum = 0;
    for (let i = 1; i < this.pages.length; i++) {
      const [before, page] = [this.pages[i - 1], this.pages[i]];
      if (before === undefined || page === undefined) break;
      sum += Math.min(this.stepMs, page.atMs - before.atMs);
      if (isEnough(sum, page.atMs)) break;
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
  return new Run(pages.slice(from), intervalMs);
}
