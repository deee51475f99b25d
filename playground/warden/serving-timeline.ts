/** How many engines serve from a moment on, epoch milliseconds. */
interface Serving {
  readonly atMs: number;
  readonly engines: number;
}

/** How many engines of a fleet served when. */
export class ServingTimeline {
  readonly #serving: Serving[] = [];

  /** Times never go back. */
  add(atMs: number, engines: number): void {
    this.#serving.push({ atMs, engines });
  }

  /** The fewest at a time, since there were `engines` for the first time; 0 if there never were. */
  leastSince(engines: number): number {
    const reached = this.#serving.findIndex((serving) => serving.engines >= engines);
    return reached === -1 ? 0 : Math.min(...this.#serving.slice(reached).map((serving) => serving.engines));
  }

  /** For how long there were fewer than these, of a span of time. */
  msBelow(engines: number, fromMs: number, toMs: number): number {
    return this.#serving.reduce((sum, serving, index) => {
      const start = Math.max(serving.atMs, fromMs);
      const end = Math.min(this.#serving[index + 1]?.atMs ?? toMs, toMs);
      return serving.engines < engines && end > start ? sum + end - start : sum;
    }, 0);
  }

  /** When, at `fromMs` or later, there were as many; undefined if there have not been yet. */
  reachedMs(engines: number, fromMs: number): number | undefined {
    const index = this.#serving.findLastIndex(({ atMs }) => atMs <= fromMs);
    const reached = this.#serving.slice(Math.max(0, index)).find((serving) => serving.engines >= engines);
    return reached === undefined ? undefined : Math.max(fromMs, reached.atMs);
  }
}
