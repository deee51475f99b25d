import { describe, expect, test } from 'vitest';
import { parseServeArgs, type ServeArgs } from './serve-args.ts';

function parse(line: string, version = '0.32.0'): ServeArgs {
  const outcome = parseServeArgs(line.split(' '), version);
  if (outcome.kind === 'Refused') throw new Error(outcome.message);
  return outcome.args;
}

function complaint(line: string, version = '0.32.0'): string {
  const outcome = parseServeArgs(line.split(' '), version);
  return outcome.kind === 'Refused' ? outcome.message : 'accepted';
}

describe('arguments of vllm serve', () => {
  test('without flags, give the defaults of vLLM and of the profile', () => {
    expect(parse('vllm serve org/model')).toEqual({
      model: 'org/model',
      servedModelNames: ['org/model'],
      host: undefined,
      port: 8000,
      apiKeys: [],
      shutdownTimeoutSeconds: 0,
      logStats: true,
      serverLoadTracking: false,
      engine: {
        stepCost: { a: 22.6, b: 0.1, c: 0.00026, d: 0.035 },
        requestOverheadMs: 15,
        numGpuBlocks: 13_586,
        blockSize: 16,
        maxModelLen: 131_072,
        maxNumSeqs: 256,
        maxNumBatchedTokens: 2048,
        maxNumQueuedReqs: undefined,
        prefixCaching: true,
      },
      cache: {
        cacheDtype: 'auto',
        enablePrefixCaching: true,
        gpuMemoryUtilization: undefined,
        numGpuBlocksOverride: undefined,
        userSpecifiedBlockSize: false,
      },
      startupSeconds: 120,
      seed: 0,
      meanOutputTokens: undefined,
      faults: [],
      faultControl: false,
      devMode: false,
    });
  });

  test.each([
    ['--max-num-seqs 7', '--max-num-seqs=7'],
    ['--max_num_seqs 7', '--max-num-seqs=7'],
    ['--enable-prefix-caching', '--no-enable-prefix-caching --enable-prefix-caching'],
    ['-tp 2', '--tensor-parallel-size=2'],
  ])('%s is read like %s', (one, other) => {
    expect(parse(`serve m ${one}`)).toEqual(parse(`serve m ${other}`));
  });

  test('take several served names, flags before the model and after it', () => {
    const args = parse('serve --max-num-seqs 9 m --served-model-name a b c --port 81');
    expect(args).toMatchObject({
      model: 'm',
      servedModelNames: ['a', 'b', 'c'],
      port: 81,
      engine: { maxNumSeqs: 9 },
    });
  });

  test('a block size changes the number of blocks, not the tokens they hold', () => {
    const { engine } = parse('serve m --block-size 128');
    expect(engine).toMatchObject({ blockSize: 128, numGpuBlocks: Math.floor((13_586 * 16) / 128) });
  });

  test('limits of the queue and the prefix cache are those of the engine', () => {
    const flags = '--max-num-queued-reqs 5 --max-num-queued-tokens 900 --no-enable-prefix-caching';
    expect(parse(`serve m ${flags}`).engine).toMatchObject({
      maxNumQueuedReqs: 5,
      maxNumQueuedTokens: 900,
      prefixCaching: false,
    });
  });

  test('--sim-speed divides every duration of the engine', () => {
    const args = parse('serve m --sim-profile llama3.1-8b/H100x1 --sim-speed 10');
    expect(args.startupSeconds).toBe(12);
    expect(args.engine.requestOverheadMs).toBeCloseTo(0.8);
    expect(args.engine.stepCost.a).toBeCloseTo(0.7);
    expect(parse('serve m --sim-startup-seconds 3 --sim-speed 10').startupSeconds).toBe(3);
  });
});

describe('arguments that vLLM refuses, with the words of argparse:', () => {
  test.each([
    ['serve m --swap-space 4', 'unrecognized arguments: --swap-space 4'],
    ['serve m --swap-space=4 --nonsense', 'unrecognized arguments: --swap-space=4 --nonsense'],
    ['serve m --no-disable-log-stats', 'unrecognized arguments: --no-disable-log-stats'],
    ['serve m --max-num-seqs many', "argument --max-num-seqs: invalid int value: 'many'"],
    ['serve m --max-num-seqs 1.5', "argument --max-num-seqs: invalid int value: '1.5'"],
    ['serve m --gpu-memory-utilization x', "argument --gpu-memory-utilization: invalid float value: 'x'"],
    ['serve m --port --host x', 'argument --port: expected one argument'],
    ['serve m --enforce-eager=yes', "argument --enforce-eager: ignored explicit argument 'yes'"],
    ['serve', 'the following arguments are required: model_tag'],
    ['bench', "argument subparser: invalid choice: 'bench' (choose from serve)"],
    ['serve m --max-num-seqs 0', 'argument --max-num-seqs: must be at least 1, got 0'],
    ['serve m --data-parallel-size 2', 'argument --data-parallel-size: the simulator runs 1 rank, got 2'],
    ['serve m --sim-speed 0', 'argument --sim-speed: must be above 0, got 0'],
  ])('%s', (line, words) => {
    expect(complaint(line)).toBe(`vllm: error: ${words}`);
  });

  test('an unknown profile, naming those there are', () => {
    expect(complaint('serve m --sim-profile H200')).toMatch(
      /invalid choice: 'H200' \(choose from llama3.1-8b\/H100x1, /,
    );
  });

  test.each([
    ['--swap-space 4', '0.17.1', '0.18.1'],
    ['--disable-log-requests', '0.15.1', '0.17.1'],
    ['--num-scheduler-steps 4', '0.9.2', '0.10.2'],
    ['--max-num-partial-prefills 2', '0.24.0', '0.28.0'],
  ])('%s is known to %s and no more to %s', (flags, last, after) => {
    expect(complaint(`serve m ${flags}`, last)).toBe('accepted');
    expect(complaint(`serve m ${flags}`, after)).toBe(`vllm: error: unrecognized arguments: ${flags}`);
  });

  test.each([
    ['--shutdown-timeout 5', '0.17.1', '0.18.1'],
    ['--max-num-queued-reqs 5', '0.28.0', 'v0.30.0'],
    ['--watermark 0.1', '0.22.1', '0.24.0+cpu'],
  ])('%s is unknown to %s and known to %s', (flags, before, first) => {
    expect(complaint(`serve m ${flags}`, before)).toBe(`vllm: error: unrecognized arguments: ${flags}`);
    expect(complaint(`serve m ${flags}`, first)).toBe('accepted');
  });

  test('a version that cannot be read has the newest flags', () => {
    expect(complaint('serve m --max-num-queued-reqs 5', 'nightly')).toBe('accepted');
  });
});
