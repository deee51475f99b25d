import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scanPage } from '../src/engine/scan.ts';

const ROOT = join(import.meta.dirname, '..');
const rows = readFileSync(join(ROOT, 'docs/engines.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `engine-pages'))
  .map((line) => line.split('|').map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word)))
  .map(([, [page = ''] = [], [dialect = ''] = [], fields = []]) => ({
    page,
    dialect,
    fields: new Set(fields),
  }));

test.for(rows)('docs/engines.md says of $page what the scanner says', ({ page, dialect, fields }) => {
  const result = scanPage(readFileSync(join(ROOT, 'test/fixtures', `${page}.prom`)));
  if (!result.ok) throw new Error(result.message);
  const { sample } = result;
  expect({ dialect: sample.dialect, fields: new Set(Object.keys(sample.notObservable)) }).toEqual({
    dialect,
    fields,
  });
});

test('docs/engines.md has a row for each kind of page', () => {
  expect(rows.length).toBeGreaterThanOrEqual(11);
});
