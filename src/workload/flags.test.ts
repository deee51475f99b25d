import { describe, expect, test } from 'vitest';
import { fleet } from '../../test/builders/fleets.ts';
import { gpusPerEngine, serveArgs } from './flags.ts';

const argsOf = (engine: object, more: object = {}): readonly string[] =>
  serveArgs(fleet({ engine, ...more }).spec);
const gpusOf = (engine: object): number =>
  gpusPerEngine(fleet({ engine: { version: '0.30.0', ...engine } }).spec.engine);

describe('the arguments of vllm serve', () => {
  test('are the model, then the typed fields, then the raw ones, which so win', () => {
    const engine = { version: '0.17.1', maxNumSeqs: 16, args: ['--max-num-seqs', '32'] };
    expect(argsOf(engine)).toEqual([
      'Qwen/Qwen3-0.6B',
      '--port',
      '8000',
      '--max-num-seqs',
      '16',
      '--max-num-seqs',
      '32',
    ]);
  });

  test.each([
    ['0.17.1', false, false],
    ['0.18.1', true, false],
    ['0.28.0', true, false],
    ['0.30.0', true, true],
    ['0.32.0', true, true],
  ])('of %s have --shutdown-timeout: %s, --max-num-queued-reqs: %s', (version, shutdown, queue) => {
    const args = argsOf({ version, maxQueuedRequests: 100 });
    expect(args.includes('--shutdown-timeout')).toBe(shutdown);
    expect(args.includes('--max-num-queued-reqs')).toBe(queue);
  });

  test('of an unknown version have no flag that only some versions have', () => {
    const args = argsOf({ image: 'registry.example.com/vllm@sha256:0123', maxQueuedRequests: 100 });
    expect(args).toEqual(['Qwen/Qwen3-0.6B', '--port', '8000']);
  });

  test('give the engine as long to shut down as it may drain', () => {
    const args = argsOf({ version: '0.32.0' }, { drain: { timeoutSeconds: 77 } });
    expect(args[args.indexOf('--shutdown-timeout') + 1]).toBe('77');
  });
});

describe('the GPUs of an engine', () => {
  test.each([
    ['one by default', {}, 1],
    ['tensor × pipeline parallel', { tensorParallelSize: 4, pipelineParallelSize: 2 }, 8],
    [
      'a raw flag wins over the typed field',
      { tensorParallelSize: 4, args: ['--tensor-parallel-size', '2'] },
      2,
    ],
    ['the last raw flag wins, in any spelling', { args: ['-tp', '4', '--tensor_parallel_size=8'] }, 8],
    ['data-parallel ranks of one pod', { tensorParallelSize: 2, args: ['--data-parallel-size=2'] }, 4],
    ['a value that is no size is not counted', { args: ['--tensor-parallel-size', 'many'] }, 1],
  ])('%s', (_, engine, gpus) => {
    expect(gpusOf(engine)).toBe(gpus);
  });
});
