const NONE = -1;

/**
 * Which block holds which content: a hash table over typed arrays, chained through the blocks themselves, since each
 * has at most one content. (A `Map` costs several times as much, and long prompts have a thousand blocks.)
 *
 * A content is named by two 32-bit integers, what it belongs to and its place there.
 */
export class BlockTable {
  readonly #heads: Int32Array;
  /** The next block of the same bucket. */
  readonly #next: Int32Array;
  readonly #owners: Int32Array;
  readonly #places: Int32Array;
  readonly #known: Uint8Array;
  readonly #shift: number;

  constructor(blocks: number) {
    const bits = Math.max(1, Math.ceil(Math.log2(blocks + 1)) + 1);
    this.#shift = 32 - bits;
    this.#heads = new Int32Array(2 ** bits).fill(NONE);
    this.#next = new Int32Array(blocks).fill(NONE);
    this.#owners = new Int32Array(blocks);
    this.#places = new Int32Array(blocks);
    this.#known = new Uint8Array(blocks);
  }

  /** @returns the block with that content, or -1 */
  find(owner: number, place: number): number {
    let block = this.#heads[this.#bucket(owner, place)] ?? NONE;
    while (block !== NONE && (this.#owners[block] !== owner || this.#places[block] !== place))
      block = this.#next[block] ?? NONE;
    return block;
  }

  /** `block` must have no content yet, nor any other block this one. */
  add(block: number, owner: number, place: number): void {
    const bucket = this.#bucket(owner, place);
    this.#owners[block] = owner;
    this.#places[block] = place;
    this.#known[block] = 1;
    this.#next[block] = this.#heads[bucket] ?? NONE;
    this.#heads[bucket] = block;
  }

  /** Forgets what `block` holds, if anything. */
  remove(block: number): void {
    if (this.#known[block] !== 1) return;
    this.#known[block] = 0;
    const after = this.#next[block] ?? NONE;
    const bucket = this.#bucket(this.#owners[block] ?? 0, this.#places[block] ?? 0);
    let at = this.#heads[bucket] ?? NONE;
    if (at === block) {
      this.#heads[bucket] = after;
      return;
    }
    while (at !== NONE && this.#next[at] !== block) at = this.#next[at] ?? NONE;
    if (at !== NONE) this.#next[at] = after;
  }

  /** Multiplicative hashing: the upper bits are the well mixed ones. */
  #bucket(owner: number, place: number): number {
    return Math.imul(Math.imul(owner, 0x9e3779b1) + place, 0x85ebca77) >>> this.#shift;
  }
}
