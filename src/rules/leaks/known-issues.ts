import { isAtLeast, parseVersion, type EngineVersion } from '../../engine/version.ts';
import type { LeakSignature } from './settings.ts';

/** What was measured of a leak. */
export interface MeasuredLeak {
  readonly signature: LeakSignature;
  readonly perRequestBytes?: number | undefined;
  readonly perHourBytes?: number | undefined;
}

/** How the engine that leaked was run. */
export interface EngineRun {
  readonly version: EngineVersion | undefined;
  readonly image: string;
  /** The arguments of `vllm serve`. */
  readonly args: readonly string[];
}

/** A leak that somebody has reported, and that what was measured does not contradict. */
export interface KnownIssue {
  readonly url: string;
  /** What leaks, as a clause. */
  readonly what: string;
  /** What helps. */
  readonly remedy: string;
}

interface KnownLeak extends KnownIssue {
  readonly signature: LeakSignature;
  /** The first version that has it and the first one without; versions between releases are inferred from merge dates. */
  readonly from: string;
  readonly before?: string;
  readonly perRequestBytes?: readonly [least: number, most: number];
  readonly perHourBytes?: readonly [least: number, most: number];
  readonly image?: RegExp;
  /** What the arguments, joined by spaces, must hold. */
  readonly args?: RegExp;
  readonly notArgs?: RegExp;
}

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const VLLM = 'https://github.com/vllm-project/vllm/issues/';
const NIXL = /nixl/i;

/** Those with the narrowest conditions first. Bounds are a third to three times what was reported. */
const KNOWN_LEAKS: readonly KnownLeak[] = [
  {
    url: `${VLLM}44175`,
    what: 'the scheduler keeps the ids of new KV blocks of each request, about 90 B',
    remedy: 'vLLM 0.25 or newer (#44490)',
    signature: 'HostMemoryLeak',
    from: '0.18.0',
    before: '0.25.0',
    perRequestBytes: [30, 270],
  },
  {
    url: 'https://github.com/intel/llm-scaler/issues/590',
    what: 'with pipeline parallelism 23 to 40 MB of each request stay',
    remedy: 'none is known',
    signature: 'HostMemoryLeak',
    from: '0.21.0',
    before: '0.22.0',
    perRequestBytes: [8 * MIB, 120 * MIB],
    args: /(--pipeline-parallel-size|-pp)[ =]([2-9]|\d\d)/,
  },
  {
    url: `${VLLM}15294`,
    what: 'images of requests stay in memory (#15085, #15597)',
    remedy: 'a newer vLLM: it is reported of 0.7 and 0.8 alone',
    signature: 'HostMemoryLeak',
    from: '0.7.0',
    before: '0.9.0',
    perRequestBytes: [MIB, 4 * GIB],
  },
  {
    url: 'https://github.com/vllm-project/vllm/pull/32181',
    what: 'UCX keeps memory that NIXL transfers unmap, about 400 MB a minute',
    remedy: 'vLLM 0.14 or newer, or the variable UCX_MEM_MMAP_HOOK_MODE=none',
    signature: 'HostMemoryLeak',
    from: '0.9.0',
    before: '0.14.0',
    perHourBytes: [8 * GIB, 72 * GIB],
    args: NIXL,
  },
  {
    url: 'https://github.com/vllm-project/vllm/pull/44424',
    what: 'NIXL keeps the engines that have gone',
    remedy: 'vLLM 0.24 or newer',
    signature: 'HostMemoryLeak',
    from: '0.9.0',
    before: '0.24.0',
    perHourBytes: [0, 8 * GIB],
    args: NIXL,
  },
  {
    url: `${VLLM}46283`,
    what: 'NIXL does not give KV blocks back after a transfer (#36958)',
    remedy: 'none is known',
    signature: 'KVBlockLeak',
    from: '0.9.0',
    args: NIXL,
  },
  {
    url: 'https://github.com/vllm-project/vllm-ascend/issues/15193',
    what: 'the worker grows by 33 GiB in 17 hours',
    remedy: 'none is known',
    signature: 'HostMemoryLeak',
    from: '0.20.0',
    before: '0.30.0',
    perHourBytes: [0.65 * GIB, 5.8 * GIB],
    image: /ascend/i,
  },
  {
    url: `${VLLM}50150`,
    what: 'PyTorch keeps 48 B of each operation that is not in a graph (#52089)',
    remedy: 'a release with the patched header (#51185), or PyTorch 2.14',
    signature: 'HostMemoryLeak',
    from: '0.24.0',
    before: '0.28.0',
    perHourBytes: [100 * MIB, 8 * GIB],
  },
  {
    url: `${VLLM}28726`,
    what: 'with prefix caching finished requests refer to themselves and stay',
    remedy: 'vLLM 0.16 or newer (probably #34183), or --no-enable-prefix-caching',
    signature: 'HostMemoryLeak',
    from: '0.11.0',
    before: '0.16.0',
    notArgs: /--no-enable-prefix-caching/,
  },
];

/**
 * The first known leak that fits the version, the arguments and what was measured; it fits, no more is claimed. Without a
 * version nothing does.
 */
export function matchKnownIssue(
  leak: MeasuredLeak,
  { version, image, args }: EngineRun,
): KnownIssue | undefined {
  if (version === undefined) return undefined;
  const line = args.join(' ').replaceAll('_', '-');
  return KNOWN_LEAKS.find(
    (known) =>
      known.signature === leak.signature &&
      isAtLeast(version, release(known.from)) &&
      (known.before === undefined || !isAtLeast(version, release(known.before))) &&
      isWithin(leak.perRequestBytes, known.perRequestBytes) &&
      isWithin(leak.perHourBytes, known.perHourBytes) &&
      known.image?.test(image) !== false &&
      known.args?.test(line) !== false &&
      known.notArgs?.test(line) !== true,
  );
}

/** What was not measured is not within bounds. */
function isWithin(value: number | undefined, bounds: readonly [number, number] | undefined): boolean {
  if (bounds === undefined) return true;
  return value !== undefined && value >= bounds[0] && value <= bounds[1];
}

/** @throws Error if the table names no release */
function release(text: string): EngineVersion {
  const version = parseVersion(text);
  if (version === undefined) throw new Error(`"${text}" in the table of known leaks is no release`);
  return version;
}
