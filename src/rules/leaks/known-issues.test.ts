import { expect, test } from 'vitest';
import { parseVersion } from '../../engine/version.ts';
import { matchKnownIssue, type MeasuredLeak } from './known-issues.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

const memory = (leak: Partial<MeasuredLeak>): MeasuredLeak => ({ signature: 'HostMemoryLeak', ...leak });

function issueOf(
  version: string,
  leak: MeasuredLeak,
  args: readonly string[] = [],
  image = 'vllm/vllm-openai',
) {
  return matchKnownIssue(leak, { version: parseVersion(version), image, args })?.url.replace(/^.*\//, '');
}

const perStep = { perRequestBytes: 14_000, perHourBytes: 2.4 * GIB };
const nixl = ['--kv-transfer-config', '{"kv_connector": "NixlConnector"}'];

test.each<readonly [string, string | undefined, string | undefined]>([
  ['90 B a request on 0.21', issueOf('0.21.0', memory({ perRequestBytes: 90 })), '44175'],
  ['90 B a request where it was mended', issueOf('0.25.0', memory({ perRequestBytes: 90 })), undefined],
  ['another rate on 0.21', issueOf('0.21.0', memory({ perRequestBytes: 5000 })), undefined],
  ['a rate by step on 0.24', issueOf('0.24.0', memory(perStep)), '50150'],
  [
    'a rate by request where both are possible',
    issueOf('0.24.0', memory({ ...perStep, perRequestBytes: 90 })),
    '44175',
  ],
  [
    'megabytes a request with pipeline parallelism',
    issueOf('0.21.1', memory({ perRequestBytes: 30 * MIB }), ['-pp', '2']),
    '590',
  ],
  ['megabytes a request without it', issueOf('0.21.1', memory({ perRequestBytes: 30 * MIB })), undefined],
  ['images on 0.8', issueOf('0.8.1', memory({ perRequestBytes: 20 * MIB })), '15294'],
  ['400 MB a minute with NIXL', issueOf('0.12.0', memory({ perHourBytes: 22 * GIB }), nixl), '32181'],
  [
    'the same without NIXL, with prefix caching',
    issueOf('0.12.0', memory({ perHourBytes: 22 * GIB })),
    '28726',
  ],
  ['and without prefix caching', issueOf('0.12.0', memory({}), ['--no_enable_prefix_caching']), undefined],
  ['KV blocks with NIXL', issueOf('0.27.0', { signature: 'KVBlockLeak' }, nixl), '46283'],
  ['KV blocks without', issueOf('0.27.0', { signature: 'KVBlockLeak' }), undefined],
  [
    '33 GiB in 17 h on Ascend',
    issueOf('0.22.0', memory({ perHourBytes: 1.94 * GIB }), [], 'quay.io/ascend/vllm-ascend'),
    '15193',
  ],
  ['no version', issueOf('latest', memory({ perRequestBytes: 90 })), undefined],
])('%s', (_what, found, expected) => {
  expect(found).toBe(expected);
});
