import { expect, test } from 'vitest';
import { unmetNeeds, type Machine } from './machine-needs.ts';

const FIT: Machine = {
  platform: 'linux',
  arch: 'x64',
  cpuFlags: new Set(['sse4_2', 'avx512f', 'avx512bw']),
  folder: '/cache',
  freeBytes: 10e9,
  hasPython: true,
};

test('a machine that has everything lacks nothing', () => {
  expect(unmetNeeds(FIT)).toEqual([]);
});

const lacking: readonly (readonly [what: string, part: Partial<Machine>, need: string])[] = [
  ['another system', { platform: 'darwin', arch: 'arm64' }, 'Linux on x86-64 (this is darwin on arm64)'],
  ['an older CPU', { cpuFlags: new Set(['avx2']) }, 'AVX512'],
  ['a full disk', { freeBytes: 9.96e9 }, '10 GB of free disk (/cache has 10.0 GB'],
  ['no Python', { hasPython: false }, 'apt-get install python3-venv'],
];
test.each(lacking)('%s is named with what is needed', (_what, part, need) => {
  expect(unmetNeeds({ ...FIT, ...part })).toEqual([expect.stringContaining(need)]);
});

test('all that is missing is said at once', () => {
  expect(unmetNeeds({ ...FIT, cpuFlags: new Set(), freeBytes: 0, hasPython: false })).toHaveLength(3);
});
