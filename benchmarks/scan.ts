import parsePrometheusTextFormat from 'parse-prometheus-text-format';
import { LayoutMemory } from '../src/engine/layout-memory.ts';
import type { PageResult } from '../src/engine/sample.ts';
import { PageReader, scanPage } from '../src/engine/scan.ts';
import { runBenchmark, type BenchmarkOptions, type Report } from './support/benchmark.ts';
import { GoParsers } from './support/go-parsers.ts';
import { manyEngines, oneEngine, type PageRun } from './support/page-runs.ts';
import { speedOf, timeRound, type Round, type Speed } from './support/rounds.ts';
import { rounded, table } from './support/table.ts';

/**
 * How fast metrics pages become samples, beside the parsers that programs in Node and Go use, which read the labels and
 * the value of every series. Rounds of all readers take turns; speeds are bytes per CPU second, on real pages.
 * Run: `node benchmarks/scan.ts [--json] [--quick]`.
 */
const ROUNDS = 9;
const ROUND_SECONDS = 0.5;
const QUICK_ROUNDS = 3;
const QUICK_ROUND_SECONDS = 0.1;
const YARDSTICK = 'Prometheus textparse (Go)';

const NPM = 'parse-prometheus-text-format (npm)';

const decoder = new TextDecoder();

type Reader = (seconds: number) => Round | Promise<Round>;

await runBenchmark('scan', async (options) => {
  using go = await GoParsers.start();
  const results: [PageRun, ReadonlyMap<string, Speed>][] = [];
  for (const run of [oneEngine(), manyEngines()]) results.push([run, await measure(run, go, options)]);
  return report(results, go !== undefined);
});

async function measure(
  run: PageRun,
  go: GoParsers | undefined,
  { quick }: BenchmarkOptions,
): Promise<ReadonlyMap<string, Speed>> {
  const readers = [...ours(run), ...peers(run, go)];
  const rounds = new Map<string, Round[]>();
  const seconds = quick ? QUICK_ROUND_SECONDS : ROUND_SECONDS;
  // The first turn warms up.
  for (let turn = 0; turn <= (quick ? QUICK_ROUNDS : ROUNDS); turn++) {
    for (const [name, reader] of readers) {
      const round = await reader(seconds);
      if (turn > 0) rounds.set(name, [...(rounds.get(name) ?? []), round]);
    }
  }
  return new Map([...rounds].map(([name, all]) => [name, speedOf(all)]));
}

function ours({ pages, engines }: PageRun): readonly (readonly [string, Reader])[] {
  const memory = new LayoutMemory();
  const readers = new Map([...new Set(engines)].map((engine) => [engine, new PageReader(memory)]));
  const later = engines.map((engine) => readers.get(engine));
  return [
    [
      'vllm-warden, later pages',
      (seconds) => timeRound(pages, seconds, (page, index) => mustRead(later[index]?.read(page))),
    ],
    [
      'vllm-warden, first page',
      (seconds) =>
        timeRound(pages, seconds, (page) => mustRead(new PageReader(new LayoutMemory()).read(page))),
    ],
    ['vllm-warden, a page alone', (seconds) => timeRound(pages, seconds, (page) => mustRead(scanPage(page)))],
  ];
}

function peers({ pages, paths }: PageRun, go: GoParsers | undefined): readonly (readonly [string, Reader])[] {
  const readable = pages.filter(npmReads);
  const npm: readonly [string, Reader] = [
    NPM,
    (seconds) => timeRound(readable, seconds, (page) => parsePrometheusTextFormat(decoder.decode(page))),
  ];
  if (go === undefined) return [npm];
  go.usePages(paths);
  return [
    [YARDSTICK, (seconds) => go.round('textparse', seconds)],
    ['prometheus/common expfmt (Go)', (seconds) => go.round('expfmt', seconds)],
    npm,
  ];
}

/** It throws on the pages of engines with several API servers, whose `_sum` stands before the buckets. */
function npmReads(page: Uint8Array): boolean {
  try {
    parsePrometheusTextFormat(decoder.decode(page));
    return true;
  } catch {
    return false;
  }
}

function mustRead(result: PageResult | undefined): void {
  if (result?.ok !== true) throw new Error(`a page could not be read: ${result?.message ?? 'no reader'}`);
}

function report(
  results: readonly (readonly [PageRun, ReadonlyMap<string, Speed>])[],
  withGo: boolean,
): Report {
  const lines: string[] = withGo ? [] : ['There is no `go` on the PATH: its parsers were left out.'];
  for (const [{ name, pages }, speeds] of results) {
    const kilobytes = pages.reduce((sum, page) => sum + page.length, 0) / pages.length / 1000;
    const yardstick = speeds.get(YARDSTICK);
    lines.push('', `${name}, ${kilobytes.toFixed(1)} KB a page`);
    lines.push(
      ...table(
        ['reader', 'MB/s', 'worst', 'best', 'µs/page', '× textparse'],
        [...speeds].map(([reader, speed]) => row(reader, speed, yardstick)),
      ),
    );
    const unread = pages.filter((page) => !npmReads(page)).length;
    if (unread > 0)
      lines.push(`${NPM} throws on ${unread} of these ${pages.length} pages, which it was spared.`);
  }
  return { lines, figures: { runs: results.map(([run, speeds]) => figuresOf(run, speeds)) } };
}

function row(reader: string, speed: Speed, yardstick: Speed | undefined): string[] {
  const ratio = yardstick === undefined ? undefined : speed.megabytesPerSecond / yardstick.megabytesPerSecond;
  const { megabytesPerSecond, worst, best, microsecondsPerPage } = speed;
  return [
    reader,
    ...[megabytesPerSecond, worst, best].map((value) => value.toFixed(0)),
    microsecondsPerPage.toFixed(1),
    ratio === undefined ? '?' : ratio.toFixed(2),
  ];
}

function figuresOf(run: PageRun, speeds: ReadonlyMap<string, Speed>): object {
  const yardstick = speeds.get(YARDSTICK)?.megabytesPerSecond;
  const readers = [...speeds].map(([reader, { megabytesPerSecond, microsecondsPerPage }]) => ({
    reader,
    megabytesPerCpuSecond: rounded(megabytesPerSecond, 1),
    microsecondsPerPage: rounded(microsecondsPerPage, 1),
    timesTextparse: rounded(yardstick === undefined ? undefined : megabytesPerSecond / yardstick, 2),
  }));
  return { run: run.name, pages: run.pages.length, readers };
}
