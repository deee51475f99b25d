import { PrefixBlocks } from './prefix-blocks.ts';
import type { RequestState } from './request.ts';

/**
 * The pool of KV-cache blocks of one engine. vLLM keeps one block back (the null block), so usage counts
 * against `numGpuBlocks - 1`, as pages from 0.10.2 on show. With prefix caching, blocks that are cached but held by
 * nobody count as free.
 */
export class KvBlocks {
  readonly blockSize: number;
  readonly capacity: number;
  readonly #prefixes: PrefixBlocks | undefined;
  #used = 0;

  constructor(numGpuBlocks: number, blockSize: number, prefixCaching: boolean) {
    this.blockSize = blockSize;
    this.capacity = Math.max(0, numGpuBlocks - 1);
    this.#prefixes = prefixCaching ? new PrefixBlocks(this.capacity, blockSize) : undefined;
  }

  get used(): number {
    return this.#used;
  }

  /** Share of the pool held by live requests, 0..1. */
  get usage(): number {
    return this.capacity === 0 ? 0 : this.#used / this.capacity;
  }

  /**
   * Takes a sequence in that holds nothing, if all its tokens have room (`--scheduler-reserve-full-isl`, vLLM's
   * default since 0.20): it gets the blocks of its cached prefix.
   * @returns tokens of that prefix, `undefined` when the pool is too small
   */
  admit(state: RequestState): number | undefined {
    const free = this.capacity - this.#used;
    const blocks = this.#blocksFor(state.tokens);
    if (this.#prefixes === undefined) return blocks <= free ? 0 : undefined;
    const matching = this.#prefixes.matching(state);
    const revived = this.#prefixes.freeAmong(state, matching);
    if (blocks - matching + revived > free) return undefined;
    this.#prefixes.share(state, matching);
    this.#used += revived;
    state.heldBlocks = matching;
    return matching * this.blockSize;
  }

  /** Gives a sequence room for its first `tokens` tokens. @returns false, with nothing taken, if the pool is too small */
  grow(state: RequestState, tokens: number): boolean {
    const missing = tokens - state.heldBlocks * this.blockSize;
    if (missing < 0) return true;
    if (missing > 0) {
      const extra = this.#blocksFor(missing);
      if (this.#used + extra > this.capacity) return false;
      this.#used += extra;
      state.heldBlocks += extra;
      this.#prefixes?.take(state, extra);
    }
    this.#prefixes?.cacheFull(state, tokens);
    return true;
  }

  release(state: RequestState): void {
    this.#used -= this.#prefixes?.release(state) ?? state.heldBlocks;
    state.heldBlocks = 0;
  }

  /** A leak: so many blocks, or all that are free, are held by nobody from now on and never come back. */
  keep(blocks: number): void {
    this.#used = Math.min(this.capacity, this.#used + blocks);
  }

  #blocksFor(tokens: number): number {
    return Math.ceil(tokens / this.blockSize);
  }
}
