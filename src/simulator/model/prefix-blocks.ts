import { BlockTable } from './block-table.ts';
import type { RequestState } from './request.ts';

/**
 * Which KV block holds what, for prefix caching as in vLLM (v1/core/block_pool.py, kv_cache_utils.py): full blocks
 * are known by the hash of all tokens up to their end, as soon as they are scheduled; a block that nobody holds stays
 * cached until it is needed, and the one that has been free for longest is overwritten first. Of the blocks of one
 * sequence, the last ones go first.
 *
 * Unlike vLLM it keeps only one block a hash: a second one, computed beside the first, is not cached.
 */
export class PrefixBlocks {
  readonly #blockSize: number;
  /** All cached blocks, held or free. */
  readonly #cached: BlockTable;
  readonly #holders: Uint32Array;
  /** Free blocks as a ring through one more entry, its head; next = freed later. */
  readonly #next: Int32Array;
  readonly #previous: Int32Array;

  constructor(capacity: number, blockSize: number) {
    this.#blockSize = blockSize;
    this.#cached = new BlockTable(capacity);
    this.#holders = new Uint32Array(capacity);
    this.#next = Int32Array.from({ length: capacity + 1 }, (_, index) => (index + 1) % (capacity + 1));
    this.#previous = Int32Array.from(
      { length: capacity + 1 },
      (_, index) => (index + capacity) % (capacity + 1),
    );
  }

  /**
   * Blocks of the longest cached prefix of a sequence. At least its last token is always computed, so a prompt that
   * is cached whole misses its last block (`KVCacheManager.get_computed_blocks`).
   */
  matching(state: RequestState): number {
    const most = Math.floor((state.tokens - 1) / this.#blockSize);
    let count = 0;
    while (count < most && this.#find(state, count) >= 0) count += 1;
    return count;
  }

  /** How many of the first `count` cached blocks of a sequence nobody holds now. */
  freeAmong(state: RequestState, count: number): number {
    let free = 0;
    for (let index = 0; index < count; index += 1) {
      if (this.#holders[this.#find(state, index)] === 0) free += 1;
    }
    return free;
  }

  /** Lets a sequence hold the first `count` blocks of its prefix, all cached. */
  share(state: RequestState, count: number): void {
    for (let index = 0; index < count; index += 1) {
      const block = this.#find(state, index);
      if (block < 0) throw new RangeError(`block ${index} of ${state.request.id} is not cached`);
      if (this.#holders[block] === 0) this.#unlink(block);
      this.#hold(state, block);
    }
    state.cachedBlocks = count;
  }

  /** Lets a sequence hold the `count` blocks that have been free for longest; what they held is forgotten. */
  take(state: RequestState, count: number): void {
    for (let taken = 0; taken < count; taken += 1) {
      const block = this.#at(this.#next, this.#head);
      this.#unlink(block);
      this.#cached.remove(block);
      this.#hold(state, block);
    }
  }

  /** Makes the blocks of a sequence that are full with its first `tokens` tokens known to others. */
  cacheFull(state: RequestState, tokens: number): void {
    const full = Math.floor(tokens / this.#blockSize);
    for (let index = state.cachedBlocks; index < full; index += 1) {
      const block = state.blocks[index];
      if (block === undefined || this.#find(state, index) >= 0) continue;
      const owner = this.#ownerOf(state, index);
      this.#cached.add(block, owner, this.#placeOf(state, index, owner));
    }
    state.cachedBlocks = Math.max(state.cachedBlocks, full);
  }

  /** @returns how many of its blocks nobody else holds */
  release(state: RequestState): number {
    let freed = 0;
    for (let block = state.blocks.pop(); block !== undefined; block = state.blocks.pop()) {
      const holders = (this.#holders[block] ?? 0) - 1;
      this.#holders[block] = holders;
      if (holders > 0) continue;
      this.#linkLast(block);
      freed += 1;
    }
    state.cachedBlocks = 0;
    return freed;
  }

  get #head(): number {
    return this.#holders.length;
  }

  #hold(state: RequestState, block: number): void {
    this.#holders[block] = (this.#holders[block] ?? 0) + 1;
    state.blocks.push(block);
  }

  /** @returns the cached block with what the sequence has in its `index`-th one, or -1 */
  #find(state: RequestState, index: number): number {
    const owner = this.#ownerOf(state, index);
    return this.#cached.find(owner, this.#placeOf(state, index, owner));
  }

  /** Blocks of the prompt's shared prefix belong to its ids, all others to their request alone. */
  #ownerOf(state: RequestState, index: number): number {
    const { prefix, promptTokens } = state.request;
    const own = -1 - state.serial;
    if (prefix === undefined || (index + 1) * this.#blockSize > promptTokens) return own;
    return prefix.ids[Math.floor((index * this.#blockSize) / prefix.tokensPerId)] ?? own;
  }

  #placeOf({ request: { prefix } }: RequestState, index: number, owner: number): number {
    return prefix === undefined || owner < 0 ? index : index % (prefix.tokensPerId / this.#blockSize);
  }

  #unlink(block: number): void {
    const before = this.#at(this.#previous, block);
    const after = this.#at(this.#next, block);
    this.#next[before] = after;
    this.#previous[after] = before;
  }

  #linkLast(block: number): void {
    const last = this.#at(this.#previous, this.#head);
    this.#next[last] = block;
    this.#previous[block] = last;
    this.#next[block] = this.#head;
    this.#previous[this.#head] = block;
  }

  #at(list: Int32Array, index: number): number {
    return list[index] ?? -1;
  }
}
