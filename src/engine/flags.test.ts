import { describe, expect, test } from 'vitest';
import { FLAG_HISTORY } from './flag-history.ts';
import { checkFlags, isFlagOf } from './flags.ts';
import { isAtLeast, parseVersion } from './version.ts';

const check = (version: string, ...args: readonly string[]): readonly string[] =>
  checkFlags(args, parseVersion(version)).map(({ flag, reason }) => `${flag} ${reason}`);

describe('flags of old guides and of newer releases', () => {
  test.each([
    ['0.17.1', '--swap-space', true],
    ['0.18.0', '--swap-space', true],
    ['0.18.1', '--swap-space', false],
    ['0.32.0', '--swap-space', false],
    ['0.10.2', '--preemption-mode', true],
    ['0.11.2', '--preemption-mode', false],
    ['0.15.1', '--disable-log-requests', true],
    ['0.17.1', '--disable-log-requests', false],
    ['0.22.1', '--max-num-partial-prefills', true],
    ['0.28.0', '--max-num-partial-prefills', false],
    ['0.8.5', '--cuda-graph-sizes', false],
    ['0.12.0', '--cuda-graph-sizes', true],
    ['0.13.0', '--cuda-graph-sizes', false],
    ['0.22.1', '--watermark', false],
    ['0.24.0', '--watermark', true],
    ['0.28.0', '--max-num-queued-reqs', false],
    ['0.29.0', '--max-num-queued-reqs', true],
    ['0.17.1', '--shutdown-timeout', false],
    ['0.7.3', '--shutdown-timeout', false],
    ['0.32.0', '--max-model-len', true],
  ])('vLLM %s takes %s, or may: %s', (version, flag, taken) => {
    expect(check(version, 'some/model', flag, '4')).toHaveLength(taken ? 0 : 1);
  });

  test.each([
    ['with its value in it', ['--swap-space=4'], ['--swap-space FlagRemoved']],
    ['with underscores', ['--swap_space', '4'], ['--swap_space FlagRemoved']],
    ['as the contrary of a switch', ['--no-calculate-kv-scales'], ['--no-calculate-kv-scales FlagRemoved']],
    [
      'twice, and among others',
      ['--dtype', 'auto', '--swap-space', '4', '--preemption-mode=swap'],
      ['--swap-space FlagRemoved', '--preemption-mode FlagRemoved'],
    ],
    ['that is a value, or only begins alike', ['--chat-template', 'swap-space', '--swap-space-x'], []],
    ['named like a part of every object', ['--constructor', '__proto__'], []],
  ])('a flag %s', (_, args, found) => {
    expect(check('0.32.0', ...args)).toEqual(found);
  });

  test('a finding names the version, the last release with the flag, and what takes its place', () => {
    expect(checkFlags(['--swap-space', '4'], parseVersion('0.30.0'))[0]?.message).toBe(
      'vLLM 0.30.0 does not take --swap-space, and would exit at its start: the flag was last seen in 0.17.1; remove it: nothing is swapped any more; --kv-offloading-size keeps KV blocks in host memory',
    );
    expect(checkFlags(['--watermark', '0.01'], parseVersion('0.20.2'))[0]?.message).toBe(
      'vLLM 0.20.2 does not take --watermark yet, and would exit at its start: the flag was first seen in 0.24.0; remove it, or run 0.24.0 or newer',
    );
  });

  test('nothing is refused where the version is unknown', () => {
    expect(checkFlags(Object.keys(FLAG_HISTORY), undefined)).toEqual([]);
  });
});

describe('a flag that we would write ourselves', () => {
  test.each([
    ['is written where it was seen', '--shutdown-timeout', '0.18.1', true],
    ['is left out where nobody looked', '--shutdown-timeout', '0.18.0', false],
    ['is left out for an unknown version', '--shutdown-timeout', 'latest', false],
    ['is left out where it is gone', '--swap-space', '0.18.0', false],
    ['is written for every version if all have it', '--max-model-len', 'latest', true],
  ])('%s', (_, flag, version, written) => {
    expect(isFlagOf(flag, parseVersion(version))).toBe(written);
  });
});

test('each history is in order, names releases, and says what to do where a flag is gone', () => {
  for (const [flag, { came, went, instead }] of Object.entries(FLAG_HISTORY)) {
    const releases = [...(came ?? []), ...(went ?? [])].map((text) => parseVersion(text));
    const rising = releases.every((one, i) => {
      const next = releases[i + 1];
      return one !== undefined && (next === undefined || (isAtLeast(next, one) && !isAtLeast(one, next)));
    });
    expect([flag, rising, went === undefined || instead !== undefined]).toEqual([flag, true, true]);
  }
});
