import { expect, test } from 'vitest';
import { fleet } from '../../../test/builders/fleets.ts';
import { leakSettings } from './settings.ts';

const settingsWith = (remediation: Readonly<Record<string, unknown>>) =>
  leakSettings(fleet({ remediation }).spec);

test('both leaks are watched by hours of sixty minutes unless the spec says otherwise', () => {
  const watched = { isWatched: true, windowMinutes: 60 };
  expect(settingsWith({})).toEqual({ hostMemory: watched, kvBlocks: watched, allowedGrowthBytes: 0 });
  expect(settingsWith({ mode: 'Advisory' })).toMatchObject({ hostMemory: watched, kvBlocks: watched });
});

test('a mode of its own goes before that of all', () => {
  const signatures = [{ name: 'KVBlockLeak', mode: 'Advisory', windowMinutes: 5 }];
  expect(settingsWith({ mode: 'Off', signatures })).toMatchObject({
    hostMemory: { isWatched: false },
    kvBlocks: { isWatched: true, windowMinutes: 5 },
  });
});
