import { expect, test, vi } from 'vitest';
import { serveArguments, serveEnvironment } from './serve-command.ts';

const COMMAND = ['vllm', 'serve'];

test('the small model stands in under the name of the one that was asked for', () => {
  const args = serveArguments({ command: COMMAND, args: ['Qwen/Qwen3-0.6B'] }, '/models/tiny', 12_345);
  expect(args.slice(0, 4)).toEqual(['serve', '/models/tiny', '--served-model-name', 'Qwen/Qwen3-0.6B']);
});

test("the container's arguments come after the defaults, and the place of the engine after them", () => {
  const container = ['some/model', '--max-num-seqs', '2', '--port', '8000'];
  const args = serveArguments({ command: COMMAND, args: container }, '/models/tiny', 12_345);
  const values = (flag: string): readonly (string | undefined)[] =>
    args.flatMap((arg, index) => (arg === flag ? [args[index + 1]] : []));
  expect(values('--max-num-seqs')).toEqual(['4', '2']);
  expect(values('--port')).toEqual(['8000', '12345']);
  expect(args.slice(-4)).toEqual(['--host', '127.0.0.1', '--port', '12345']);
});

test("without a command, the image's own runs", () => {
  const args = serveArguments({ command: [], args: ['some/model'] }, '/models/tiny', 12_345);
  expect(args).toContain('some/model');
});

test.each([
  ['another program', ['sleep', '1'], []],
  ['another verb', ['vllm', 'bench'], ['some/model']],
  ['no model', COMMAND, []],
  ['a flag before the model', COMMAND, ['--port', '8000', 'some/model']],
])('%s is refused', (_what, command, args) => {
  expect(() => serveArguments({ command, args }, '/models/tiny', 1)).toThrow('only "vllm serve MODEL …"');
});

test("the container's variables win, and those of this process stay outside", () => {
  vi.stubEnv('VLLM_LOGGING_LEVEL', 'DEBUG');
  const installation = { openmp: '/lib/omp.so', cache: '/cache' };
  const env = serveEnvironment(installation, '/scratch', { OMP_NUM_THREADS: '2' });
  expect(env).toMatchObject({ OMP_NUM_THREADS: '2', HOME: '/scratch', VLLM_CACHE_ROOT: '/cache' });
  expect(env['LD_PRELOAD']).toMatch(/\/lib\/omp\.so$/);
  expect(env).not.toHaveProperty('VLLM_LOGGING_LEVEL');
});
