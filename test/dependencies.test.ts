import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '..');
const Versions = z.record(z.string(), z.string());
const Package = z.object({ dependencies: Versions, devDependencies: Versions });

const { dependencies, devDependencies } = Package.parse(
  JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')),
);
const [runTime = '', development = ''] = readFileSync(join(ROOT, 'docs/dependencies.md'), 'utf8').split(
  '## For development',
);

/** The packages that the first column of a table names. */
const named = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));

test('docs/dependencies.md gives a reason for each package, and for no other', () => {
  expect(new Set(named(runTime))).toEqual(new Set(Object.keys(dependencies)));
  expect(new Set(named(development))).toEqual(new Set(Object.keys(devDependencies)));
});

test('versions are exact: what was tested is what is installed', () => {
  const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
  );
  expect(loose).toEqual([]);
});
