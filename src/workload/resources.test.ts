import { expect, test } from 'vitest';
import { fleet } from '../../test/builders/fleets.ts';
import { engineResources } from './resources.ts';

test.each([
  ['nothing is said: one GPU', undefined, { limits: { 'nvidia.com/gpu': '1' } }],
  [
    'memory and CPU are said: a GPU is added',
    { limits: { memory: '64Gi' }, requests: { cpu: 8 } },
    { limits: { memory: '64Gi', 'nvidia.com/gpu': '1' }, requests: { cpu: '8' } },
  ],
  [
    'a device of another vendor is said',
    { limits: { 'amd.com/gpu': '2' } },
    { limits: { 'amd.com/gpu': '2' } },
  ],
  ['no GPU is said', { limits: { 'nvidia.com/gpu': '0' } }, { limits: { 'nvidia.com/gpu': '0' } }],
])('%s', (_, resources, expected) => {
  expect(engineResources(fleet({ resources }).spec)).toEqual(expected);
});
