import { expect, test } from 'vitest';
import { fleet } from '../../../test/builders/fleets.ts';
import { acuteContext, type AcuteContext } from './context.ts';

type Engine = Parameters<typeof acuteContext>[0]['engine'];

const contextOf = (engine: Partial<Engine>): AcuteContext => {
  const { spec } = fleet({});
  return acuteContext({ ...spec, engine: { ...spec.engine, args: [], env: [], ...engine } });
};

test('a plain engine can be asked for a token', () => {
  expect(contextOf({ maxModelLen: 4096 })).toEqual({
    intervalMs: 5000,
    probe: { isPossible: true },
    hasProfiler: false,
    canBePaused: false,
    offloadsKv: false,
    maxModelLen: 4096,
  });
});

const unknownKey = (where: string): Partial<AcuteContext> => ({
  probe: { isPossible: false, why: `its API key (${where}) is not known` },
});

const cases: readonly (readonly [what: string, engine: Partial<Engine>, expected: Partial<AcuteContext>])[] =
  [
    [
      'a key from a Secret',
      { apiKeySecretRef: { name: 's', key: 'k' } },
      unknownKey('engine.apiKeySecretRef'),
    ],
    ['a key in the arguments', { args: ['--api_key=abc'] }, unknownKey('--api-key')],
    [
      'a key in the environment',
      { env: [{ name: 'VLLM_API_KEY', value: 'abc' }] },
      unknownKey('VLLM_API_KEY'),
    ],
    ['a profiler', { args: ['--profiler-config.profiler=torch'] }, { hasProfiler: true }],
    ['a profiler of old', { env: [{ name: 'VLLM_TORCH_PROFILER_DIR', value: '/t' }] }, { hasProfiler: true }],
    ['development endpoints', { env: [{ name: 'VLLM_SERVER_DEV_MODE', value: '1' }] }, { canBePaused: true }],
    ['sleep mode', { args: ['--enable-sleep-mode'] }, { canBePaused: true }],
    ['offloading', { args: ['--kv-offloading-size', '8'] }, { offloadsKv: true }],
    ['a connector', { args: ['--kv_transfer_config={}'] }, { offloadsKv: true }],
    [
      'a length in the arguments, which wins',
      { maxModelLen: 1, args: ['--max-model-len', '32k'] },
      { maxModelLen: 32_000 },
    ],
    ['a length in powers of two', { args: ['--max-model-len=1.5K'] }, { maxModelLen: 1536 }],
  ];
test.each(cases)('%s', (_what, engine, expected) => {
  expect(contextOf(engine)).toMatchObject(expected);
});

test('a length that the engine finds out by itself is not known', () => {
  expect(contextOf({ args: ['--max-model-len', 'auto'] })).not.toHaveProperty('maxModelLen');
});
