import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { GENERATED } from '../scripts/gen.ts';

test.each(Object.entries(GENERATED))(
  '%s is what the code would write, byte for byte',
  async (path, content) => {
    expect(await readFile(new URL(`../${path}`, import.meta.url), 'utf8')).toBe(content());
  },
);
