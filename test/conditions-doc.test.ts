import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CONDITIONS } from '../src/api/v1alpha1/constants.ts';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const page = read('docs/conditions.md');

/** Where reasons of conditions are made. */
const SOURCES = [
  'src/fleet/conditions.ts',
  'src/fleet/not-scaling.ts',
  'src/fleet/foreign-scale.ts',
  'src/fleet/rollout-state.ts',
  'src/fleet/begin-replaces.ts',
  'src/disruption/start-failure.ts',
  'src/disruption/breaker.ts',
  'src/scaling/limits.ts',
];

test('docs/conditions.md has a row and a section for exactly the conditions that there are', () => {
  const conditions = new Set<string>(Object.values(CONDITIONS));
  const rows = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, type]) => type);
  const sections = [...page.matchAll(/^## (\w+)$/gm)].map(([, type]) => type);
  expect(new Set(rows)).toEqual(conditions);
  expect(new Set(sections)).toEqual(conditions);
});

test.each(SOURCES)('docs/conditions.md names every reason of %s', (source) => {
  const values = [...read(source).matchAll(/\breason(?: =|:) ([^,;\n]*)/g)].map(([, value = '']) => value);
  const reasons = values.flatMap((value) =>
    [...value.matchAll(/'([A-Z]\w+)'/g)].map(([, reason = '']) => reason),
  );
  expect(reasons.length).toBeGreaterThan(0);
  expect(reasons.filter((reason) => !page.includes(`\`${reason}\``))).toEqual([]);
});
