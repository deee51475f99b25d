export interface Place {
  /** The folder below `src/` that counts as one: files in it may import each other. */
  readonly folder: string;
  readonly rank: number;
}

/** A file imports from its own folder or from a strictly lower rank. */
const RANKS: readonly (readonly [rank: number, folders: readonly string[]])[] = [
  [10, ['cli']],
  [9, ['controllers/*']],
  [8, ['kube', 'scraper', 'probe', 'usage', 'history', 'telemetry', 'simulator/server', 'loadtest/client']],
  [7, ['runtime', 'simulator/fleet']],
  [6, ['fleet']],
  [5, ['scaling', 'disruption', 'slo', 'tuning', 'monitoring']],
  [4, ['rules']],
  [3, ['snapshot']],
  [2, ['signals', 'workload', 'simulator/model', 'loadtest/plan']],
  [1, ['engine']],
  [0, ['api']],
];

/** Ranks up to this one take time, seeds and data as arguments and return values. */
export const HIGHEST_PURE_RANK = 7;

/** Imports nothing, may be imported by all. */
export const ERROR_CATALOGUE = 'errors.ts';

/** Packages without I/O; all others stay in ranks 8 and above. */
export const PURE_PACKAGES: ReadonlySet<string> = new Set(['zod', 'yaml']);

/** Modules that a pure folder may use, because what is used of them is a pure function. */
export const PURE_IN_FOLDER: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['api', new Set(['croner'])],
  ['workload', new Set(['node:crypto'])],
]);

/** The controller machinery waits and works in parallel, on ports. */
export const MAY_BE_ASYNC: ReadonlySet<string> = new Set(['runtime']);

/** One folder alone talks to Kubernetes through the client library. */
export const ONLY_IMPORTERS: ReadonlyMap<string, string> = new Map([['@kubernetes/client-node', 'kube']]);

/**
 * Where a file stands, by its path below `src/`. Undefined: nowhere that the house knows.
 */
export function placeOf(path: string): Place | undefined {
  const segments = path.split('/');
  for (const [rank, folders] of RANKS) {
    for (const folder of folders) {
      const pattern = folder.split('/');
      const inside = segments.length > pattern.length;
      if (inside && pattern.every((name, index) => name === '*' || name === segments[index])) {
        return { folder: segments.slice(0, pattern.length).join('/'), rank };
      }
    }
  }
  return undefined;
}
