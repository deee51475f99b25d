import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkFile } from './architecture/check-file.ts';
import { findImports } from './architecture/imports.ts';
import { tokenize } from './architecture/tokens.ts';

const ROOT = join(import.meta.dirname, '..');
const MAX_LINES = 400;

function sourcesBelow(folder: string): readonly string[] {
  const top = join(ROOT, folder);
  if (!existsSync(top)) return [];
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes(`${sep}node_modules${sep}`))
    .toSorted();
}

const read = (path: string): string => readFileSync(path, 'utf8');
const importsOf = (source: string): readonly (string | undefined)[] =>
  findImports(tokenize(source)).map((one) => one.specifier);

describe('the sources of the operator', () => {
  const files = sourcesBelow('src').map((path) => ({
    path: relative(join(ROOT, 'src'), path).split(sep).join('/'),
    source: read(path),
  }));

  test('keep the ranks and the purity of the house', () => {
    expect(files.length).toBeGreaterThan(0);
    expect(files.flatMap(({ path, source }) => checkFile(path, source))).toEqual([]);
  });

  test('are read by the checker: whoever starts a line with an import is seen to import', () => {
    const unseen = files.filter(({ source }) => /^import\b/m.test(source) && importsOf(source).length === 0);
    expect(unseen.map(({ path }) => path)).toEqual([]);
  });
});

test(`no source is longer than ${MAX_LINES} lines`, () => {
  const folders = ['src', 'playground', 'benchmarks', 'test', 'scripts'];
  const long = folders.flatMap(sourcesBelow).flatMap((path) => {
    const lines = read(path).trimEnd().split('\n').length;
    return lines > MAX_LINES ? [`${relative(ROOT, path)}: ${lines} lines`] : [];
  });
  expect(long).toEqual([]);
});

describe('a source that breaks a rule is caught', () => {
  const bad: readonly (readonly [what: string, path: string, source: string, breach: string])[] = [
    [
      'a higher rank',
      'api/a.ts',
      `import { x } from '../engine/x.ts';`,
      'rank 0 (api/) imports rank 1 (engine/)',
    ],
    ['a type of a higher rank', 'rules/a.ts', `import type { X } from '../fleet/x.ts';`, 'imports rank 6'],
    [
      'an import over several lines',
      'engine/a.ts',
      `import {\n  a,\n  type B,\n} from '../signals/x.ts';`,
      'imports rank 2',
    ],
    ['an import for its effect', 'engine/a.ts', `import '../runtime/x.ts';`, 'imports rank 7'],
    [
      'a re-export',
      'scaling/a.ts',
      `export { x } from '../slo/x.ts';`,
      'rank 5 (scaling/) imports rank 5 (slo/)',
    ],
    ['a re-export of all', 'scaling/a.ts', `export * from '../cli/x.ts';`, 'imports rank 10'],
    ['a re-export of types', 'scaling/a.ts', `export type { X } from '../fleet/x.ts';`, 'imports rank 6'],
    ['a dynamic import', 'runtime/a.ts', `const x = await import('../kube/x.ts');`, 'imports rank 8'],
    ['an import in a type', 'api/a.ts', `type X = import('../kube/x.ts').X;`, 'imports rank 8'],
    ['a computed import', 'cli/a.ts', 'const x = await import(name);', 'computed name'],
    ['a computed template import', 'cli/a.ts', 'const x = await import(`./${name}.ts`);', 'computed name'],
    [
      'a rank 8 neighbour',
      'scraper/a.ts',
      `import { x } from '../kube/x.ts';`,
      'rank 8 (scraper/) imports rank 8 (kube/)',
    ],
    [
      'a nested neighbour',
      'simulator/server/a.ts',
      `import { x } from '../../loadtest/client/x.ts';`,
      'imports rank 8',
    ],
    [
      'another controller',
      'controllers/a/a.ts',
      `import { x } from '../b/x.ts';`,
      'imports rank 9 (controllers/b/)',
    ],
    [
      'a test of a neighbour',
      'scraper/a.test.ts',
      `import { x } from '../kube/x.ts';`,
      'imports rank 8 (kube/)',
    ],
    ['the playground', 'cli/a.ts', `import { x } from '../../playground/x.ts';`, 'outside src/'],
    ['builders of tests', 'fleet/a.ts', `import { x } from '../../test/builders/x.ts';`, 'outside src/'],
    ['another test', 'fleet/a.test.ts', `import { x } from '../../test/errors.test.ts';`, 'outside src/'],
    ['an unknown folder', 'cli/a.ts', `import { x } from '../misc/x.ts';`, 'no folder of the house'],
    ['a file in no folder', 'misc/a.ts', 'export const x = 1;', 'no folder of the house'],
    ['a file beside the folders', 'main.ts', 'export const x = 1;', 'no folder of the house'],
    [
      'client-node outside kube',
      'controllers/a/a.ts',
      `import type { V1Pod } from '@kubernetes/client-node';`,
      'only kube/ may',
    ],
    [
      'client-node in a test',
      'fleet/a.test.ts',
      `import { V1Pod } from '@kubernetes/client-node';`,
      'only kube/ may',
    ],
    [
      'a part of client-node',
      'cli/a.ts',
      `import { X } from '@kubernetes/client-node/dist/gen/x.js';`,
      'only kube/ may',
    ],
    ['an adapter library', 'signals/a.ts', `import { request } from 'undici';`, 'is pure'],
    ['I/O of Node', 'signals/a.ts', `import { readFileSync } from 'node:fs';`, 'is pure'],
    ['crypto outside the workload', 'fleet/a.ts', `import { createHash } from 'node:crypto';`, 'is pure'],
    ['an importing error catalogue', 'errors.ts', `import { z } from 'zod';`, 'imports nothing'],
    [
      'a test of the catalogue that reaches further',
      'errors.test.ts',
      `import { x } from './api/x.ts';`,
      'imports rank 0',
    ],
    ['an async function', 'fleet/a.ts', 'export async function f() {}', 'uses async'],
    ['a promise in a type', 'api/a.ts', 'export type F = () => Promise<void>;', 'uses Promise'],
    ['the wall clock', 'scaling/a.ts', 'const t = Date.now();', 'uses Date.now'],
    ['the wall clock in a template', 'scaling/a.ts', 'const t = `at ${Date.now()}`;', 'uses Date.now'],
    ['the date of today', 'runtime/a.ts', 'const t = new Date();', 'uses newDate()'],
    ['the monotonic clock', 'signals/a.ts', 'const t = performance.now();', 'uses performance.now'],
    ['a timer', 'runtime/a.ts', 'setTimeout(f, 10);', 'uses setTimeout'],
    ['dice', 'runtime/a.ts', 'const j = Math.random();', 'uses Math.random'],
    ['random bytes', 'workload/a.ts', `import { randomBytes } from 'node:crypto';`, 'uses randomBytes'],
    ['the environment', 'engine/a.ts', `const v = process.env['X'];`, 'uses process.'],
    ['the console', 'rules/a.ts', `console.log('x');`, 'uses console.'],
    ['the network', 'rules/a.ts', `const r = fetch('http://x');`, 'uses fetch('],
  ];
  test.each(bad)('%s', (_what, path, source, breach) => {
    expect(checkFile(path, source).join('\n')).toContain(breach);
  });
});

describe('a source that keeps the rules is left alone', () => {
  const good: readonly (readonly [what: string, path: string, source: string])[] = [
    ['its own folder, at any depth', 'api/v1alpha1/a.ts', `import { x } from '../meta.ts';`],
    ['a lower rank', 'fleet/a.ts', `import { x } from '../scaling/x.ts';\nimport { z } from 'zod';`],
    ['the test of the error catalogue', 'errors.test.ts', `import { classify } from './errors.ts';`],
    ['the error catalogue', 'api/a.ts', `import { StalledError } from '../errors.ts';`],
    ['a date from a number', 'fleet/a.ts', 'export const at = (ms: number) => new Date(ms).toISOString();'],
    ['talk of clocks in comments', 'fleet/a.ts', '// await Date.now()\n/* setTimeout */ export const x = 1;'],
    ['talk of imports in strings', 'fleet/a.ts', `export const x = "import { y } from '../cli/y.ts'";`],
    [
      'a regular expression with quotes',
      'fleet/a.ts',
      `export const x = /['"\`/]/.test(y) ? 'await' : a / b / c;`,
    ],
    [
      'a key of a global name',
      'engine/a.ts',
      'export const x = { process: 1, async: false }; export const y = x.process;',
    ],
    [
      'a test that takes a builder',
      'fleet/a.test.ts',
      `import { ready } from '../../test/builders/engines.ts';`,
    ],
    ['a hash in the workload', 'workload/a.ts', `import { createHash } from 'node:crypto';`],
    ['a waiting runtime', 'runtime/a.ts', 'export async function f(p: Promise<void>) { await p; }'],
    [
      'I/O in rank 8',
      'kube/a.ts',
      `import { request } from 'undici';\nimport { KubeConfig } from '@kubernetes/client-node';`,
    ],
    [
      'an impure test of a pure folder',
      'fleet/a.test.ts',
      `import { readFileSync } from 'node:fs';\nawait f(Date.now());`,
    ],
  ];
  test.each(good)('%s', (_what, path, source) => {
    expect(checkFile(path, source)).toEqual([]);
  });
});

test('a literal that never ends is reported with its line and not read as code', () => {
  expect(() => tokenize('const a = 1;\nconst b = `never closed ${a}')).toThrow('line 2');
});
