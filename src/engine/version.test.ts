import { expect, test } from 'vitest';
import { isAtLeast, parseVersion } from './version.ts';

const release = (text: string) => parseVersion(text) ?? { major: 0, minor: 0, patch: 0 };

test.each([
  ['0.18.1', '0.18.1', true],
  ['0.18.0', '0.18.1', false],
  ['0.9.2', '0.18.1', false],
  ['0.30.0', '0.18.1', true],
  ['1.0.0', '0.18.1', true],
])('%s is at least %s: %s', (version, since, expected) => {
  expect(isAtLeast(release(version), release(since))).toBe(expected);
});
