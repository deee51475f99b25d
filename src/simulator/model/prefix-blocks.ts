import type { RequestState } from './request.ts';

const NONE = -1;

/** Keys that only one request has are below 0; so many blocks may it have. */
const OWN_KEYS = 2 ** 22;

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
  /** The cached block of each key, held or free. */
  readonly #cached = new Map<number, number>();
  readonly #keys: Float64Array;
  readonly #holders: Uint32Array;
  /** Free blocks as a ring through one more entry, its head; next = freed later. */
  readonly #next: Int32Array;
  readonly #previous: Int32Array;

  constructor(capacity: number, blockSize: number) {
    this.#blockSize = blockSize;
    this.#keys = new Float64Array(capacity).fill(NaN);
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
    while (count < most && this.#cached.has(this.#keyOf(state, count))) count += 1;
    return count;
  }

  /** How many of the first `count` cached blocks of a sequence nobody holds now. */
  freeAmong(state: RequestState, count: number): number {
    let free = 0;
    for (let index = 0; index < count; index += 1) {
      const block = this.#cached.get(this.#keyOf(state, index));
      if (block !== undefined && this.#holders[block] === 0) free += 1;
    }
    return free;
  }

  /** Lets a sequence hold the first `count` blocks of its prefix, all cached. */
  share(state: RequestState, count: number): void {
    for (let index = 0; index < count; index += 1) {
      const block = this.#cached.get(this.#keyOf(state, index));
      if (block === undefined) throw new RangeError(`block ${index} of ${state.request.id} is not cached`);
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
      const key = this.#keys[block] ?? NaN;
      if (!Number.isNaN(key)) {
        this.#cached.delete(key);
        this.#keys[block] = NaN;
      }
      this.#hold(state, block);
    }
  }

  /** Makes the blocks of a sequence that are full with its first `tokens` tokens known to others. */
  cacheFull(state: RequestState, tokens: number): void {
    const full = Math.floor(tokens / this.#blockSize);
    for (let index = state.cachedBlocks; index < full; index += 1) {
      const block = state.blocks[index];
      const key = this.#keyOf(state, index);
      if (block === undefined || this.#cached.has(key)) continue;
      this.#cached.set(key, block);
      this.#keys[block] = key;
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

  /** Blocks of the prompt's shared prefix have the keys of that prefix, all others keys of their own. */
  #keyOf({ request: { prefix, promptTokens }, serial }: RequestState, index: number): number {
    const start = index * this.#blockSize;
    if (prefix !== undefined && start + this.#blockSize <= promptTokens) {
      const perId = prefix.tokensPerId / this.#blockSize;
      const id = prefix.ids[Math.floor(index / perId)];
      if (id !== undefined) return id * perId + (index % perId);
    }
    return -(serial * OWN_KEYS + index + 1);
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
    return list[index] ?? NONE;
  }
}
