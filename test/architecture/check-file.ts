import { posix } from 'node:path';
import {
  ERROR_CATALOGUE,
  HIGHEST_PURE_RANK,
  MAY_BE_ASYNC,
  ONLY_IMPORTERS,
  placeOf,
  PURE_IN_FOLDER,
  PURE_PACKAGES,
  type Place,
} from './house.ts';
import { findImports, type ImportedModule } from './imports.ts';
import { impurities } from './purity.ts';
import { tokenize } from './tokens.ts';

const CATALOGUE_TEST = ERROR_CATALOGUE.replace('.ts', '.test.ts');
/** Builders of snapshots and the like: tests beside the sources share them, the sources never see them. */
const TEST_BUILDERS = '../test/builders/';
const BELOW_ALL: Place = { folder: '.', rank: -1 };

/**
 * Checks one file of `src/` against the house rules.
 *
 * @param path below `src/`, with forward slashes
 * @returns one sentence per breach; empty when the file keeps the rules
 */
export function checkFile(path: string, source: string): readonly string[] {
  const tokens = tokenize(source);
  const imports = findImports(tokens);
  if (path === ERROR_CATALOGUE) {
    return imports.map(
      (one) => `${path}:${one.line}: imports ${one.specifier}; the error catalogue imports nothing`,
    );
  }
  const place = path === CATALOGUE_TEST ? BELOW_ALL : placeOf(path);
  if (place === undefined) return [`${path}: stands in no folder of the house; give it a rank first`];
  const isTest = path.endsWith('.test.ts');
  const breaches = imports.flatMap((one) => {
    const breach = importBreach(path, place, one, isTest);
    return breach === undefined ? [] : [`${path}:${one.line}: ${breach}`];
  });
  if (isTest || place.rank > HIGHEST_PURE_RANK) return breaches;
  const mayBeAsync = MAY_BE_ASYNC.has(place.folder);
  return [...breaches, ...impurities(tokens, mayBeAsync).map((breach) => `${path}: ${breach}`)];
}

function importBreach(path: string, place: Place, one: ImportedModule, isTest: boolean): string | undefined {
  const { specifier } = one;
  if (specifier === undefined) return 'imports a computed name, which cannot be checked';
  if (specifier.startsWith('.')) return relativeBreach(path, place, specifier, isTest);
  const only = ONLY_IMPORTERS.get(packageOf(specifier));
  if (only !== undefined && only !== place.folder) return `imports ${specifier}; only ${only}/ may`;
  if (isTest || place.rank > HIGHEST_PURE_RANK) return undefined;
  return packageBreach(place, specifier);
}

/** `@scope/name/sub/path` is a part of the package `@scope/name`. */
function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function relativeBreach(path: string, place: Place, specifier: string, isTest: boolean): string | undefined {
  const target = posix.join(posix.dirname(path), specifier);
  if (target === ERROR_CATALOGUE) return undefined;
  if (isTest && target.startsWith(TEST_BUILDERS)) return undefined;
  if (target.startsWith('..')) return `imports ${specifier}, which is outside src/`;
  const other = placeOf(target);
  if (other === undefined) return `imports ${target}, which stands in no folder of the house`;
  if (other.folder === place.folder || other.rank < place.rank) return undefined;
  return `rank ${place.rank} (${place.folder}/) imports rank ${other.rank} (${other.folder}/)`;
}

function packageBreach(place: Place, specifier: string): string | undefined {
  if (PURE_PACKAGES.has(specifier)) return undefined;
  if (PURE_IN_FOLDER.get(place.folder)?.has(specifier) === true) return undefined;
  return `imports ${specifier}, but rank ${place.rank} (${place.folder}/) is pure`;
}
