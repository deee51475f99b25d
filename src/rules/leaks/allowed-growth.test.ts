import { expect, test } from 'vitest';
import { fleet } from '../../../test/builders/fleets.ts';
import { allowedGrowthBytes } from './allowed-growth.ts';

const GIB = 2 ** 30;

test.each([
  ['nothing without flags', [], 0],
  ['the offload buffer', ['--kv-offloading-size', '12.5'], 12.5],
  ['the last value, in the other spelling', ['--kv-offloading-size', '1', '--kv_offloading_size=3'], 3],
  ['the multimodal cache of the API server and of the engine core', ['--mm-processor-cache-gb', '3'], 6],
  ['its default where the model takes images', ['--limit-mm-per-prompt', '{"image": 2}'], 8],
  ['none where it is turned off', ['--limit-mm-per-prompt', '{"image": 2}', '--mm-processor-cache-gb=0'], 0],
  ['one for each rank and each of its API servers', ['-dp', '4', '--mm-processor-cache-gb', '2'], 16],
  ['as many API servers as are asked for', ['-dp', '2', '-asc', '1', '--mm-processor-cache-gb', '1'], 3],
  ['nothing for what is no size', ['--kv-offloading-size', 'much'], 0],
  ['both together', ['--kv-offloading-size', '10', '--mm-processor-cache-gb', '1'], 12],
])('%s', (_what, args, gibibytes) => {
  expect(allowedGrowthBytes(fleet({ engine: { image: 'vllm:v0.30.0', args } }).spec)).toBe(gibibytes * GIB);
});
