import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const PAGES = join(import.meta.dirname, '..', '..', 'test', 'fixtures', 'engine-pages');
const ENGINES = 200;

/** Pages in the order in which a scraper gets them, and whose they are. */
export interface PageRun {
  readonly name: string;
  readonly paths: readonly string[];
  readonly pages: readonly Uint8Array[];
  /** The engine of each page. */
  readonly engines: readonly number[];
}

/** One loaded engine of 0.32.0, a page a second for 90 seconds. */
export function oneEngine(): PageRun {
  const paths = promFiles('series');
  return run(
    'one engine, 90 pages',
    paths,
    paths.map(() => 0),
  );
}

/** 200 engines of all captured versions and set-ups, asked in turn; each shows its pages one after the other. */
export function manyEngines(): PageRun {
  const folders = readdirSync(PAGES, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const shown = folders.filter(({ name }) => name !== 'series').map(({ name }) => promFiles(name));
  for (const kind of ['idle_16blocks', 'load_kvpressure_5', 'dp2_load', 'lora_idle'])
    shown.push([join(PAGES, `${kind}.prom`)]);
  const ticks = Math.max(...shown.map((paths) => paths.length));
  const turns = Array.from({ length: ticks * ENGINES }, (_, turn) => {
    const engine = turn % ENGINES;
    const paths = shown[engine % shown.length] ?? [];
    return { engine, path: paths[Math.floor(turn / ENGINES) % paths.length] ?? '' };
  });
  return run(
    `${ENGINES} engines of ${shown.length} kinds, interleaved`,
    turns.map(({ path }) => path),
    turns.map(({ engine }) => engine),
  );
}

function promFiles(folder: string): readonly string[] {
  return readdirSync(join(PAGES, folder))
    .filter((name) => name.endsWith('.prom'))
    .toSorted()
    .map((name) => join(PAGES, folder, name));
}

function run(name: string, paths: readonly string[], engines: readonly number[]): PageRun {
  const contents = new Map([...new Set(paths)].map((path) => [path, readFileSync(path)]));
  const pages = paths.map((path) => contents.get(path) ?? new Uint8Array());
  return { name, paths, pages, engines };
}
