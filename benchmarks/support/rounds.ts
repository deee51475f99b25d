/** What one round of reading pages took. */
export interface Round {
  readonly pages: number;
  readonly bytes: number;
  /** Of all threads, garbage collection and compilation included. */
  readonly cpuSeconds: number;
}

/** Goes over the pages again and again until the seconds have passed. */
export function timeRound(
  pages: readonly Uint8Array[],
  seconds: number,
  read: (page: Uint8Array, index: number) => void,
): Round {
  const before = process.cpuUsage();
  const end = performance.now() + seconds * 1000;
  let count = 0;
  let bytes = 0;
  while (performance.now() < end) {
    for (const [index, page] of pages.entries()) {
      read(page, index);
      bytes += page.length;
    }
    count += pages.length;
  }
  const { user, system } = process.cpuUsage(before);
  return { pages: count, bytes, cpuSeconds: (user + system) / 1e6 };
}

export interface Speed {
  /** Bytes per CPU second, in MB: the median round, the worst and the best. */
  readonly megabytesPerSecond: number;
  readonly worst: number;
  readonly best: number;
  readonly microsecondsPerPage: number;
}

/** The speed over some rounds. @throws Error if there is none */
export function speedOf(rounds: readonly Round[]): Speed {
  const sorted = rounds.toSorted((a, b) => a.bytes / a.cpuSeconds - b.bytes / b.cpuSeconds);
  const median = sorted[Math.floor(sorted.length / 2)];
  const worst = sorted[0];
  const best = sorted.at(-1);
  if (median === undefined || worst === undefined || best === undefined)
    throw new Error('no round was measured');
  const rate = ({ bytes, cpuSeconds }: Round): number => bytes / cpuSeconds / 1e6;
  return {
    megabytesPerSecond: rate(median),
    worst: rate(worst),
    best: rate(best),
    microsecondsPerPage: (median.cpuSeconds * 1e6) / median.pages,
  };
}
