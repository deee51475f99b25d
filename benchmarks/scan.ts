import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { scanPage } from '../src/engine/scan.ts';

/**
 * How fast metrics pages are read, in MB/s over 90 real pages (52 KB each) taken one a second from a loaded engine.
 * Run: `node benchmarks/scan.ts [--json]`.
 */
const SERIES = join(import.meta.dirname, '..', 'test', 'fixtures', 'engine-pages', 'series');
const ROUND_MS = 500;
const ROUNDS = 5;

const pages = readdirSync(SERIES)
  .filter((name) => name.endsWith('.prom'))
  .toSorted()
  .map((name) => readFileSync(join(SERIES, name)));
const bytes = pages.reduce((sum, page) => sum + page.length, 0);

/** One round: pages are read over and over for `ROUND_MS`; bytes per second and microseconds per page. */
function round(): { bytesPerSecond: number; microsecondsPerPage: number } {
  const start = performance.now();
  let passes = 0;
  let elapsed = 0;
  while (elapsed < ROUND_MS) {
    for (const page of pages) if (!scanPage(page).ok) throw new Error('a fixture page could not be read');
    passes++;
    elapsed = performance.now() - start;
  }
  return {
    bytesPerSecond: (passes * bytes * 1000) / elapsed,
    microsecondsPerPage: (elapsed * 1000) / (passes * pages.length),
  };
}

round();
const rounds = Array.from({ length: ROUNDS }, round).toSorted((a, b) => a.bytesPerSecond - b.bytesPerSecond);
const median = rounds[Math.floor(ROUNDS / 2)] ?? { bytesPerSecond: 0, microsecondsPerPage: 0 };
const megabytes = (value: number): string => (value / 1e6).toFixed(0);

console.log(
  `pages ${pages.length}, ${(bytes / pages.length / 1000).toFixed(1)} KB each, ${ROUNDS} rounds of ${ROUND_MS} ms`,
);
console.log('reader        median MB/s   worst MB/s   best MB/s   µs/page');
console.log(
  `vllm-warden   ${megabytes(median.bytesPerSecond).padStart(11)}   ` +
    `${megabytes(rounds[0]?.bytesPerSecond ?? 0).padStart(10)}   ` +
    `${megabytes(rounds.at(-1)?.bytesPerSecond ?? 0).padStart(9)}   ${median.microsecondsPerPage.toFixed(1).padStart(7)}`,
);
if (process.argv.includes('--json')) {
  console.log(
    JSON.stringify({
      benchmark: 'scan',
      pages: pages.length,
      bytesPerPage: Math.round(bytes / pages.length),
      megabytesPerSecond: Math.round(median.bytesPerSecond / 1e4) / 100,
      microsecondsPerPage: Math.round(median.microsecondsPerPage * 10) / 10,
    }),
  );
}
