import { CLOSE_BRACE, labelText, sameBytes, skipBlanks } from './bytes.ts';
import { LONGEST_LABEL_VALUE, readLabelName, readLabelValue, type Slice } from './labels.ts';
import type { CacheConfig } from './sample.ts';

const encoder = new TextEncoder();
/** The labels that are read, of about forty; no two are of one length. */
const WANTED: ReadonlyMap<number, { readonly field: keyof CacheConfig; readonly name: Uint8Array }> = new Map(
  (
    [
      ['blockSize', 'block_size'],
      ['numGpuBlocks', 'num_gpu_blocks'],
      ['kvCacheSizeTokens', 'kv_cache_size_tokens'],
      ['kvCacheMaxConcurrency', 'kv_cache_max_concurrency'],
      ['gpuMemoryUtilization', 'gpu_memory_utilization'],
      ['cacheDtype', 'cache_dtype'],
      ['enablePrefixCaching', 'enable_prefix_caching'],
    ] as const
  ).map(([field, label]) => [label.length, { field, name: encoder.encode(label) }]),
);

type Texts = { -readonly [field in keyof CacheConfig]?: string };

/**
 * Reads `vllm:cache_config_info`, whose labels are its content. Ranks share one configuration: a later series only
 * fills in what the earlier ones left out.
 */
export class CacheConfigReader {
  config: CacheConfig | undefined;
  private readonly value: Slice = { start: 0, end: 0 };
  private texts: Texts = {};

  clear(): void {
    this.config = undefined;
    this.texts = {};
  }

  /** Reads from just after `{` to just after `}`; that position, or -1 if the block is malformed. */
  read(bytes: Uint8Array, start: number): number {
    let at = skipBlanks(bytes, start);
    while (bytes[at] !== CLOSE_BRACE) {
      const nameEnd = readLabelName(bytes, at);
      const wanted = WANTED.get(nameEnd - at);
      const next = nameEnd === at ? -1 : readLabelValue(bytes, nameEnd, this.value);
      if (next < 0) return -1;
      if (wanted !== undefined && sameBytes(wanted.name, 0, wanted.name.length, bytes, at, nameEnd)) {
        this.keep(bytes, wanted.field);
      }
      at = next;
    }
    this.config = configOf(this.texts);
    return at + 1;
  }

  /** Python prints what is not set as `None`. */
  private keep(bytes: Uint8Array, field: keyof CacheConfig): void {
    const { start, end } = this.value;
    if (end - start > LONGEST_LABEL_VALUE || this.texts[field] !== undefined) return;
    const told = labelText(bytes, start, end);
    if (told !== 'None' && told !== '') this.texts[field] = told;
  }
}

function configOf(texts: Readonly<Texts>): CacheConfig {
  return {
    blockSize: numeric(texts.blockSize),
    numGpuBlocks: numeric(texts.numGpuBlocks),
    kvCacheSizeTokens: numeric(texts.kvCacheSizeTokens),
    kvCacheMaxConcurrency: numeric(texts.kvCacheMaxConcurrency),
    gpuMemoryUtilization: numeric(texts.gpuMemoryUtilization),
    cacheDtype: texts.cacheDtype,
    enablePrefixCaching: truth(texts.enablePrefixCaching),
  };
}

function numeric(told: string | undefined): number | undefined {
  if (told === undefined) return undefined;
  const parsed = Number(told);
  return Number.isFinite(parsed) && parsed >= 0 ? parsed : undefined;
}

function truth(told: string | undefined): boolean | undefined {
  if (told === 'True') return true;
  return told === 'False' ? false : undefined;
}
